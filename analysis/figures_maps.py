"""Kinds map, error_map and class_accuracy: predictions of a few trials at their last fidelity."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import captions, style
from analysis.drawn import Arms, Drawn, NothingToDraw, Spec, best_and_worst, choose_arms
from analysis.labels import metric_name
from analysis.load import Record
from analysis.maps import (
    country_accuracy,
    country_codes,
    describe_classes,
    draw_country_accuracy,
    error_map,
    placed_points,
    prediction_map,
)

MOST_MAPS = 4
_REPLICATE = 0  # a map shows one net: the first replicate, not one chosen by its looks
_ROW = 0.21  # inches of one class in class_accuracy


def draw_map(spec: Spec, record: Record) -> Drawn:
    """What each trial predicts in the plane; with `select`, the best and the worst trial."""
    how = "Plane: predicted class; dots: test points in the colour of their true class, outlined "
    how += "and larger where wrong. The CSV holds the points; the plane comes from the checkpoint."
    return _maps(spec, record, how, lambda ax, id_: prediction_map(ax, record, id_, _REPLICATE))


def draw_error_map(spec: Spec, record: Record) -> Drawn:
    """Where each trial is wrong; with `select`, the best and the worst trial."""
    how = "Wrong test points in the colour of their true class; right ones small and grey."

    def draw_errors(ax: Axes, trial_id: str) -> Axes:
        return error_map(ax, placed_points(record, trial_id, _REPLICATE), country_codes())

    return _maps(spec, record, how, draw_errors)


def _maps(spec: Spec, record: Record, how: str, draw_one: Callable[[Axes, str], Axes]) -> Drawn:
    arms, chosen = _few(spec, record)
    n = len(arms.trials)
    n_columns = min(n, 2)
    n_rows = -(-n // n_columns)
    parts = []
    with style.look():
        height = (4.1 if n_columns == 2 else 7.0) * n_rows
        figure = Figure(figsize=(style.WIDTH, height), layout="constrained")
        axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
        for place, (ax, trial_id) in enumerate(zip(axes, arms.trials["trial_id"], strict=False)):
            try:
                draw_one(ax, trial_id)
                points = placed_points(record, trial_id, _REPLICATE)
            except (ValueError, ImportError) as error:
                raise NothingToDraw(str(error)) from error
            share = points["correct"].mean()
            ax.set_title(f"{arms.labels[trial_id]}: {100 * share:.1f} % right")
            if place % n_columns:
                ax.set_ylabel("")
            parts.append(points.assign(trial_id=trial_id, replicate=_REPLICATE))
        for ax in axes[n:]:
            ax.set_axis_off()
    return _drawn(
        spec, record, arms, parts, f"{chosen} One replicate ({_REPLICATE}). {how}", figure
    )


def draw_class_accuracy(spec: Spec, record: Record) -> Drawn:
    """Test accuracy of every class, one panel per trial."""
    arms, chosen = _few(spec, record)
    names = describe_classes(record.manifest)
    parts = []
    for trial_id in arms.trials["trial_id"]:
        try:
            parts.append(country_accuracy(record, trial_id, names).assign(trial_id=trial_id))
        except IndexError as error:
            raise NothingToDraw("the manifest does not name all classes") from error
    if not any(len(part) for part in parts):
        raise NothingToDraw("the record has no predictions of its trials")
    with style.look():
        height = 1.0 + _ROW * max(len(part) for part in parts)
        figure = Figure(figsize=(style.WIDTH, height), layout="constrained")
        axes = figure.subplots(1, len(parts), squeeze=False).ravel()
        lowest = min(float(part[["low", "wilson_low"]].min().min()) for part in parts)
        for ax, part, trial_id in zip(axes, parts, arms.trials["trial_id"], strict=True):
            draw_country_accuracy(ax, part)
            ax.tick_params(axis="y", labelsize=7.5)
            ax.set_xlim(max(lowest - 0.02, 0.0), 1.005)
            ax.set_title(str(arms.labels[trial_id]))
            handles, labels = ax.get_legend_handles_labels()
            ax.get_legend().remove()
            if ax is not axes[0]:
                ax.set_ylabel("")
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
    n = sorted({int(v) for part in parts for v in part["n"]})
    how = f"{chosen} Dot: mean of n = {n[-1]} replicates, lowest first; the number of test points "
    how += "of one replicate stands beside each class."
    return _drawn(spec, record, arms, parts, how, figure)


def _few(spec: Spec, record: Record) -> tuple[Arms, str]:
    """The trials to show: with `select` the best and the worst of it, else the first few."""
    arms = choose_arms(record, spec)
    if spec.get("select"):
        select = str(spec["select"])
        pair = best_and_worst(record, arms, spec)
        said = f"Best and worst by the mean {metric_name(select)} at the last {record.unit}."
        return pair, said
    kept = arms.trials.head(MOST_MAPS)
    left_out = len(arms.trials) - len(kept)
    said = f"The first {MOST_MAPS} of {len(arms.trials)} trials." if left_out else ""
    return Arms(kept, arms.columns, arms.labels), said


def _drawn(
    spec: Spec, record: Record, arms: Arms, parts: list[pd.DataFrame], how: str, figure: Figure
) -> Drawn:
    settings = arms.trials[["trial_id", *arms.columns]]
    numbers = settings.merge(pd.concat(parts, ignore_index=True), on="trial_id")
    text = captions.caption(
        how.strip(), captions.data_sentence(record, intervals=False), name=spec["name"]
    )
    title = str(spec.get("title", spec["name"]))
    alt = captions.alt_text(title, numbers, arms)
    return Drawn(spec["name"], title, text, numbers, figure, alt=alt)
