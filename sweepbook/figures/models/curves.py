"""Kind models_curves: metrics against a float column of the reports, such as part of an epoch."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sweepbook.aggregates.curves import curve_table
from sweepbook.aggregates.labels import (
    is_share,
    listing,
    metric_name,
    quantity_name,
    setting_name,
    setting_value,
)
from sweepbook.aggregates.models import Model, chosen_sentence, missing_sentence, models_of
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import captions, style
from sweepbook.figures import lines as curves
from sweepbook.figures.axes import scale_y
from sweepbook.figures.drawn import Drawn
from sweepbook.figures.models.common import model_looks
from sweepbook.record.load import CONFIG, Record


def draw_models_curves(spec: Spec, record: Record) -> Drawn:
    """Metrics against the column `x`: a panel per metric with a line per model's chosen trial;
    or, with `by`, a panel per model with a line per value of that setting."""
    models = models_of(record, spec)
    table = curves_table(record, spec, models)
    if table.empty:
        raise NothingToDraw(f"no trial of these models reported {spec['x']}")
    lines = list(dict.fromkeys(table["line"]))
    panels = list(dict.fromkeys(table["panel"]))
    palette = dict(zip(lines, style.colours(len(lines)), strict=True))
    if not spec.get("by"):
        palette = {line: look[0] for line, look in model_looks(models).items() if line in lines}
    looks = {line: (colour, "-") for line, colour in palette.items()}
    with style.look():
        columns = min(len(panels), 3)
        n_rows = -(-len(panels) // columns)
        figure = Figure(figsize=(style.WIDTH, 2.7 * n_rows + 0.3), layout="constrained")
        axes = figure.subplots(n_rows, columns, squeeze=False).ravel()
        for place, (ax, panel) in enumerate(zip(axes, panels, strict=False)):
            rows = table[table["panel"] == panel]
            curves.draw_lines(ax, rows, looks)
            ax.plot(rows["x"], rows["mean"], linestyle="none")  # for the limits alone
            metrics = list(dict.fromkeys(rows["metric"]))
            share = all(is_share(m) for m in metrics)
            values = rows.filter(regex="^(mean|replicate_)").to_numpy(dtype="float64")
            scale_y([ax], values, log=None, share=share)
            ax.set_xlim(0, table["x"].max() * 1.03)
            ax.set_xlabel(str(spec["x"]))
            ax.set_title(panel if spec.get("by") else metric_name(metrics[0]), fontsize=9)
            if spec.get("by") and place % columns == 0:
                ax.set_ylabel(quantity_name(metrics))
        for ax in axes[len(panels) :]:
            ax.set_axis_off()
        if spec.get("by"):  # panels are compared
            limits = [ax.get_ylim() for ax in axes[: len(panels)]]
            for ax in axes[: len(panels)]:
                ax.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
        handles = [axes[0].plot([], [], color=c, label=line)[0] for line, (c, _) in looks.items()]
        longest = max(map(len, lines))
        n_columns = max(1, min(len(lines), 100 // (longest + 7)))
        figure.legend(handles=handles, loc="outside lower center", ncols=n_columns)
    how = captions.replicates_sentence(table)
    text = captions.caption(
        how,
        "" if spec.get("by") else chosen_sentence(record, models),
        _without(spec, record, models),
        missing_sentence([model for model in models if not model.trial_id]),
        captions.data_sentence(record, intervals=False),
        name=spec["name"],
    )
    title = str(spec.get("title", spec["name"]))
    alt = f"{title}: {listing(lines, most=8)}; the CSV beside it has all {len(table)} rows."
    numbers = table.rename(columns={"x": str(spec["x"])}).dropna(axis=1, how="all")
    return Drawn(spec["name"], title, text, numbers, figure, alt=alt)


def curves_table(record: Record, spec: Spec, models: list[Model]) -> pd.DataFrame:
    """panel, line, trial_id, status, metric, x, mean, low, high, n, n_diverged, replicate_*."""
    x = str(spec["x"])
    if x not in record.reports:
        return pd.DataFrame()
    by, parts = spec.get("by"), []
    for model in models:
        trials = model.trials if by else model.trials[model.trials["trial_id"] == model.trial_id]
        if by:
            trials = trials[trials[CONFIG + by].notna()]
        if trials.empty or not trials["trial_id"].isin(record.reports["trial_id"]).any():
            continue
        own = curve_table(record, spec["metrics"], trials)
        status = trials.set_index("trial_id")["status"]
        own = own.assign(status=own["trial_id"].map(status), panel=model.label, line=model.label)
        if by:
            values = trials.set_index("trial_id")[CONFIG + by]
            own["order"] = own["trial_id"].map(values)
            texts = values.map(lambda v: f"{setting_name(by)} {setting_value(v)}")
            own["line"] = own["trial_id"].map(texts)
        else:
            own["panel"] = own["metric"]
        parts.append(own)
    if not parts:
        return pd.DataFrame()
    table = pd.concat(parts, ignore_index=True)
    steps = record.reports.groupby(["trial_id", record.unit])[x].mean().rename("x")
    table = table.join(steps, on=["trial_id", record.unit])
    table = table[table["x"].notna()]
    several = table.groupby("trial_id")[record.unit].transform("nunique") > 1
    table = table[several]  # one point is no curve
    if table.empty:
        return table
    if "order" in table:
        table = table.sort_values("order", ascending=False, kind="stable").drop(columns="order")
        order = {model.label: i for i, model in enumerate(models)}
        table = table.iloc[np.argsort(table["panel"].map(order), kind="stable")]
    return table.reset_index(drop=True)


def _without(spec: Spec, record: Record, models: list[Model]) -> str:
    """Which models do not report several x: they have no place in such a figure."""
    steps = record.reports.groupby("trial_id")[str(spec["x"])].nunique()
    names = [m.label for m in models if m.trial_id and steps.get(m.trial_id, 0) < 2]
    return f"Without steps within an {spec['x']}: {listing(names)}." if names else ""
