"""Kind models_time: test accuracy against seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from sweepbook.aggregates.hits import hits_interval
from sweepbook.aggregates.models import Model, models_of
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.predictions import accuracy_columns
from sweepbook.figures import style
from sweepbook.figures.axes import log_ticks
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import MODELS, Keys
from sweepbook.figures.layout import one_panel
from sweepbook.figures.models.common import labels_of, model_looks, shared_notes
from sweepbook.figures.series import tag
from sweepbook.record.load import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_SPENT = ("time_train_s", "time_evaluate_s")  # columns of the trials

MODELS_TIME = Keys(
    shows="The test accuracy of each model against the seconds of its training.",
    required={"models": MODELS},
    yields=("predictions",),
)


def draw_models_time(spec: Spec, record: Record) -> Drawn:
    """Test accuracy against the seconds of one seed's training, a mark per model."""
    models = [m for m in models_of(record, spec) if m.known and math.isfinite(seconds_of(m))]
    if not models:
        raise NothingToDraw("no model has finished with predictions and seconds")
    rows = []
    for model in models:
        found = hits_interval(model.hits)
        rows.append(
            {"model": model.label, "trial_id": model.trial_id, "seconds": seconds_of(model),
             **accuracy_columns(found), "n_replicates": found.n}
        )  # fmt: skip
    table = pd.DataFrame(rows)
    said = (
        "Seconds on the machine of this record, mean of the seeds; bars are over test rows "
        "and seeds."
    )
    figure = _figure(table, model_looks(models))
    shows, notes = labels_of(models), shared_notes(record, models)
    return drawn_of(spec, [said], table, figure=figure, shows=shows, notes=notes)


def _figure(table: pd.DataFrame, looks: Mapping[str, tuple[str, str]]) -> Figure:
    with style.look():
        figure, ax = one_panel()
        for row in table.to_dict("records"):
            colour, marker = looks[row["model"]]
            bar = ax.vlines(row["seconds"], row["test_low"], row["test_high"], color=colour,
                            gid="bar")  # fmt: skip
            tag(bar, row["model"])
            ax.plot(row["seconds"], row["test_mean"], marker, color=colour, markersize=7,
                    label=row["model"], linestyle="none", gid="mean")  # fmt: skip
        ax.set_xscale("log")
        low, high = table["seconds"].min() / 1.3, table["seconds"].max() * 1.3
        ax.set_xlim(low, high)
        log_ticks(ax.xaxis, low, high)
        ax.set_xlabel("seconds of one seed, training and evaluation")
        ax.set_ylabel("test accuracy (share correct)")
        figure.legend(loc="outside lower center", ncols=2)
    return figure


def seconds_of(model: Model) -> float:
    """Seconds of training and evaluation of the model's chosen trial, per replicate, or NaN."""
    trial = model.trial
    return float(sum(trial.get(name, math.nan) for name in _SPENT) / trial["n_replicates"])
