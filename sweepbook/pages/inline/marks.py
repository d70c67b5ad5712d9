"""What the script of a page must know of a drawn figure: its panels, its lines, its legends."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator

from sweepbook.figures.series import series_of

Marks = dict[str, Mapping[str, Any]]  # id in the SVG -> attributes of that element
_ROLES = ("mean", "replicate", "band", "bar", "ending", "published", "leader", "background")


@contextmanager
def marked(figure: Figure) -> Iterator[Marks]:
    """Within it, the artists that a page's script needs have ids of their own in an SVG.

    The figure has been laid out. Its artists' own ids are back afterwards.
    """
    marks: Marks = {}
    before: list[tuple[Artist, str | None]] = []
    for artist, attributes in _artists(figure):
        key = f"mark-{len(before)}"
        before.append((artist, artist.get_gid()))
        artist.set_gid(key)
        marks[key] = attributes
    try:
        yield marks
    finally:
        for artist, gid in before:
            artist.set_gid(gid)


def _artists(figure: Figure) -> Iterator[tuple[Artist, Mapping[str, Any]]]:
    """Each artist that a page tells something about, with the attributes that it gets."""
    for ax in figure.axes:
        if not ax.axison or not ax.get_visible():
            continue
        yield ax, {"class": "panel", "data-panel": _panel(figure, ax)}
        for axis, name in ((ax.xaxis, "x"), (ax.yaxis, "y")):
            yield axis, {"data-axis": name}
            yield axis.label, {"data-role": "axis"}
        for artist in ax.get_children():
            if (attributes := _of_line(artist)) is not None:
                yield artist, attributes
        for text in ax.texts:
            if text.get_gid() == "label":
                yield text, {"data-role": "label", "data-series": str(text.get_label())}
        if (legend := ax.get_legend()) is not None:
            yield from _of_legend(legend)
    for legend in figure.legends:
        yield from _of_legend(legend)


def _of_line(artist: Artist) -> Mapping[str, Any] | None:
    if not isinstance(artist, Line2D | Collection) or (found := series_of(artist)) is None:
        return None
    series, replicate = found
    role = str(artist.get_gid())
    role = role if role in _ROLES else "line" if isinstance(artist, Line2D) else "band"
    attributes: dict[str, Any] = {"data-role": role, "data-series": series}
    if replicate is not None:
        attributes["data-replicate"] = str(replicate)
    return attributes


def _of_legend(legend: Legend) -> Iterator[tuple[Artist, Mapping[str, Any]]]:
    """The sample and the name of each entry; the label of a text is its whole name."""
    for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=False):
        name = str(text.get_label() or text.get_text())
        for artist in (handle, text):
            if artist is not None:
                yield artist, {"data-role": "legend", "data-series": name}


def _panel(figure: Figure, ax: Axes) -> str:
    """Title, box in the SVG's units, and both axes of a panel, as JSON."""
    width, height = (float(inches) * 72 for inches in figure.get_size_inches())
    place = ax.get_position()
    box = [place.x0 * width, (1 - place.y1) * height, place.width * width, place.height * height]
    panel = {
        "title": str(ax.title.get_label() or ""),
        "box": [round(float(side), 2) for side in box],
        "x": _axis(ax.xaxis, ax.get_xlim(), ax.get_xscale()),
        "y": _axis(ax.yaxis, ax.get_ylim(), ax.get_yscale()),
    }
    return json.dumps(panel, ensure_ascii=False)


def _axis(axis: Axis, limits: tuple[float, float], scale: str) -> dict[str, Any]:
    low, high = map(float, limits)
    said: dict[str, Any] = {"name": str(axis.label.get_label() or ""), "scale": scale}
    said |= {"low": low, "high": high}
    locator = axis.get_major_locator()
    if isinstance(locator, FixedLocator):
        places = [float(place) for place in locator()]
        names = axis.get_major_formatter().format_ticks(places)
        said["ticks"] = [
            [place, name.replace(r"\$", "$")] for place, name in zip(places, names, strict=True)
        ]
    return said
