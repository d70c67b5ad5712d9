"""What a command line changes in the studies that it names."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweepbook.study.option import Option
from sweepbook.study.study import is_gpu_share


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a command line changes in the studies that it names; None: as declared."""

    data: str | None = None
    replicates: int | None = None
    seed: int | None = None
    epochs: int | None = None  # the fidelity setting of every trial
    scale: float | None = None  # factor of every trial's fidelity
    gpus: float | None = None  # that one trial occupies
    trials: int | None = None  # of each cell of a search
    scheduler: bool = True  # False: every trial is trained to its end
    settings: Mapping[str, Any] = field(default_factory=dict)
    # settings for which studies declare an option
    optional: Mapping[str, Any] = field(default_factory=dict)
    everywhere: bool = True  # every study must take what is given, else those without stay

    @property
    def extending(self) -> "Options":
        """Those of them that make a recorded study longer: it takes no others."""
        return Options(
            replicates=self.replicates, epochs=self.epochs, scale=self.scale, trials=self.trials
        )

    def __post_init__(self) -> None:
        for name, low in (("replicates", 1), ("seed", 0), ("epochs", 1), ("trials", 1)):
            value = getattr(self, name)
            if value is not None and value < low:
                raise ValueError(f"--{name} must be at least {low}, got {value}")
        if self.scale is not None and not 0 < self.scale <= 1000:
            raise ValueError(f"--scale must lie in 0 .. 1000 (exclusive 0), got {self.scale}")
        if self.scale is not None and self.epochs is not None:
            raise ValueError("give --epochs or --scale, not both")
        if self.gpus is not None and not is_gpu_share(self.gpus):
            raise ValueError(
                "--gpus-per-trial must be a share of one GPU, 0 .. 1, or a whole number, "
                f"got {self.gpus}"
            )


def value_of(option: Option, text: str) -> Any:
    """Returns the setting that a study's own option has for this text; a flag's is True.

    Raises:
        ValueError: there is no such file.
    """
    if option.kind == "flag":
        return True
    path = Path(text).expanduser()
    if option.kind == "text" or not (path.suffix or len(path.parts) > 1):
        return text
    if not path.is_file():
        raise ValueError(f"{option.flag}: no file {text!r}")
    return str(path.resolve())


def setting(text: str) -> tuple[str, Any]:
    """Returns KEY and VALUE of KEY=VALUE; what is not JSON is text.

    Raises:
        ValueError: the text has no key or no equals sign.
    """
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ValueError(f"--set takes KEY=VALUE, got {text!r}")
    try:
        return key, json.loads({"True": "true", "False": "false"}.get(value, value))
    except json.JSONDecodeError:
        return key, value
