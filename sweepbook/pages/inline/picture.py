"""A drawn figure as inline SVG, where it is short enough for a page."""

from __future__ import annotations

import io
import warnings
from typing import Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sweepbook.figures import style
from sweepbook.figures.drawn import Drawn
from sweepbook.figures.series import series_of
from sweepbook.pages.inline.marks import marked
from sweepbook.pages.inline.svg import inline_svg

MOST_BYTES = 240_000  # a larger drawing is a PNG on the page
_MOST_PER_MARK = 60_000  # of the file, for each line or legend: maps have few and a hundred dots
_SETTINGS: dict[Any, Any] = {"svg.fonttype": "none", "path.simplify": False}


def inline_of(drawn: Drawn, size: int) -> Markup:
    """The drawing as an element of a page; empty where it has photographs or is too large.

    size: of its SVG file. The figure has been laid out before (`laid_out`).
    """
    figure = drawn.figure
    if figure is None or drawn.photographs:
        return Markup("")
    buffer = io.StringIO()
    with style.look(), mpl.rc_context(_SETTINGS), marked(figure) as marks:
        if size > MOST_BYTES and size > _MOST_PER_MARK * sum(
            "data-role" in m for m in marks.values()
        ):
            return Markup("")
        _place_again(figure)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph ", UserWarning)
            figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    _place_again(figure)
    svg = inline_svg(buffer.getvalue(), drawn.name, drawn.alt, marks, _replicates(drawn))
    return Markup(svg if len(svg.encode()) <= MOST_BYTES else "")


def _place_again(figure: Figure) -> None:
    """Lines get the paths that matplotlib's settings now ask for, not those of their last drawing.

    Without `path.simplify` every step is a point of its line, so that the page tells its value.
    The faint lines of replicates stay as they were: simplified, and so short.
    """
    for line in figure.findobj(Line2D):
        series = series_of(line)
        if series is not None and series[1] is None:
            line.recache(always=True)


def _replicates(drawn: Drawn) -> str:
    """Over how many replicates each mean of the figure is; empty where these differ."""
    sizes = set(drawn.numbers["n"].dropna().astype("str")) if "n" in drawn.numbers else set()
    return sizes.pop().removesuffix(".0") if len(sizes) == 1 else ""
