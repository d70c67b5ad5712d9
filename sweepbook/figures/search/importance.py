"""Kind importance: how much each setting matters."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sweepbook.aggregates.labels import count, setting_name
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import style
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import Keys
from sweepbook.figures.layout import one_panel
from sweepbook.figures.search.common import searched
from sweepbook.record.load import Record
from sweepbook.search.importance import METHOD, importance_table, n_best

_ROW = 0.32  # inches of one setting

IMPORTANCE = Keys(
    shows="How much each setting matters for being among the best trials, as bars.",
    of="search",
)


def draw_importance(spec: Spec, record: Record) -> Drawn:
    """Bars: how much each setting matters for being among the best."""
    search = searched(record)
    try:
        table = importance_table(search)
    except ValueError as error:
        raise NothingToDraw(str(error)) from error
    left = len(search.trials) - len(search.full)
    sentences = [
        f"Method: {METHOD} of Optuna, on {len(search.full)} trials at full length: what tells the "
        f"best {n_best(search)} of them from the rest.",
        f"{count(left, 'trial')} without a value at full length left out." if left else "",
        "A guide for where to look, not a test: trials were not drawn at random, and with few of "
        "them it is noise.",
    ]
    return drawn_of(spec, sentences, table, figure=_figure(table))


def _figure(table: pd.DataFrame) -> Figure:
    with style.look():
        figure, ax = one_panel(1.0 + _ROW * len(table))
        places = np.arange(len(table))[::-1]
        ax.barh(places, table["importance"], color=style.PALETTE[0], height=0.62, gid="importance")
        for place, value in zip(places, table["importance"], strict=True):
            ax.annotate(f"{value:.2f}", (value, place), xytext=(4, 0), va="center",
                        textcoords="offset points")  # fmt: skip
        ax.set_yticks(places, [setting_name(key) for key in table["setting"]])
        ax.grid(False, axis="y")
        ax.set(xlabel="importance (all together 1)", xlim=(0, table["importance"].max() * 1.12))
    return figure
