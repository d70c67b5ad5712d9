"""Which line of a figure an artist belongs to, so that a page can tell it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.artist import Artist


Series = str | list[str]  # a list: of a collection with a path for each


def tag(artist: Artist, series: str | Sequence[str], replicate: int | None = None) -> None:
    """Says on an artist without a name in a legend what it shows.

    series: the name of its line, as the mean's in the legend; several for a collection of lines.
    """
    name = series if isinstance(series, str) else list(series)
    artist.set_label("_" + json.dumps([name, replicate]))  # a legend leaves out what begins so


def series_of(artist: Artist) -> tuple[Series, int | None] | None:
    """The line and the replicate that an artist shows; None where it shows neither."""
    label = str(artist.get_label() or "")
    if label.startswith("_["):
        series, replicate = json.loads(label[1:])
        return series, replicate
    return (label, None) if label and not label.startswith("_") else None
