"""The settings of an MLP trial, with the rules that they must satisfy."""

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

Encoding = Literal["raw", "sines"]
Init = Literal["default", "he", "he2", "orthogonal"]


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
    seed: int = 0  # study seed, 0 .. 2**63 - 1
    data: str = "embedded"  # or the folder of train/validation/test.csv
    device: str = "cpu"  # or "cuda", "cuda:0", ...
    dtype: Literal["float32", "float64"] = "float32"
    compile: bool = False  # torch.compile the step: pays in long trials only
    batch_losses: bool = False  # also yield the training loss of every batch
    track_gradients: bool = False  # also yield each linear layer's squared gradient norm
    time_single: bool = False  # also time an epoch of one model on its own, in seconds

    def __post_init__(self) -> None:
        for name, low, high in _RANGES:
            _check_range(name, getattr(self, name), low, high)
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"{name} must be one of {', '.join(allowed)}, got {getattr(self, name)!r}"
                )
        for name in _FLAGS:
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} must be true or false, got {getattr(self, name)!r}")
        if not isinstance(self.data, str) or not self.data:
            raise ValueError(f"data must be 'embedded' or a folder, got {self.data!r}")
        if not re.fullmatch(r"cpu|cuda(:\d+)?", str(self.device)):
            raise ValueError(f"device must be 'cpu', 'cuda' or 'cuda:N', got {self.device!r}")
        if self.batch_norm and self.batch_size < 2:
            raise ValueError(
                "batch_norm needs batch_size >= 2 (one row has no variance), got batch_size "
                f"{self.batch_size}: turn batch_norm off or take larger batches"
            )


def as_config(config: MLPConfig | Mapping[str, Any]) -> MLPConfig:
    """Returns the checked settings of a mapping; missing ones take their defaults.

    Raises:
        ValueError: for an unknown setting (with the nearest names) or one out of range.
    """
    if isinstance(config, MLPConfig):
        return config
    known = [field.name for field in fields(MLPConfig)]
    for key in config:
        if key not in known:
            near = difflib.get_close_matches(str(key), known) or known
            raise ValueError(f"unknown setting {key!r}: did you mean {', '.join(near)}?")
    return MLPConfig(**config)


def _check_range(name: str, value: Any, low: float, high: float) -> None:
    whole = isinstance(low, int)
    kind = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kind):
        raise ValueError(f"{name} must be {'a whole' if whole else 'a'} number, got {value!r}")
    if not (low <= value <= high and math.isfinite(value)):
        raise ValueError(f"{name} must lie in {low} .. {high}, got {value!r}")


_RANGES: tuple[tuple[str, float, float], ...] = (
    ("depth", 1, 1000),
    ("width", 1, 4096),
    ("lr", 1e-12, 1e3),
    ("batch_size", 1, 2**31),
    ("epochs", 1, 10**6),
    ("weight_decay", 0.0, 1e3),
    ("clip_norm", 0.0, 1e9),
    ("replicates", 1, 256),
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
