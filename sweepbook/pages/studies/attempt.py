"""A figure or section that fails stands in the report as a sentence, and never ends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from sweepbook.study.errors import told

T = TypeVar("T")


@dataclass(frozen=True)
class Failed:
    """A part of a report that an error kept from being made.

    Args:
        what: a figure's title, or which section of which study.
    """

    what: str
    error: BaseException
    is_figure: bool = False

    @property
    def sentence(self) -> str:
        """ "Not drawn: Accuracy: TypeError: ..."."""
        verb = "drawn" if self.is_figure else "made"
        return f"Not {verb}: {self.what}: {told(self.error)}"


@dataclass(frozen=True)
class Attempts:
    """What was tried of a report, and all that failed so far."""

    failed: list[Failed] = field(default_factory=list)

    def note(self, what: str, error: BaseException, *, is_figure: bool = False) -> str:
        """Takes note of an error; returns its kind and text in one line."""
        self.failed.append(Failed(what, error, is_figure))
        return told(error)

    def made(self, what: str, make: Callable[[], T], instead: T) -> T:
        """Returns what `make` returns; whatever it raises is noted, and `instead` stands there."""
        try:
            return make()
        except Exception as error:
            self.note(what, error)
            return instead

    @property
    def lines(self) -> list[str]:
        """What the page says of the failures on its first screen: sections, then figures."""
        figures = [one.what for one in self.failed if one.is_figure]
        lines = [f"{one.sentence}." for one in self.failed if not one.is_figure]
        if figures:
            lines.append(f"Not drawn because of an error: {', '.join(figures)}.")
        return lines
