"""The look of every figure, applied per figure: the process's own matplotlib settings stay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

# Okabe and Ito (2008), safe for the common kinds of colour blindness; their yellow is left out
# because it is too faint on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#333333")
# A second cue, for print and where lines coincide: what lies below shows through the gaps.
DASHES = ("-", (0, (5, 2.5)), (0, (1.5, 2)), (0, (5, 2, 1.5, 2)))
SPLIT_COLOURS = {"train": PALETTE[0], "val": PALETTE[1], "test": PALETTE[2]}
SPLIT_DASHES = {"train": DASHES[0], "val": DASHES[1], "test": DASHES[2]}
MOST_LINES = 8  # of one panel with a legend; beyond it lines are coloured by value
REPLICATE_ALPHA = 0.22
BAND_ALPHA = 0.18
BAND_ALPHA_OF_MANY = 0.12  # three bands that coincide hide the lines in them else
PUBLISHED: dict[str, Any] = {
    "marker": "D",
    "markersize": 6.5,
    "markerfacecolor": "none",
    "linestyle": "none",
}
WIDTH = 7.2  # inches: one text column of the page at 1:1.3
PANEL_HEIGHT = 3.4
FAMILY = "DejaVu Sans"  # comes with matplotlib: the same glyphs on every machine
_SETTINGS: dict[Any, Any] = {
    "font.size": 9.5,
    "font.family": FAMILY,
    "axes.titlesize": 10,
    "axes.labelsize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "figure.dpi": 100,
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,  # a figure says by itself how it is laid out
    "savefig.dpi": 150,
    "savefig.facecolor": "white",
    "figure.facecolor": "white",
    "svg.fonttype": "path",  # a reader without our font sees the same labels
    "svg.hashsalt": "sweepbook",  # the same numbers give the same bytes
}


@contextmanager
def look() -> Iterator[None]:
    """Within it, matplotlib draws in our look; outside nothing has changed."""
    import matplotlib as mpl

    with mpl.rc_context(_SETTINGS):
        yield


def colours(n: int) -> list[str]:
    """`n` colours: the palette up to 7, else `n` steps of viridis (without its pale end)."""
    import matplotlib as mpl

    if n <= len(PALETTE):
        return list(PALETTE[:n])
    steps = mpl.colormaps["viridis"]([0.92 * i / (n - 1) for i in range(n)])
    return [mpl.colors.to_hex(step) for step in steps]


def metric_looks(metrics: Sequence[str]) -> dict[str, tuple[str, object]]:
    """Colour and dash of each metric: training, validation and test look the same everywhere."""
    splits = [metric.split("_")[0] for metric in metrics]
    if len(set(splits)) == len(metrics) and set(splits) <= set(SPLIT_COLOURS):
        return {
            metric: (SPLIT_COLOURS[split], SPLIT_DASHES[split])
            for metric, split in zip(metrics, splits, strict=True)
        }
    palette = colours(len(metrics))
    return {m: (palette[i], DASHES[i % len(DASHES)]) for i, m in enumerate(metrics)}
