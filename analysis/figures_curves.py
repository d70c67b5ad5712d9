"""Kinds curves, panels and extremes: metrics against fidelity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import captions, curves, style
from analysis.aggregate import curve_table, last_rows
from analysis.axes import scale_fidelity, scale_y
from analysis.drawn import (
    Arms,
    Drawn,
    NothingToDraw,
    Spec,
    arm_looks,
    best_and_worst,
    choose_arms,
    csv_numbers,
    published_rows,
    with_arms,
    with_published,
)
from analysis.labels import count, is_share, metric_name, quantity_name
from analysis.load import Record

MOST_PANELS = 12
_CUT = " Bands that are wider than the axis are cut off."
NAMED = 3  # of many lines, so many best ones get a colour and a name


def draw_curves(spec: Spec, record: Record) -> Drawn:
    """One panel per metric and one line per trial; or, with `overlay`, one line per metric.

    `overlay` holds for one trial; several become panels, as `panels` draws them.
    """
    arms = choose_arms(record, spec)
    if spec.get("overlay"):
        return _panels(spec, record, arms)
    table = _table(record, spec, arms)
    metrics = [m for m in spec["metrics"] if m in set(table["metric"])]
    looks = arm_looks(record, arms)
    many = len(looks) > style.MOST_LINES
    named = _best_labels(record, arms) if many else list(looks)
    if many:
        table = table[[n for n in table if not str(n).startswith("replicate_")]]
        looks = dict(zip(named, [(c, "-") for c in style.PALETTE], strict=False))
    with style.look():
        n_columns = min(len(metrics), 2)
        figure, axes = _grid(len(metrics), n_columns, style.PANEL_HEIGHT)
        cut = False
        for ax, metric in zip(axes, metrics, strict=False):
            rows = table[table["metric"] == metric]
            if many:
                curves.draw_background(ax, rows[~rows["line"].isin(named)])
            curves.draw_lines(ax, rows, looks, replicates=not many)
            curves.draw_published(ax, published_rows(rows) if not many else rows[:0], looks)
            ax.set_ylabel(quantity_name([metric], spec.get("units")))
            scale_y([ax], _drawn_values(rows), log=spec.get("log_y"), share=is_share(metric))
            cut = cut or _is_cut(ax, rows)
            scale_fidelity(ax, table["x"].max(), record.unit, log=bool(spec.get("log_x")))
        shown = table[table["line"].isin(looks)]
        _name_lines(figure, axes[: len(metrics)], shown, looks)
    how = captions.replicates_sentence(table)
    if cut and not many:
        how += _CUT
    if many:
        how = (
            f"Each line is the mean of one of {len(arms.trials)} trials; named: the {len(named)} "
            f"best by {metric_name(record.metric)} at the last {record.unit}."
        )
        table = table.drop(columns=["low", "high", "published"], errors="ignore")
    return _drawn(spec, record, arms, table, figure, how)


def draw_panels(spec: Spec, record: Record) -> Drawn:
    """One panel per trial, one line per metric, all panels on one y axis."""
    return _panels(spec, record, choose_arms(record, spec))


def draw_extremes(spec: Spec, record: Record) -> Drawn:
    """The best and the worst trial by the mean of `select` (validation) side by side."""
    arms = choose_arms(record, spec, by=[])
    pair = best_and_worst(record, arms, spec)
    select = str(spec.get("select", record.metric))
    left_out = len(arms.trials[arms.trials["status"] != "finished"])
    how = f"Chosen by {metric_name(select)} at each trial's last {record.unit}."
    if left_out:
        how += f" Not a candidate: {count(left_out, 'trial')} that did not finish."
    return _panels(spec, record, pair, how)


def _panels(spec: Spec, record: Record, arms: Arms, how: str = "") -> Drawn:
    kept = Arms(arms.trials.head(MOST_PANELS), arms.columns, arms.labels)
    if len(arms.trials) > MOST_PANELS:
        how += f" The first {MOST_PANELS} of {len(arms.trials)} trials in the order of settings."
    table = _table(record, spec, kept)
    metrics = [m for m in spec["metrics"] if m in set(table["metric"])]
    looks = style.metric_looks(metrics)
    named = {metric_name(metric): look for metric, look in looks.items()}
    n = len(kept.trials)
    with style.look():
        n_columns = 1 if n == 1 else 2 if n in (2, 4) else 3
        figure, axes = _grid(n, n_columns, style.PANEL_HEIGHT if n_columns < 3 else 2.5)
        for ax, trial_id in zip(axes, kept.trials["trial_id"], strict=False):
            rows = table[table["trial_id"] == trial_id]
            rows = rows.assign(line=rows["metric"].map(metric_name))
            curves.draw_lines(ax, rows, named)
            curves.draw_published(ax, published_rows(rows), named)
            scale_fidelity(ax, rows["x"].max(), record.unit, log=bool(spec.get("log_x")))
            ax.set_title(str(kept.labels[trial_id]) if n > 1 else "")
        shares = all(is_share(metric) for metric in metrics)
        scale_y(axes[:n], _drawn_values(table), log=spec.get("log_y"), share=shares)
        label = quantity_name(metrics, spec.get("units"))
        for place, ax in enumerate(axes[:n]):
            ax.set_ylabel(label if place % n_columns == 0 else "")
            ax.tick_params(labelleft=place % n_columns == 0)
        rows = table.assign(line=table["metric"].map(metric_name))
        _name_lines(figure, axes[:n], rows, named)
    together = f"{how} {captions.replicates_sentence(table)}".strip()
    if _is_cut(axes[0], table):
        together += _CUT
    return _drawn(spec, record, kept, table, figure, together)


def _table(record: Record, spec: Spec, arms: Arms) -> pd.DataFrame:
    try:
        table = curve_table(record, spec["metrics"], arms.trials)
    except ValueError as error:
        raise NothingToDraw(str(error)) from error
    if table.empty:
        raise NothingToDraw(f"no report holds {', '.join(spec['metrics'])}")
    return with_published(with_arms(table, arms, record.unit), record, arms)


def _drawn(
    spec: Spec, record: Record, arms: Arms, table: pd.DataFrame, figure: Figure, how: str
) -> Drawn:
    metric = spec["metrics"][0] if len(spec["metrics"]) == 1 else ""
    text = captions.caption(
        how,
        captions.metric_sentence(metric, record.mode if metric == record.metric else None)
        if metric
        else "",
        captions.data_sentence(record, intervals="low" in table),
        captions.endings_sentence(table, arms, record.unit),
        captions.published_sentence(table, record),
        name=spec["name"],
    )
    numbers = csv_numbers(table, arms, record.unit)
    title = str(spec.get("title", spec["name"]))
    alt = captions.alt_text(title, numbers, arms)
    return Drawn(spec["name"], title, text, numbers, figure, alt=alt)


def _best_labels(record: Record, arms: Arms) -> list[str]:
    table = curve_table(record, [record.metric], arms.trials)
    last = last_rows(table, record.unit).dropna(subset=["mean"])
    last = last.sort_values(["mean", "trial_id"], ascending=record.mode == "min")
    return [str(arms.labels[trial_id]) for trial_id in last["trial_id"].head(NAMED)]


def _drawn_values(rows: pd.DataFrame) -> Any:
    names = [n for n in rows if n in ("mean", "published") or str(n).startswith("replicate_")]
    return rows[names].to_numpy(dtype="float64")


def _is_cut(ax: Axes, rows: pd.DataFrame) -> bool:
    """Whether a band is wider than the axis, which holds all values but not all bands."""
    bottom, top = ax.get_ylim()
    return bool((rows["low"] < bottom).any() or (rows["high"] > top).any())


def _grid(n: int, n_columns: int, height: float) -> tuple[Figure, Sequence[Axes]]:
    n_rows = -(-n // n_columns)
    figure = Figure(figsize=(style.WIDTH, height * n_rows), layout="constrained")
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for ax in axes[n:]:
        ax.set_axis_off()
    return figure, list(axes)


def _name_lines(
    figure: Figure, axes: Sequence[Axes], rows: pd.DataFrame, looks: dict[str, Any]
) -> None:
    """Names beside the ends of the lines where all end together, else a legend below."""
    known = rows[rows["mean"].notna()]
    ends = known.groupby("line")["x"].max()
    if len(looks) < 2 or known.empty:
        return
    if len(axes) == 1 and ends.nunique() == 1 and ends.iloc[0] > 1:
        curves.label_ends(axes[0], rows, looks, style.PANEL_HEIGHT * 0.8)
        return
    handles = [
        axes[0].plot([], [], color=colour, linestyle=dash, label=name)[0]
        for name, (colour, dash) in looks.items()
    ]
    longest = max(len(name) for name in looks)
    n_columns = max(1, min(len(looks), 100 // (longest + 7)))
    figure.legend(handles=handles, loc="outside lower center", ncols=n_columns)
