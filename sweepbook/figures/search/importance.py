"""Kind importance: how much each setting matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sweepbook.aggregates.labels import count, listing, metric_name, number, setting_name
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.search import Search
from sweepbook.figures import style
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import Keys
from sweepbook.figures.layout import one_panel
from sweepbook.figures.search.common import searched
from sweepbook.record.load import Record
from sweepbook.search.evaluator import METHOD
from sweepbook.search.importance import (
    SHUFFLES_PER_SETTING,
    Compared,
    compared,
    importance_table,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_ROW = 0.32  # inches of one setting
_GREY = "#9a9a9a"

IMPORTANCE = Keys(
    shows="How much each setting matters for being among the best trials, as bars, and how much "
    "it would seem to matter by chance.",
    of="search",
)


def draw_importance(spec: Spec, record: Record) -> Drawn:
    """Bars: how much each setting matters for being among the best; bands: what chance gives."""
    search = searched(record)
    try:
        table = importance_table(search)
    except ValueError as error:
        raise NothingToDraw(str(error)) from error
    notes = [
        *_method(search, compared(search)),
        f"By chance: the values are shuffled {SHUFFLES_PER_SETTING * len(table)} times over the "
        "trials, so that no setting has an effect. Grey bar: the middle 90 % for this setting. "
        "Line: of 20 searches without any effect, 1 has a setting beyond its line. Band: the "
        "middle 90 % of the largest importance.",
        _of_chance(table),
    ]
    step = compared(search)
    early = "" if step.is_full else f"The values are those at {search.record.unit} {step.step}."
    said = [verdict_on(table), early]
    return drawn_of(spec, said, table, figure=_figure(table), notes=notes)


def _method(search: Search, found: Compared) -> list[str]:
    """Which trials and values are compared, why these, and how many trials are left out."""
    n, unit, metric = len(found.trials), search.record.unit, metric_name(search.record.metric)
    at = "at full length" if found.is_full else f"at {unit} {found.step}"
    texts = [
        f"Importance: {METHOD} of Optuna, which compares the best {found.n_best} of {n} trials "
        f"with all of them, by the {metric} {at}."
    ]
    if not found.is_full:
        texts.append(
            f"No trial was stopped before {unit} {found.step}. Later values are not used, because "
            "only trials with good values have them. What matters later may be something else."
        )
    left = len(search.trials) - n
    if left:
        texts.append(f"{count(left, 'trial')} left out, without a value {at}.")
    return texts


def verdict_on(table: pd.DataFrame) -> str:
    """Which importances are larger than chance gives them, as a sentence."""
    beyond = [setting_name(key) for key in table["setting"][table["importance"] > table["limit"]]]
    if beyond:
        return f"Larger than chance gives: {listing(beyond)}."
    return (
        "No importance is larger than chance gives, so this search does not show which setting "
        "matters."
    )


def _of_chance(table: pd.DataFrame) -> str:
    low, high = table[["largest_null_low", "largest_null_high"]].iloc[0]
    return (
        f"Without any effect the largest importance lies in {number(low, 2)} to {number(high, 2)}."
    )


def _figure(table: pd.DataFrame) -> Figure:
    with style.look():
        figure, ax = one_panel(1.4 + _ROW * len(table))
        places = np.arange(len(table))[::-1]
        band = table[["largest_null_low", "largest_null_high"]].iloc[0]
        ax.axvspan(*band, color=_GREY, alpha=0.18, linewidth=0, zorder=0, gid="largest",
                   label="largest importance by chance")  # fmt: skip
        ax.barh(places, table["importance"], color=style.PALETTE[0], height=0.62, gid="importance")
        ax.barh(places, table["null_high"] - table["null_low"], left=table["null_low"],
                color=_GREY, height=0.16, zorder=3, gid="null",
                label="the same setting by chance")  # fmt: skip
        ax.vlines(table["limit"], places - 0.31, places + 0.31, color="#333333", linewidth=1.2,
                  zorder=4, gid="limit", label="limit of chance")  # fmt: skip
        ends = table[["importance", "limit"]].max(axis=1)
        for place, value, end in zip(places, table["importance"], ends, strict=True):
            ax.annotate(f"{value:.2f}", (end, place), xytext=(4, 0), va="center",
                        textcoords="offset points")  # fmt: skip
        ax.set_yticks(places, [setting_name(key) for key in table["setting"]])
        ax.grid(False, axis="y")
        most = max(float(ends.max()), float(band.max()))
        ax.set(xlabel="importance (all together 1)", xlim=(0, most * 1.12))
        figure.legend(loc="outside lower center", ncols=3)
    return figure
