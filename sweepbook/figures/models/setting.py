"""Kind models_setting: accuracy of each model against a setting."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sweepbook.aggregates.curves import curve_table, last_rows
from sweepbook.aggregates.labels import is_share, listing, quantity_name, setting_name
from sweepbook.aggregates.models import Model, missing_sentence, models_of
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.predictions import accuracy_columns, grouped_predictions, hit_table
from sweepbook.figures import captions, style
from sweepbook.figures.axes import scale_values
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import LOG_X, MODELS, Key, Keys
from sweepbook.figures.layout import grid, side_by_side
from sweepbook.figures.models.common import labels_of, model_looks
from sweepbook.figures.series import tag
from sweepbook.record.load import CONFIG, Record
from sweepbook.stats.rows import row_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_HEIGHT = 3.5  # inches
Looks = Mapping[str, tuple[str, str]]  # colour and marker of each model

MODELS_SETTING = Keys(
    shows="Validation and test accuracy against one setting: a line for each model.",
    required={"models": MODELS, "x": Key("The setting on the x axis, of numbers.", "setting")},
    optional={"log_x": LOG_X},
)


def draw_models_setting(spec: Spec, record: Record) -> Drawn:
    """Accuracy against the setting `x`, a line per model; models without it are dashed levels.

    Left the metric that chooses, with its t interval over replicates; right test accuracy with
    its interval over rows and replicates.
    """
    models = models_of(record, spec)
    table = setting_table(record, spec, models)
    if table.empty:
        raise NothingToDraw("no trial of these models has finished")
    if table["x"].isna().all():
        raise NothingToDraw(f"no trial with the setting {spec['x']} has finished")
    shown = set(table["model"])
    looks = {name: look for name, look in model_looks(models).items() if name in shown}
    levels = table.loc[table["x"].isna(), "model"].tolist()
    sentences = [
        f"Validation and test accuracy against {setting_name(spec['x'])}; bars on the right "
        "are over test rows and seeds.",
        f"Dashed, without {setting_name(spec['x'])}: {listing(levels)}." if levels else "",
        missing_sentence([m for m in models if m.trials.empty or not m.trial_id]),
    ]
    notes = [captions.groups_sentence(record)]
    figure = _figure(spec, record.metric, table, looks)
    return drawn_of(spec, sentences, table, figure=figure, shows=labels_of(models), notes=notes)


def _figure(spec: Spec, metric: str, table: pd.DataFrame, looks: Looks) -> Figure:
    log = bool(spec.get("log_x"))
    with style.look():
        figure, axes = grid(2, 2, _HEIGHT, sharey=is_share(metric))
        for ax, kind in zip(axes, ("val", "test"), strict=True):
            rows = table.rename(columns={f"{kind}_{k}": k for k in ("mean", "low", "high")})
            tried = rows[rows["x"].notna()]
            lines = [name for name in looks if name in set(tried["model"])]
            at = side_by_side(tried["x"], tried["model"], lines, log=log)
            _draw_lines(ax, tried.assign(x=at), {name: looks[name] for name in lines})
            for row in rows[rows["x"].isna()].to_dict("records"):
                level = ax.axhline(row["mean"], color=looks[row["model"]][0], linestyle="--",
                                   linewidth=1, gid="mean")  # fmt: skip
                tag(level, str(row["model"]))
            if len(tried):
                scale_values(ax, list(tried["x"]), setting_name(spec["x"]), log=log)
        axes[0].set_ylabel(quantity_name([metric]))
        axes[1].set_ylabel("test accuracy (share correct)")
        _name_models(figure, axes[0], looks, set(table.loc[table["x"].isna(), "model"]))
    return figure


def setting_table(record: Record, spec: Spec, models: Sequence[Model]) -> pd.DataFrame:
    """One row per ended trial of each model: model, trial_id, x (the setting; NaN for none),
    status, val_mean, val_low, val_high, test_mean, test_low, test_high, n_replicates."""
    trials = pd.concat([m.trials.assign(model=m.label) for m in models if len(m.trials)])
    trials = trials[trials["status"].isin(["finished", "diverged"])]
    curve = curve_table(record, [record.metric], trials.drop_duplicates("trial_id"))
    last = last_rows(curve, record.unit).set_index("trial_id")
    predictions = grouped_predictions(record)
    rows = [
        _row(trial, spec["x"], last.loc[trial["trial_id"]], predictions)
        for trial in trials.to_dict("records")
        if trial["trial_id"] in last.index
    ]
    if not rows:
        return pd.DataFrame()
    table = pd.DataFrame(rows).sort_values(["model", "x"], kind="stable")
    bounds = ["val_low", "val_high"] if is_share(record.metric) else []
    table[bounds] = table[bounds].clip(0, 1)  # a t interval of a share may leave its range
    return table


def _row(
    trial: Mapping[Any, Any], key: str, val: pd.Series[Any], predictions: pd.DataFrame
) -> dict[str, Any]:
    """A row of `setting_table`; val: of the trial at its last fidelity."""
    diverged = not math.isfinite(val["mean"])  # some replicate, whose predictions say nothing
    hits = np.empty((0, 0)) if diverged else hit_table(predictions, str(trial["trial_id"]))
    x = trial.get(CONFIG + key)
    return {
        "model": trial["model"],
        "trial_id": trial["trial_id"],
        "x": math.nan if x is None else float(x),
        "status": trial["status"],
        "val_mean": val["mean"],
        "val_low": val["low"],
        "val_high": val["high"],
        **accuracy_columns(row_interval(hits)),
        "n_replicates": int(val["n"]),
    }


def _draw_lines(ax: Axes, rows: pd.DataFrame, looks: Looks) -> Axes:
    for name, (colour, marker) in looks.items():
        own = rows[rows["model"] == name].sort_values("x")
        bars = ax.vlines(own["x"], own["low"], own["high"], color=colour, linewidth=1.4, zorder=2,
                         gid="bar")  # fmt: skip
        (line,) = ax.plot(own["x"], own["mean"], marker=marker, color=colour, linewidth=1.2,
                          markersize=5.5, zorder=3, gid="mean")  # fmt: skip
        tag(bars, name)
        tag(line, name)
    return ax


def _name_models(figure: Figure, ax: Axes, looks: Looks, levels: set[str]) -> None:
    handles = [
        ax.plot([], [], color=colour, label=name, linestyle="--" if name in levels else "-",
                marker="" if name in levels else marker)[0]
        for name, (colour, marker) in looks.items()
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
