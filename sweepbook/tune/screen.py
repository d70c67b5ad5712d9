"""Where a script or a notebook prints: plain lines, and in a notebook one text that changes."""

from __future__ import annotations

import importlib
import logging
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

from rich.console import Console, RenderableType

WIDTH = 100  # of a notebook's lines
EVERY_S = 0.5


def screen() -> Console:
    """Returns the console of standard output; in a notebook one that prints plain text."""
    if not in_notebook():
        return Console()
    return Console(file=sys.stdout, force_jupyter=False, force_terminal=False, width=WIDTH)


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    return "ipykernel" in sys.modules and sys.modules["IPython"].get_ipython() is not None


def hush() -> None:
    """In a notebook, keeps Ray and tqdm from asking for packages that only their displays need."""
    if in_notebook():
        logging.getLogger("ray.widgets.util").setLevel(logging.WARNING)
        warnings.filterwarnings("ignore", message="IProgress not found")


def show_figures() -> None:
    """Has a notebook show a matplotlib figure that ends a cell, whether it uses pyplot or not."""
    if in_notebook():
        tools = importlib.import_module("IPython.core.pylabtools")  # the notebook's own
        shell = sys.modules["IPython"].get_ipython()
        tools.select_figure_formats(shell, {"png"}, bbox_inches="tight")


class Shown:
    """One text of a notebook's cell that changes while trials train; nothing elsewhere."""

    def __init__(self) -> None:
        self.handle: Any = None
        self.drawn = 0.0

    @property
    def is_on(self) -> bool:
        """Whether there is a text that can change."""
        return self.handle is not None

    def start(self) -> None:
        """Shows an empty text."""
        if in_notebook():
            self.handle = sys.modules["IPython"].display.display(_text(""), display_id=True)

    def draw(self, content: Callable[[], RenderableType]) -> None:
        """Shows the content now, unless the last time was a moment ago."""
        if self.is_on and time.monotonic() - self.drawn > EVERY_S:
            self.drawn = time.monotonic()
            console = Console(width=WIDTH, force_jupyter=False, force_terminal=False)
            with console.capture() as captured:
                console.print(content())
            self.handle.update(_text(captured.get()))

    def stop(self) -> None:
        """Shows nothing any more."""
        if self.is_on:
            self.handle.update(_text(""))


def _text(text: str) -> Any:
    return sys.modules["IPython"].display.Pretty(text)
