"""The settings of the image trials, with the rules that they must satisfy."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from trainables.nets.weights import SOURCES, named_source
from trainables.settings import (
    as_settings,
    check_choice,
    check_data,
    check_device,
    check_flag,
    check_range,
)

Mode = Literal["scratch", "probe", "finetune"]
Augment = Literal["none", "flip", "crop", "flip+crop"]
Model = Literal[
    "resnet18-scratch", "resnet18-probe", "resnet18-finetune", "logistic-probe", "xgboost"
]
EMBEDDED = "embedded"
FOLDER_SIZE = 224  # pixels: what ResNet-18 was made for, and the exercise's
EMBEDDED_SIZE = 64  # of the embedded images
N_PARTS = 5  # of ResNet-18's body: the stem and four layers


@dataclass(frozen=True, kw_only=True)
class ResNetConfig:
    """Settings of one ResNet-18; every one has a default.

    Raises:
        ValueError: at construction, naming the setting, its value and the allowed range; for a
            file of weights that does not fit as well.
    """

    mode: Mode = "finetune"  # all new, the last layer on a frozen body, or all from `weights`
    weights: str | None = "imagenet"  # of the body: "imagenet", "pretext" or a file; scratch: None
    lr: float = 0.001  # Adam's step size, > 0
    weight_decay: float = 0.0  # Adam's L2 penalty, >= 0
    augment: Augment = "none"  # random mirror images, random shifts by up to an eighth, or both
    frozen_depth: int = 0  # finetune: parts of the body that stay as they are, 0..5; probe: 5
    batch_size: int = 32  # images per optimizer step, >= 1
    epochs: int = 1  # passes over the training split, >= 1
    evals_per_epoch: int = 4  # reports within each epoch, 1 .. its number of steps
    size: int | None = None  # of the images' sides in pixels; None: 224, the embedded ones' own 64
    cache_features: bool = True  # probe without augmentation: the body once per machine
    seed: int = 0  # 0 .. 2**63 - 1
    data: str = EMBEDDED  # or a folder DIR/{train,val,test}/{fake,real}
    skip_corrupt: bool = False  # leave out files that are damaged or not RGB
    device: str = "cpu"  # or "cuda", "cuda:0", ...

    def __post_init__(self) -> None:
        check_choice("mode", self.mode, get_args(Mode))
        check_choice("augment", self.augment, get_args(Augment))
        check_range("lr", self.lr, 1e-12, 1e3)
        check_range("weight_decay", self.weight_decay, 0.0, 1e3)
        check_range("frozen_depth", self.frozen_depth, 0, N_PARTS)
        check_range("batch_size", self.batch_size, 1, 2**31)
        check_range("epochs", self.epochs, 1, 10**6)
        check_range("evals_per_epoch", self.evals_per_epoch, 1, 10**6)
        check_flag("cache_features", self.cache_features)
        check_device(self.device)
        _check_shared(self.seed, self.data, self.skip_corrupt)
        object.__setattr__(self, "size", own_size(self.size, self.data))
        if self.mode == "scratch":
            object.__setattr__(self, "weights", None)
        else:
            object.__setattr__(self, "weights", _named_weights(self.weights))
        if self.mode != "finetune":
            n_frozen = N_PARTS if self.mode == "probe" else 0
            object.__setattr__(self, "frozen_depth", n_frozen)


@dataclass(frozen=True, kw_only=True)
class ProbeConfig:
    """Settings of scikit-learn's LogisticRegression on the frozen body's features."""

    weights: str | None = "imagenet"  # of the body: "imagenet", "pretext" or a file
    max_iter: int = 10_000  # of its solver; 1: stopped at once, as published
    size: int | None = None  # as of ResNetConfig
    seed: int = 0  # changes nothing: every seed gives the same model
    data: str = EMBEDDED
    skip_corrupt: bool = False
    device: str = "cpu"  # of the body

    def __post_init__(self) -> None:
        check_range("max_iter", self.max_iter, 1, 10**6)
        check_device(self.device)
        object.__setattr__(self, "weights", _named_weights(self.weights))
        _check_shared(self.seed, self.data, self.skip_corrupt)
        object.__setattr__(self, "size", own_size(self.size, self.data))


@dataclass(frozen=True, kw_only=True)
class BoostingConfig:
    """Settings of XGBoost on pixels: of a folder Resize(224) + CenterCrop(64)."""

    rounds: int = 100  # trees, >= 1
    # rounds without a lower val_loss after which to stop; the model is that of the last round
    early_stopping: int | None = None
    max_depth: int = 6  # of a tree, 1..30
    eta: float = 0.3  # step size, above 0, at most 1
    seed: int = 0  # changes nothing: every seed gives the same model
    data: str = EMBEDDED
    skip_corrupt: bool = False

    def __post_init__(self) -> None:
        check_range("rounds", self.rounds, 1, 10**6)
        if self.early_stopping is not None:
            check_range("early_stopping", self.early_stopping, 1, 10**6)
        check_range("max_depth", self.max_depth, 1, 30)
        check_range("eta", self.eta, 1e-12, 1.0)
        _check_shared(self.seed, self.data, self.skip_corrupt)


@dataclass(frozen=True, kw_only=True)
class VisionConfig:
    """Settings of any of the models: `model` says which, None asks for the model's own default.

    A setting that the model does not have becomes None (`epochs`, which a study counts by, 1,
    and `device` "cpu"), so that configs are equal where their trainings are. What each setting
    means stands at ResNetConfig, ProbeConfig and BoostingConfig.
    """

    model: Model = "resnet18-finetune"
    weights: str | None = None
    lr: float | None = None
    weight_decay: float | None = None
    augment: str | None = None
    frozen_depth: int | None = None
    batch_size: int | None = None
    epochs: int = 1
    evals_per_epoch: int | None = None
    max_iter: int | None = None
    rounds: int | None = None
    early_stopping: int | None = None
    size: int | None = None
    seed: int = 0
    data: str = EMBEDDED
    skip_corrupt: bool = False
    device: str = "cpu"

    def __post_init__(self) -> None:
        check_choice("model", self.model, get_args(Model))
        check_device(self.device)
        if self.weights is not None:
            _named_weights(self.weights)  # of models without weights as well
        own = asdict(self.own())
        for name in (field.name for field in fields(self)):
            if name != "model":
                object.__setattr__(self, name, own.get(name, _WITHOUT.get(name)))

    def own(self) -> ResNetConfig | ProbeConfig | BoostingConfig:
        """The settings of the model itself."""
        kind = _KINDS[self.model]
        known = {field.name for field in fields(kind)}
        given = {k: v for k, v in asdict(self).items() if k in known and v is not None}
        if kind is ResNetConfig:
            given["mode"] = self.model.removeprefix("resnet18-")
        return kind(**given)


def as_config(config: VisionConfig | Mapping[str, Any]) -> VisionConfig:
    """Returns the checked settings of a mapping; see `as_settings`."""
    return as_settings(VisionConfig, config)


# Of a model that does not have the setting; the others are None.
_WITHOUT = {"epochs": 1, "device": "cpu"}
_KINDS: dict[str, type[ResNetConfig] | type[ProbeConfig] | type[BoostingConfig]] = {
    "resnet18-scratch": ResNetConfig,
    "resnet18-probe": ResNetConfig,
    "resnet18-finetune": ResNetConfig,
    "logistic-probe": ProbeConfig,
    "xgboost": BoostingConfig,
}


def _check_shared(seed: Any, data: Any, skip_corrupt: Any) -> None:
    check_range("seed", seed, 0, 2**63 - 1)
    check_data(data)
    check_flag("skip_corrupt", skip_corrupt)


def _named_weights(weights: Any) -> str:
    if not isinstance(weights, str) or not weights:
        names = " or ".join(repr(name) for name in SOURCES)
        raise ValueError(f"weights must be {names} or a file, got {weights!r}")
    return named_source(weights)


def own_size(size: int | None, data: str, usual: int = FOLDER_SIZE) -> int | None:
    """Returns the side that images are brought to; None for the embedded ones as they are.

    Args:
        size: as the user gave it; None: `usual`, and for the embedded ones their own.
    """
    if size is not None:
        check_range("size", size, 16, 4096)
    if data == EMBEDDED:
        return None if size == EMBEDDED_SIZE else size
    return size or usual
