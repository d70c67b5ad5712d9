"""Kinds gradient_layers and gradient_steps: gradient magnitudes, one panel per trial."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from analysis import captions, style
from analysis.axes import scale_fidelity, scale_y
from analysis.drawn import Arms, Drawn, NothingToDraw, Spec, choose_arms
from analysis.gradients import (
    SHOWN_LAYERS,
    by_layer,
    by_step,
    draw_by_layer,
    draw_by_step,
    gradient_table,
    has_gradients,
)
from analysis.labels import listing
from analysis.load import Record

_MAGNITUDE = "Gradient magnitude: squared L2 norm of a linear layer's gradient, averaged over the"


def draw_gradient_layers(spec: Spec, record: Record) -> Drawn:
    """Magnitude against the layer at the fidelities `at` (numbers, "first", "last")."""
    arms, table = _gradients(spec, record)
    unit = record.unit
    parts = []
    figure, panels = _panels(arms)
    with style.look():
        for ax, trial_id in zip(panels, arms.trials["trial_id"], strict=False):
            steps = sorted(table.loc[table["trial_id"] == trial_id, "step"].unique())
            named = {"first": steps[0], "last": steps[-1]}
            wanted = [named.get(v, v) for v in spec.get("at", ["first", "last"])]
            wanted = sorted({step for step in wanted if step in steps} or {steps[-1]})
            frames = {f"{unit} {int(s)}": by_layer(table, trial_id, s) for s in wanted}
            draw_by_layer(ax, frames)
            ax.set_title(str(arms.labels[trial_id]))
            for step, frame in zip(wanted, frames.values(), strict=True):
                parts.append(frame.assign(trial_id=trial_id, **{unit: step}))
        _finish(panels, parts, ["smallest", "largest"])
    text = captions.caption(
        f"{_MAGNITUDE} batches of one {unit}. Line: geometric mean of the replicates in which "
        f"the layer is not zero; band: smallest to largest of {_sizes(parts)}. Layers that are "
        "exactly zero in every replicate are ticks at the bottom.",
        captions.data_sentence(record, intervals=False),
        name=spec["name"],
    )
    return _drawn(spec, arms, parts, text, figure, [unit, "layer"])


def draw_gradient_steps(spec: Spec, record: Record) -> Drawn:
    """Magnitude over the fidelity, one line for each of `layers` that the net has."""
    arms, table = _gradients(spec, record)
    unit = record.unit
    layers = list(spec.get("layers", SHOWN_LAYERS))
    parts = []
    figure, panels = _panels(arms)
    with style.look():
        for ax, trial_id in zip(panels, arms.trials["trial_id"], strict=False):
            frame = by_step(table, trial_id, layers)
            if frame.empty:
                raise NothingToDraw(
                    f"its nets have none of the layers {listing([str(v) for v in layers])}"
                )
            draw_by_step(ax, frame, unit)
            scale_fidelity(ax, float(frame["step"].max()), unit)
            n_zero, total = int(frame["n_zero"].sum()), int(frame["n"].sum())
            zero = f" ({n_zero} of {total} zero)" if n_zero else ""
            ax.set_title(f"{arms.labels[trial_id]}{zero}")
            shown = [layer for layer in layers if layer in set(frame["layer"])]
            parts.append(frame.assign(trial_id=trial_id).rename(columns={"step": unit}))
        _finish(panels, parts, ["middle"])
        for ax in panels:
            ax.get_legend().remove()
        handles = panels[-1].get_legend_handles_labels()[0]
        names = [f"layer {layer}" for layer in shown]
        figure.legend(handles, names, loc="outside lower center", ncols=min(len(names), 6))
    text = captions.caption(
        f"{_MAGNITUDE} batches of each {unit}. Line: geometric mean of the replicates in which "
        f"the layer is not zero, of {_sizes(parts)}; band: its 95 % t interval (of the "
        "logarithms). A layer that is exactly zero in every replicate has a gap; a title counts "
        f"the zeros among all replicates, {unit}s and layers that are drawn.",
        captions.data_sentence(record),
        name=spec["name"],
    )
    return _drawn(spec, arms, parts, text, figure, ["layer", unit])


def _gradients(spec: Spec, record: Record) -> tuple[Arms, pd.DataFrame]:
    arms = choose_arms(record, spec)
    if not has_gradients(record):
        raise NothingToDraw("its trials did not track gradients")
    table = gradient_table(record)
    tracked = arms.trials[arms.trials["trial_id"].isin(table["trial_id"].unique())]
    if tracked.empty:
        raise NothingToDraw("its trials did not track gradients")
    return Arms(tracked, arms.columns, arms.labels), table


def _panels(arms: Arms) -> tuple[Figure, list[Any]]:
    n = len(arms.trials)
    n_columns = min(n, 2)
    n_rows = -(-n // n_columns)
    with style.look():
        figure = Figure(figsize=(style.WIDTH, 2.7 * n_rows), layout="constrained")
        axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for ax in axes[n:]:
        ax.set_axis_off()
    return figure, list(axes[:n])


def _finish(panels: list[Any], parts: list[pd.DataFrame], columns: list[str]) -> None:
    """One y axis for all panels, and its name on the left ones only."""
    values = pd.concat(parts)[columns].to_numpy(dtype="float64")
    scale_y(panels, values, log=True)
    for place, ax in enumerate(panels):
        ax.set_ylabel("" if place % min(len(panels), 2) else "gradient magnitude")
        if ax.get_legend() is not None:
            ax.legend(loc="best", fontsize=7.5)


def _sizes(parts: list[pd.DataFrame]) -> str:
    sizes = sorted({int(n) for part in parts for n in part["n"]})
    n = str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    return f"n = {n} replicates"


def _drawn(
    spec: Spec,
    arms: Arms,
    parts: list[pd.DataFrame],
    text: str,
    figure: Figure,
    order: list[str],
) -> Drawn:
    numbers = pd.concat(parts, ignore_index=True).merge(
        arms.trials[["trial_id", *arms.columns]], on="trial_id"
    )
    first = ["trial_id", *arms.columns, *order]
    numbers = numbers[[*first, *[name for name in numbers if name not in first]]]
    title = str(spec.get("title", spec["name"]))
    alt = captions.alt_text(title, numbers, arms)
    return Drawn(spec["name"], title, text, numbers, figure, alt=alt)
