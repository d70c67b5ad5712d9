"""The settings of an MLP trial, with the rules that they must satisfy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from trainables.settings import (
    as_settings,
    check_choice,
    check_data,
    check_device,
    check_flag,
    check_range,
)

Encoding = Literal["raw", "sines"]
Init = Literal["default", "he", "he2", "orthogonal"]
Leak = Literal["kept", "removed"]


@dataclass(frozen=True, kw_only=True)
class MLPConfig:
    """Settings of one MLP trial; every one has a default.

    Raises:
        ValueError: at construction, naming the setting, its value and the allowed range.
    """

    depth: int = 6  # hidden layers (a net of depth 6 has 7 linear layers), 1..1000
    width: int = 16  # neurons of each hidden layer, 1..4096
    batch_norm: bool = False  # after each hidden linear layer, before ReLU
    lr: float = 0.001  # Adam's step size, > 0
    batch_size: int = 256  # rows per optimizer step, >= 1 (>= 2 with batch norm)
    epochs: int = 50  # passes over the training split, >= 1
    encoding: Encoding = (
        "raw"  # long, lat as they are, or sin(a x) for a in 0.1 .. 1.0 (20 inputs)
    )
    weight_decay: float = 0.0  # Adam's L2 penalty, >= 0
    optimizer: Literal["adam"] = "adam"
    init: Init = "default"  # of the weights: PyTorch's, He normal, twice its sd, orthogonal
    residual: bool = False  # h + block(h) where a block keeps the width
    clip_norm: float = 0.0  # largest gradient norm of one model; 0: no clipping
    replicates: int = 5  # models trained together, 1..256
    first_replicate: int = 0  # number of the first of them, 0 .. 2**31
    seed: int = 0  # study seed, 0 .. 2**63 - 1
    data: str = "embedded"  # or the folder of train/validation/test.csv
    device: str = "cpu"  # or "cuda", "cuda:0", ...
    dtype: Literal["float32", "float64"] = "float32"
    compile: bool = False  # torch.compile the step: pays in long trials only
    batch_losses: bool = False  # also yield the training loss of every batch
    track_gradients: bool = False  # also yield each linear layer's squared gradient norm
    time_single: bool = False  # also time an epoch of one model on its own, in seconds
    # rows of the training split that each replicate draws and trains on; None: all of them
    train_rows: int | None = field(default=None, metadata={"added_later": True})

    def __post_init__(self) -> None:
        for name, low, high in _RANGES:
            check_range(name, getattr(self, name), low, high)
        for name, allowed in _CHOICES.items():
            check_choice(name, getattr(self, name), allowed)
        for name in _FLAGS:
            check_flag(name, getattr(self, name))
        if self.train_rows is not None:
            check_range("train_rows", self.train_rows, 1, 2**31)
        check_data(self.data)
        check_device(self.device)
        if self.batch_norm and self.batch_size < 2:
            raise ValueError(
                "batch_norm needs batch_size >= 2 (one row has no variance), got batch_size "
                f"{self.batch_size}: turn batch_norm off or take larger batches"
            )


@dataclass(frozen=True, kw_only=True)
class LeakConfig(MLPConfig):
    """Settings of an MLP trial, and whether it trains on places that the test asks about.

    A class of its own, because `leak` is part of the identity of each of its trials.
    """

    leak: Leak = "kept"  # or others for the training rows whose coordinates occur in test

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("leak", self.leak, get_args(Leak))


@dataclass(frozen=True, kw_only=True)
class CrossedConfig(MLPConfig):
    """Settings of one MLP whose three seeds are chosen one by one, so that they can be crossed.

    Each number picks a seed as the number of a replicate does: the nets of equal numbers share
    it. All replicates are the same net.
    """

    split: int = 0  # of the rows into train, validation and test, 0 .. 2**31
    weights: int = 0  # the initial ones, 0 .. 2**31
    order: int = 0  # of the training rows in each epoch, 0 .. 2**31

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("split", "weights", "order"):
            check_range(name, getattr(self, name), 0, 2**31)
        if self.data != "embedded" and self.split:
            raise ValueError(
                f"split must be 0 with the data of a folder, whose rows are split already, got "
                f"{self.split}: leave --data out to vary the split"
            )


def as_config(config: MLPConfig | Mapping[str, Any]) -> MLPConfig:
    """Returns the checked settings of a mapping; missing ones take their defaults.

    They are a LeakConfig where `leak` is one of them, a CrossedConfig where `weights` is.

    Raises:
        ValueError: for an unknown setting (with the nearest names) or one out of range.
    """
    given = config if isinstance(config, Mapping) else {}
    kind = LeakConfig if "leak" in given else CrossedConfig if "weights" in given else MLPConfig
    return as_settings(kind, config)


_RANGES: tuple[tuple[str, float, float], ...] = (
    ("depth", 1, 1000),
    ("width", 1, 4096),
    ("lr", 1e-12, 1e3),
    ("batch_size", 1, 2**31),
    ("epochs", 1, 10**6),
    ("weight_decay", 0.0, 1e3),
    ("clip_norm", 0.0, 1e9),
    ("replicates", 1, 256),
    ("first_replicate", 0, 2**31),
    ("seed", 0, 2**63 - 1),
)
_CHOICES = {
    "encoding": get_args(Encoding),
    "init": get_args(Init),
    "optimizer": ("adam",),
    "dtype": ("float32", "float64"),
}
_FLAGS = (
    "batch_norm",
    "residual",
    "compile",
    "batch_losses",
    "track_gradients",
    "time_single",
)
