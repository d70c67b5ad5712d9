"""Kinds for records that tracked gradients: their magnitude over the layers and the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.gradient_lines import by_layer, by_step, draw_by_layer, draw_by_step, zeros
from sweepbook.aggregates.gradients import gradient_table, has_gradients
from sweepbook.aggregates.labels import listing
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import style
from sweepbook.figures.arms import Arms, choose_arms
from sweepbook.figures.axes import scale_fidelity, scale_y
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.layout import grid
from sweepbook.figures.series import series_of
from sweepbook.record.load import Record

SHOWN_LAYERS = (0, 30, 60, 90, 95, 99)  # as published; those that a net has
_HEIGHT = 2.7  # inches of one panel
_MAGNITUDE = "Gradient magnitude: squared L2 norm of a linear layer's gradient, averaged over the"


def draw_gradient_layers(spec: Spec, record: Record) -> Drawn:
    """Magnitude against the layer at the fidelities `at` (numbers, "first", "last")."""
    arms, table = _gradients(spec, record)
    unit = record.unit
    frames = {
        trial_id: _layers_at(table, trial_id, spec.get("at", ["first", "last"]))
        for trial_id in arms.trials["trial_id"]
    }
    parts = [
        frame.assign(trial_id=trial_id, **{unit: step})
        for trial_id, own in frames.items()
        for step, frame in own.items()
    ]
    with style.look():
        figure, panels = grid(len(frames), min(len(frames), 2), _HEIGHT)
        for ax, (trial_id, own) in zip(panels, frames.items(), strict=True):
            draw_by_layer(ax, {f"{unit} {int(step)}": frame for step, frame in own.items()})
            ax.set_title(str(arms.labels[trial_id]))
        _finish(panels, parts, ["smallest", "largest"])
    said = (
        "Gradient magnitude of each layer; bands reach from the smallest to the largest of "
        f"{_sizes(parts)}."
    )
    notes = [
        f"{_MAGNITUDE} batches of one {unit}. Line: geometric mean of the replicates in which "
        "the layer is not zero. Layers that are exactly zero in every replicate are ticks at the "
        "bottom."
    ]
    numbers = _numbers(arms, parts, [unit, "layer"])
    return drawn_of(spec, [said], numbers, figure=figure, shows=arms.names, notes=notes)


def draw_gradient_steps(spec: Spec, record: Record) -> Drawn:
    """Magnitude over the fidelity, one line for each of `layers` that the net has."""
    arms, table = _gradients(spec, record)
    unit = record.unit
    layers = list(spec.get("layers", SHOWN_LAYERS))
    frames = {t: by_step(table, t, layers) for t in arms.trials["trial_id"]}
    if any(frame.empty for frame in frames.values()):
        raise NothingToDraw(f"its nets have none of the layers {listing(list(map(str, layers)))}")
    parts = [
        frame.assign(trial_id=trial_id).rename(columns={"step": unit})
        for trial_id, frame in frames.items()
    ]
    with style.look():
        figure, panels = grid(len(frames), min(len(frames), 2), _HEIGHT)
        for ax, (trial_id, frame) in zip(panels, frames.items(), strict=True):
            draw_by_step(ax, frame, unit)
            scale_fidelity(ax, float(frame["step"].max()), unit)
            ax.set_title(f"{arms.labels[trial_id]}{zeros(frame)}")
        _finish(panels, parts, ["middle"])
        _one_legend(figure, panels, [n for n in layers if n in set(parts[-1]["layer"])])
    said = (
        f"Gradient magnitude of some layers over the {unit}s; a layer that is zero in every "
        "replicate has a gap."
    )
    notes = [
        f"{_MAGNITUDE} batches of each {unit}. Line: geometric mean of the replicates in which "
        f"the layer is not zero, of {_sizes(parts)}; band: its 95 % t interval (of the "
        "logarithms). A title counts the zeros among all replicates, "
        f"{unit}s and layers that are drawn."
    ]
    numbers = _numbers(arms, parts, ["layer", unit])
    return drawn_of(spec, [said], numbers, figure=figure, shows=arms.names, notes=notes)


def _gradients(spec: Spec, record: Record) -> tuple[Arms, pd.DataFrame]:
    arms = choose_arms(record, spec)
    if not has_gradients(record):
        raise NothingToDraw("its trials did not track gradients")
    table = gradient_table(record)
    tracked = arms.trials[arms.trials["trial_id"].isin(table["trial_id"].unique())]
    if tracked.empty:
        raise NothingToDraw("its trials did not track gradients")
    return Arms(tracked, arms.columns, arms.labels), table


def _layers_at(table: pd.DataFrame, trial_id: str, at: Sequence[Any]) -> dict[Any, pd.DataFrame]:
    """Step -> rows of `by_layer`, for the steps of `at` that the trial has, or else its last."""
    steps = sorted(table.loc[table["trial_id"] == trial_id, "step"].unique())
    named = {"first": steps[0], "last": steps[-1]}
    wanted = {named.get(step, step) for step in at} & set(steps) or {steps[-1]}
    return {step: by_layer(table, trial_id, step) for step in sorted(wanted)}


def _one_legend(figure: Figure, panels: list[Axes], layers: list[int]) -> None:
    """One legend below, of the last panel's layers, in the place of one in every panel."""
    for ax in panels:
        if (legend := ax.get_legend()) is not None:
            legend.remove()
        for line in ax.get_lines():  # without its zeros: the same line in every panel
            if (found := series_of(line)) is not None and line.get_gid() == "mean":
                line.set_label(str(found[0]).partition(" (")[0])
    handles = panels[-1].get_legend_handles_labels()[0]
    names = [f"layer {layer}" for layer in layers]
    figure.legend(handles, names, loc="outside lower center", ncols=min(len(names), 6))


def _finish(panels: list[Axes], parts: list[pd.DataFrame], columns: list[str]) -> None:
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


def _numbers(arms: Arms, parts: list[pd.DataFrame], order: list[str]) -> pd.DataFrame:
    settings = arms.trials[["trial_id", *arms.columns]]
    numbers = pd.concat(parts, ignore_index=True).merge(settings, on="trial_id")
    first = ["trial_id", *arms.columns, *order]
    return numbers[[*first, *[name for name in numbers if name not in first]]]
