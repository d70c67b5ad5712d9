"""What the kinds that draw metrics against fidelity share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sweepbook.aggregates.curves import curve_table
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import captions, style
from sweepbook.figures import lines as curves
from sweepbook.figures.arms import Arms, with_arms
from sweepbook.figures.drawn import Drawn, csv_numbers, with_published
from sweepbook.record.load import Record

_CUT = " Bands that are wider than the axis are cut off."


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
