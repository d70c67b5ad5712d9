"""A program that trains one replicate, as a frozen, checked value."""

import math
import os
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sweepbook.study.errors import is_own
from sweepbook.study.fields import check_fields
from sweepbook.study.forms.words import checked_words, names_in

_FORMS = ("json", "pairs")
_CHOICES = {
    "settings": ("arguments", "environment", "json", "yaml"),
    "stream": ("stdout", "stderr"),
}
_FILES = ("json", "yaml")


@dataclass(frozen=True)
class Program:
    """A command that trains one replicate and prints its metrics, one line per step.

    Each replicate runs the command in a process of its own. A line of its output that holds the
    study's metric is a step; all other output is only kept in the trial's log.

    Example:
        >>> Program("python train.py --lr {lr} --seed {seed}").words
        ('python', 'train.py', '--lr', '{lr}', '--seed', '{seed}')

    Args:
        command: the command line, split into words as a shell does but run without one, or a list
            of words. {name} stands for the value of a setting; {seed} and {replicate} for the
            replicate's seed and number; {checkpoint_dir} for a folder that a resume brings back;
            {config_file} for a file with the settings; {options} for a word --name=value for each
            setting that has no placeholder. A brace of its own is written {{ or }}. `python` is
            the Python that runs Sweepbook.
        metrics: "json" reads lines that are a JSON object, "pairs" reads key=value or key: value
            with numbers, anything else is a regular expression with a named group per metric.
        settings: "arguments" gives the settings by placeholders alone, "environment" also as
            environment variables, "json" and "yaml" also as the file that {config_file} names.
        stream: "stdout" or "stderr": where the metrics are printed.
        timeout_s: seconds that the program of one replicate may take; None: no limit. (A limit
            for a single step is the study's `hang_s`.)
        folder: where it is run. A relative one counts from the folder of the file that makes
            this value (in a notebook, from the current folder). None: that folder.

    Raises:
        ValueError: when it is made, naming the field and its value.
    """

    command: str | Sequence[str]
    metrics: str = "json"
    settings: Literal["arguments", "environment", "json", "yaml"] = "arguments"
    stream: Literal["stdout", "stderr"] = "stdout"
    timeout_s: float | None = None
    folder: str | None = None

    def __post_init__(self) -> None:
        check_fields(self, "a program")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"{name} of a program must be one of {', '.join(map(repr, choices))}, got "
                    f"{getattr(self, name)!r}"
                )
        if self.timeout_s is not None and not 0 < self.timeout_s < math.inf:
            raise ValueError(
                f"timeout_s of a program must be seconds > 0, or None, got {self.timeout_s}"
            )
        if not isinstance(self.command, str):
            object.__setattr__(self, "command", tuple(self.command))
        checked_words(self.command)
        _check_metrics(self.metrics)
        self._check_file()
        base = _folder_of_caller()
        object.__setattr__(self, "folder", os.path.abspath(os.path.join(base, self.folder or "")))

    def _check_file(self) -> None:
        """Checks that a file with the settings is made where it is named, and named where made."""
        is_named, is_made = "config_file" in self.placeholders, self.settings in _FILES
        if is_named and not is_made:
            raise ValueError(
                "the command of a program names {config_file}, but its settings are given as "
                f'{self.settings!r}: write settings="json" or settings="yaml"'
            )
        if is_made and not is_named:
            raise ValueError(
                f"settings of a program are {self.settings!r}, but its command never names the "
                "file: write {config_file} where it takes one, as in --config {config_file}"
            )

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the command, with their placeholders."""
        return checked_words(self.command)

    @property
    def placeholders(self) -> frozenset[str]:
        """The names in braces."""
        return frozenset(name for word in self.words for name in names_in(word))

    @property
    def takes_checkpoints(self) -> bool:
        """Whether its replicates can go on from a checkpoint."""
        return "checkpoint_dir" in self.placeholders

    @property
    def gives_everything(self) -> bool:
        """Whether each setting, and the seed, reaches the program without a placeholder."""
        return self.settings != "arguments"

    @property
    def text(self) -> str:
        """The command on one line."""
        if not isinstance(self.command, str):
            return shlex.join(self.command)
        return re.sub(r"\s*\n\s*", " ", self.command.strip())

    @property
    def place(self) -> Path:
        """The folder that it is run in."""
        return Path(self.folder or "")


def _check_metrics(metrics: str) -> None:
    if metrics in _FORMS:
        return
    try:
        groups = re.compile(metrics).groupindex
    except re.error as error:
        raise ValueError(
            f"metrics of a program, {metrics!r}, is no regular expression: {error}"
        ) from error
    if not groups:
        raise ValueError(
            "metrics of a program must be 'json', 'pairs', or a regular expression with a named "
            rf"group for each metric, such as 'loss (?P<val_loss>\S+)', got {metrics!r}"
        )


def _folder_of_caller() -> str:
    """The folder of the user's file that makes a program; else the current one."""
    caller = sys._getframe(3)  # behind __post_init__, and the __init__ that dataclass writes
    file: str | None = caller.f_globals.get("__file__")
    if file and is_own(file):
        return os.path.dirname(os.path.abspath(file))
    return os.getcwd()
