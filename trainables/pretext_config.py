"""The settings of the rotation pretraining."""

from dataclasses import dataclass

from trainables.settings import check_data, check_device, check_flag, check_range
from trainables.vision_config import EMBEDDED, own_size

SIZE = 64  # pixels of an image's side: two minutes on two cores are to be enough


@dataclass(frozen=True, kw_only=True)
class PretextConfig:
    """Settings of the pretraining; every one has a default.

    Raises:
        ValueError: at construction, naming the setting, its value and the allowed range.
    """

    evals: int = 5  # reports, >= 1
    steps_per_eval: int = 50  # optimizer steps, >= 1: the cost does not depend on the data's size
    n_images: int = 8  # per step, each in its four turns, >= 1
    lr: float = 0.001  # Adam's step size, > 0
    size: int | None = None  # of the images' sides in pixels; None: 64
    seed: int = 0  # 0 .. 2**63 - 1
    data: str = EMBEDDED  # or a folder, of which only train/ is learnt from
    skip_corrupt: bool = False
    device: str = "cpu"

    def __post_init__(self) -> None:
        check_range("evals", self.evals, 1, 10**6)
        check_range("steps_per_eval", self.steps_per_eval, 1, 10**6)
        check_range("n_images", self.n_images, 1, 2**20)
        check_range("lr", self.lr, 1e-12, 1e3)
        check_range("seed", self.seed, 0, 2**63 - 1)
        check_data(self.data)
        check_flag("skip_corrupt", self.skip_corrupt)
        check_device(self.device)
        object.__setattr__(self, "size", own_size(self.size, self.data, SIZE))
