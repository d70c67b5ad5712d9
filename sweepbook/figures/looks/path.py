"""Figure looks: the path of |t| of each claim over the looks, against the boundary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sweepbook.aggregates.labels import count, number
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import style
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.looks.frame import boundary_frame, looks_frame
from sweepbook.findings.finding import FAILS, HOLDS
from sweepbook.findings.sequential.compared import DECIDED, GIVEN_UP
from sweepbook.findings.sequential.seen import LEAST_SEEN
from sweepbook.record.load import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPLIT = "More seeds never cover another split of the data, or other data."
_STOPPED = "The estimates are those of a study that stopped when a claim was decided."
_BEYOND = (
    "A claim of several comparisons, or of a family, has a higher boundary.",
    f"A path beyond it waits until {LEAST_SEEN} seeds have shown how seeds fail, or while another "
    "seed like the worst one would overturn it.",
)
_COLOURS = {HOLDS: style.PALETTE[0], FAILS: "#8e2a5b", GIVEN_UP: "#8a8f98"}
_LEAST = 0.1  # |t| below it lies on the lower end of the axis
_NAMED = 6  # claims whose names stand beside their paths


def has_looks(record: Record) -> bool:
    """Whether the record's claims were decided look by look."""
    return record.manifest.decide is not None and bool(record.manifest.decide.judged)


def draw_looks(spec: Spec, record: Record) -> Drawn:
    """The path of |t| of each claim, on a logarithmic axis, and the boundary that decides.

    Raises:
        NothingToDraw: no claim about means has been looked at.
    """
    numbers, limits = looks_frame(record), boundary_frame(record)
    paths = numbers[numbers["t"].notna()]
    if paths.empty:
        raise NothingToDraw("no claim about means has been looked at")
    return drawn_of(
        {"title": "How the claims were decided", **spec},
        [_caption(numbers, limits), SPLIT],
        numbers,
        figure=_figure(paths, limits),
        notes=[_STOPPED, *_BEYOND],
        alt=": |t| of each claim by the number of seeds, and the boundary that decides",
    )


def draw_limits(spec: Spec, record: Record) -> Drawn:
    """The looks as a table: what decides at each, and what it left open."""
    limits = boundary_frame(record)
    shown = limits.assign(
        spent=[f"{100 * value:.2g} %" if value == value else "–" for value in limits["spent"]],
        boundary=[f"{value:.2f}" if np.isfinite(value) else "–" for value in limits["boundary"]],
    )
    for name in ("decided", "given_up", "open"):
        cells = zip(limits[name], limits["done"], strict=True)
        shown[name] = [str(value) if done else "–" for value, done in cells]
    names = {
        "look": "look",
        "n": "seeds",
        "spent": "chance spent so far",
        "boundary": "|t| that decides",
        "decided": "decided",
        "given_up": "given up",
        "open": "open",
    }
    cells_of = shown[list(names)].rename(columns=names).astype(str)
    return drawn_of(
        {"title": "Looks and boundaries", **spec},
        ["Each look decides by a boundary that was fixed before the first further seed.", SPLIT],
        limits,
        cells=cells_of,
    )


def _figure(paths: pd.DataFrame, limits: pd.DataFrame) -> Figure:
    from matplotlib.figure import Figure

    with style.look():
        figure = Figure(figsize=(style.WIDTH, 3.2), layout="constrained")
        ax = figure.subplots()
        known = limits[np.isfinite(limits["boundary"])]
        ax.plot(known["n"], known["boundary"], color="#222222", lw=1.6, label="boundary")
        _draw_paths(ax, paths)
        ax.set_yscale("log")
        ax.set_ylim(bottom=_LEAST)
        ax.set_xlabel("seeds")
        ax.set_ylabel("|t| from the edge")
        ax.legend(loc="best", fontsize=8)
    return figure


def _draw_paths(ax: Axes, paths: pd.DataFrame) -> None:
    names = paths["claim"].unique()
    told: set[str] = set()
    for name in names:
        own = paths[paths["claim"] == name]
        state = str(own["state"].iloc[-1])
        size = own["t"].astype("float64").abs().clip(lower=_LEAST)
        colour = _COLOURS.get(state, style.PALETTE[1])
        label = "" if state in told else state
        told.add(state)
        ax.plot(own["n"], size, color=colour, lw=0.9, marker="o", ms=2.5, label=label or None)
        if len(names) <= _NAMED:
            end = (own["n"].iloc[-1], size.iloc[-1])
            ax.annotate(str(name), end, xytext=(4, 2), textcoords="offset points", fontsize=7)


def _caption(numbers: pd.DataFrame, limits: pd.DataFrame) -> str:
    last = numbers.groupby("claim", sort=False)["state"].last()
    n_decided = int(last.isin(DECIDED).sum())
    most = int(limits.loc[limits["done"], "n"].max())
    return (
        f"{n_decided} of {count(len(last), 'claim')} are decided, by up to {number(most, 3)} "
        "seeds; a path ends at the look that decided it or gave it up."
    )
