"""What a command line changes in the studies that it names."""

import ast
import contextlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweepbook.plan.values import plain_value
from sweepbook.study.option import Option
from sweepbook.study.study import is_gpu_share


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a command line changes in the studies that it names.

    Example:
        >>> options = Options(epochs=5, replicates=3, settings={"width": 64})

    Args:
        data: folder of the data. None: the study's own data.
        replicates: seeds per trial, >= 1. None, here and below: as the study declares.
        seed: seed of the study, >= 0.
        epochs: length of every trial in the study's unit, >= 1.
        scale: factor for the length of every trial, more than 0 and at most 1000. Only one of
            epochs and scale may be given.
        gpus: GPUs per trial: a share from 0 to 1, or a whole number.
        trials: configs to try in each cell of a search, >= 1.
        scheduler: False trains every trial to its end.
        fuse: whether trials that differ in a few settings alone share a stack.
        settings: settings for every trial.
        optional: settings for which the studies declare an `Option`.
        everywhere: True if every study must accept all of this; False skips the studies that
            cannot read `data`, and sets settings only where a study has them.

    Raises:
        ValueError: when it is made, naming the option and its value.
    """

    data: str | None = None
    replicates: int | None = None
    seed: int | None = None
    epochs: int | None = None  # the fidelity setting of every trial
    scale: float | None = None  # factor of every trial's fidelity
    gpus: float | None = None  # that one trial occupies
    trials: int | None = None  # of each cell of a search
    scheduler: bool = True  # False: every trial is trained to its end
    fuse: bool | None = None
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
        settings = {key: plain_value(v, f"--set {key}") for key, v in self.settings.items()}
        object.__setattr__(self, "settings", settings)
        for name, low in (("replicates", 1), ("seed", 0), ("epochs", 1), ("trials", 1)):
            value = getattr(self, name)
            if value is not None and value < low:
                raise ValueError(f"--{name} must be at least {low}, got {value}")
        if self.scale is not None and not 0 < self.scale <= 1000:
            raise ValueError(f"--scale must be more than 0 and at most 1000, got {self.scale}")
        if self.scale is not None and self.epochs is not None:
            raise ValueError("give --epochs or --scale, not both")
        if self.gpus is not None and not is_gpu_share(self.gpus):
            raise ValueError(
                "--gpus-per-trial must be a share of one GPU from 0 to 1, or a whole number, "
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
        raise ValueError(f"{option.flag}: there is no file {text!r}")
    return str(path.resolve())


def setting(text: str) -> tuple[str, Any]:
    """Returns KEY and VALUE of KEY=VALUE.

    VALUE is JSON or a literal of Python, so that quotes make a text; anything else is a text.

    Raises:
        ValueError: the text has no key or no equals sign; a value that looks like a number, a
            list, a dict or a quoted text and is none.
    """
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ValueError(f"--set must be KEY=VALUE, got {text!r}")
    return key, _read(key, value.strip(), value)


def _read(key: str, value: str, otherwise: str) -> Any:
    """What a text says as JSON, as a literal of Python, or else itself."""
    if _NOT_FINITE.fullmatch(value):
        return float(value)
    for read in (json.loads, ast.literal_eval):
        with contextlib.suppress(ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            found = read(value)
            is_too_large = isinstance(found, float) and math.isinf(found)  # 1e999
            if not is_too_large and (not isinstance(found, tuple) or value.startswith("(")):
                return found
    if _BROKEN.match(value) and not _DATE.fullmatch(value):
        raise ValueError(
            f"--set {key}: {value!r:.60} looks like a number, a list, a dict or a quoted text, "
            'but cannot be read as one: write 0.5, [1, 2] or {"a": 1}; for a text, quote it '
            f"twice, '{key}=\"...\"'"
        )
    return otherwise


_BROKEN = re.compile(r"[-+.]*\d[-+.,_\d\seE%/*^]*$|[\[{('\"]")  # as 1,5 and 010; a bracket
_NOT_FINITE = re.compile(r"[-+]?(nan|inf|infinity)", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d(-\d\d)?")
