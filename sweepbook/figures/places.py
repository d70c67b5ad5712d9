"""Where the parts of a figure stand: found once, for all files that are made of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@contextmanager
def laid_out(figure: Figure) -> Iterator[None]:
    """Within it, the parts of a figure stay where its layout engine puts them now.

    They are measured at the resolution of the PNG. Without this every file that is saved of the
    figure measures all texts anew, and a picture and its SVG differ a little. Call it within
    `style.look`. The engine and the figure's own resolution are back afterwards.
    """
    import matplotlib as mpl

    engine, dpi = figure.get_layout_engine(), figure.get_dpi()
    figure.set_dpi(mpl.rcParams["savefig.dpi"])
    if engine is not None:
        engine.execute(figure)
    figure.set_layout_engine(None)
    try:
        yield
    finally:
        figure.set_layout_engine(engine)
        figure.set_dpi(dpi)
