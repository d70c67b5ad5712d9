"""Kind ledger: where the seconds of a record's trials went, and how full its slots were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sweepbook.aggregates.labels import arm_labels, count, number, sorted_trials
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.trials import arm_columns
from sweepbook.figures import style
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import Keys
from sweepbook.record.load import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


PHASES = {  # in a trial's order; what a study is for is saturated, what it pays for it is pale
    "start": "#c9cdd2",
    "import": "#e3b7a0",
    "data": "#e9cf9a",
    "compile": "#d8a7c4",
    "train": style.PALETTE[0],
    "evaluate": style.PALETTE[4],
    "report": "#9fcdbd",
    "idle": "#ececec",
}
MOST_BARS = 30  # beyond, a bar is the mean of a group of trials
_BAR_HEIGHT = 0.21  # inches


def has_ledger(record: Record) -> bool:
    """Whether the record says where the time of any of its trials went."""
    columns = [f"time_{phase}_s" for phase in PHASES]
    known = all(column in record.trials for column in columns)
    return known and bool((record.trials[columns].sum(axis=1) > 0).any())


LEDGER = Keys(shows="Where the time of each trial went: its seconds by phase, stacked.")


def draw_ledger(spec: Spec, record: Record) -> Drawn:
    """Each trial's seconds by phase, stacked; above them how full the slots were.

    Raises:
        NothingToDraw: no trial has a ledger.
    """
    if not has_ledger(record):
        raise NothingToDraw("its trials do not say where their time went")
    columns = arm_columns(record.trials, [], [record.setting])
    trials = sorted_trials(record.trials, columns)
    numbers = trials[["trial_id", *columns, "status", "time_total_s"]].copy()
    for phase in PHASES:
        numbers[phase] = trials[f"time_{phase}_s"].astype("float64")
    labels = arm_labels(trials, columns).loc[numbers["trial_id"]]
    bars = _bars(numbers, [str(label) for label in labels])
    sessions = [s for s in record.manifest.sessions if s["n_trials"]]
    return drawn_of(
        {"title": "Where the time went", **spec},
        [_share(numbers)],
        numbers,
        figure=_figure(bars, sessions),
        notes=_notes(numbers, sessions, len(bars)),
        alt=": seconds of each trial by phase, as stacked bars",
    )


def _figure(bars: pd.DataFrame, sessions: Sequence[Mapping[str, float]]) -> Figure:
    """The trials' seconds as stacked bars; above them, where it is known, the slots' time."""
    from matplotlib.figure import Figure

    with style.look():
        height = 1.2 + _BAR_HEIGHT * len(bars) + 0.6 * bool(sessions)
        figure = Figure(figsize=(style.WIDTH, max(height, 2.2)), layout="constrained")
        ratios = [1.6, max(len(bars), 2)] if sessions else [1]
        axes = figure.subplots(len(ratios), 1, height_ratios=ratios, squeeze=False)[:, 0]
        if sessions:
            _draw_slots(axes[0], sessions)
        _stack(axes[-1], bars)
        used = [phase for phase in PHASES if bars[phase].gt(0).any()]
        handles = [axes[-1].containers[list(PHASES).index(phase)] for phase in used]
        figure.legend(handles, used, loc="outside lower center", ncols=len(used), fontsize=8)
    return figure


def _bars(numbers: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """One row per bar, index its label: a trial, or the mean of trials of about the same time."""
    phases = list(PHASES)
    if len(numbers) <= MOST_BARS:
        return numbers[phases].set_axis(labels, axis=0)
    by_time = numbers.sort_values("time_total_s", ascending=False, kind="stable")[phases]
    groups = np.array_split(np.arange(len(by_time)), MOST_BARS)
    means = [by_time.iloc[group].mean() for group in groups]
    names = [f"{group[0] + 1} – {group[-1] + 1}" for group in groups]
    return pd.DataFrame(means, index=pd.Index(names))


def _stack(ax: Axes, bars: pd.DataFrame) -> None:
    places = np.arange(len(bars))
    left = np.zeros(len(bars))
    for phase, colour in PHASES.items():
        widths = bars[phase].to_numpy()
        ax.barh(places, widths, left=left, color=colour, height=0.78)
        left = left + widths
    ax.set_yticks(places, [str(label) for label in bars.index], fontsize=8)
    ax.set_ylim(len(bars) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("seconds")


def _draw_slots(ax: Axes, sessions: Sequence[Mapping[str, float]]) -> None:
    """The slots' time of all sessions in three shares, as one bar."""
    total = sum(s["wall_s"] * s["slots"] for s in sessions)
    work = sum(s["work_s"] for s in sessions)
    occupied = max(sum(s["occupied_s"] for s in sessions), work)
    shares = {"train, evaluate": work, "rest of trials": occupied - work}
    shares["no trial"] = max(total - occupied, 0.0)
    left, colours = 0.0, (style.PALETTE[0], "#c9cdd2", "#f4f4f4")
    for (name, seconds), colour in zip(shares.items(), colours, strict=True):
        share = 100 * seconds / max(total, occupied)
        ax.barh([0], [share], left=left, color=colour, edgecolor="#b9bec4", linewidth=0.5)
        if share >= 6:
            ink = "white" if colour == style.PALETTE[0] else "#333333"
            text = f"{name} {share:.0f} %" if share >= 25 else f"{share:.0f} %"
            ax.text(left + share / 2, 0, text, ha="center", va="center", color=ink, fontsize=8)
        left += share
    ax.set_xlim(0, 100)
    ax.set_yticks([0], ["slots' time, %"], fontsize=8)
    ax.tick_params(axis="x", labelsize=8)
    ax.grid(visible=False)


def _share(numbers: pd.DataFrame) -> str:
    total = numbers["time_total_s"].sum()
    work = numbers[["train", "evaluate"]].to_numpy().sum()
    return (
        f"Training and evaluating took {number(work, 3)} of the trials' {number(total, 3)} s "
        f"({work / total:.0%})."
    )


def _notes(
    numbers: pd.DataFrame, sessions: Sequence[Mapping[str, float]], n_bars: int
) -> list[str]:
    what = f"Each bar is one of {count(len(numbers), 'trial')}"
    if n_bars < len(numbers):
        what = f"{n_bars} bars, each the mean of as many of {len(numbers)} trials in turn"
        what += ", the longest first"
    return [
        f"{what}; the attempts at a trial are added up.",
        "Above, the time of all slots: training and evaluating, the rest of the trials' time, "
        "and the time without a trial."
        if sessions
        else "",
        *map(_session, sessions),
        "A trainable that does not divide its steps has them all under train.",
    ]


def _session(session: Mapping[str, float]) -> str:
    n_studies = int(session.get("n_studies", 1))
    shared = f" (of {n_studies} studies trained together)" if n_studies > 1 else ""
    return (
        f"{count(int(session['n_trials']), 'trial')}{shared}: wall {number(session['wall_s'], 3)} "
        f"s, ideal {number(session['ideal_s'], 3)} s of {count(int(session['slots']), 'slot')}."
    )
