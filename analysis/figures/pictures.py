"""Kind pictures: test images that the best model gets right and the worst one wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sweepbook.aggregates.labels import count
from sweepbook.aggregates.models import Model, best_and_worst_model, chosen_sentence, models_of
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.predictions import grouped_predictions
from sweepbook.figures import captions, style
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.record.load import CONFIG, Record

REPLICATE = 0  # one seed of each, the first, not one chosen by its looks
_FEW, _MANY = 5, 8  # columns
_SIZE = 224  # pixels to which a folder's images are brought where no trial says a size


def draw_pictures(spec: Spec, record: Record) -> Drawn:
    """The `spec["count"]` images that the best model gets right and the worst wrong.

    First those at which the probabilities that the two give to the true class differ most, one
    of each group in turn where the data group test rows. The images are read here, from the place
    that the manifest names.
    """
    models = models_of(record, spec)
    best, worst = best_and_worst_model(record, models)
    table = disagreements(grouped_predictions(record), best, worst)
    if table.empty:
        raise NothingToDraw(f"{worst.label} gets every image right that {best.label} does")
    shown = in_turn(table).head(int(spec.get("count", _FEW)))
    pixels, files = _pixels(record, best, shown["row_id"].tolist())
    names = dict(record.manifest.data.class_names)
    columns = _FEW if len(shown) <= _FEW else _MANY
    with style.look():
        n_rows = -(-len(shown) // columns)
        height = (style.WIDTH / columns + 0.26) * n_rows
        figure = Figure(figsize=(style.WIDTH, height), layout="constrained")
        axes = figure.subplots(n_rows, columns, squeeze=False).ravel()
        for ax, image, row in zip(axes, pixels, shown.to_dict("records"), strict=False):
            _draw_one(ax, image, row, names, 8.0 if columns == _FEW else 7.0)
        for ax in axes[len(shown) :]:
            ax.set_axis_off()
    numbers = shown.assign(file=files, best=best.label, worst=worst.label)
    sentences = [
        f"Best by validation: {best.label}; worst: {worst.label}; the first seed of each. "
        f"{len(shown)} of the {count(len(table), 'test image')} that the best gets right and the "
        f"worst wrong, in the order of how far apart they are on the true class{_turns(record)}; "
        "below each picture what it is, and the probability that the best / the worst gives to "
        "that.",
        chosen_sentence(record, models),
        captions.data_sentence(record, intervals=False),
    ]
    alt = f": {len(shown)} pictures; the CSV names them with their probabilities."
    return drawn_of(spec, sentences, numbers, figure=figure, alt=alt, photographs=True)


def disagreements(predictions: pd.DataFrame, best: Model, worst: Model) -> pd.DataFrame:
    """Test rows that the first replicate of `best` gets right and that of `worst` wrong.

    Columns: row_id, label, best_true, worst_true (probability of the true class; with two classes
    that of the other is the rest), for each model what it predicted, and group where predictions
    have it. Sorted by best_true - worst_true downwards, then row_id.

    Raises NothingToDraw where there are more than two classes.
    """
    tables = []
    for model in (best, worst):
        own = predictions[
            (predictions["trial_id"] == model.trial_id)
            & (predictions["replicate"] == REPLICATE)
            & (predictions["split"] == "test")
        ]
        if set(own["label"]) | set(own["predicted"]) > {0, 1}:
            raise NothingToDraw("probabilities of the true class need two classes, 0 and 1")
        right = own["label"] == own["predicted"]
        of_true = own["probability"].where(right, 1 - own["probability"])
        tables.append(own.assign(true=of_true, right=right).set_index("row_id"))
    first, second = tables
    of_row = ["label", *({"group"} & set(first))]
    joined = first[[*of_row, "predicted", "true", "right"]].merge(
        second[["predicted", "true", "right"]],
        left_index=True,
        right_index=True,
        suffixes=("_best", "_worst"),
    )
    chosen = joined[joined["right_best"] & ~joined["right_worst"]].reset_index()
    chosen = chosen.assign(gap=chosen["true_best"] - chosen["true_worst"])
    chosen = chosen.sort_values(["gap", "row_id"], ascending=[False, True], ignore_index=True)
    names = {"true_best": "best_true", "true_worst": "worst_true",
             "predicted_best": "best_predicted", "predicted_worst": "worst_predicted"}  # fmt: skip
    return chosen.rename(columns=names)[["row_id", *of_row, *sorted(names.values())]]


def in_turn(table: pd.DataFrame) -> pd.DataFrame:
    """The rows with the first of every group before any group's second; without groups as is."""
    if "group" not in table:
        return table
    turn = table.groupby("group").cumcount()
    return table.loc[turn.sort_values(kind="stable").index].reset_index(drop=True)


def _turns(record: Record) -> str:
    groups = record.test_groups
    return f", one of each {groups['name']} in turn" if groups else ""


def _pixels(record: Record, model: Model, row_ids: list[int]) -> tuple[list[Any], list[str]]:
    """The images and file names of test rows, as the record's data hold them.

    Raises:
        NothingToDraw: the data are not there any more, or are not the record's.
    """
    from trainables.images import describe_images, load_images

    data = record.manifest.data
    trial = model.trial
    place = str(trial.get(CONFIG + "data") or data.path or "embedded")
    skip = bool(trial.get(CONFIG + "skip_corrupt") or False)
    try:
        found = describe_images(place, skip_corrupt=skip)["sha256"]
        if found != data.sha256:
            raise NothingToDraw(f"the pictures in {place} are not those of the record any more")
        size = trial.get(CONFIG + "size")
        side = None if data.path is None else int(size if size == size and size else _SIZE)
        test = load_images(place, size=side, crop=side, skip_corrupt=skip).test
    except (ValueError, OSError) as error:
        if isinstance(error, NothingToDraw):
            raise
        raise NothingToDraw(f"the pictures cannot be read any more: {error}") from error
    places = {int(row_id): i for i, row_id in enumerate(test.row_id)}
    return (
        [np.asarray(test.pixels[places[row_id]]) for row_id in row_ids],
        [test.files[places[row_id]] for row_id in row_ids],
    )


def _draw_one(
    ax: Axes, image: Any, row: dict[Any, Any], names: dict[str, str], size: float
) -> None:
    ax.imshow(image, interpolation="nearest")
    ax.set_xticks(())
    ax.set_yticks(())
    ax.spines[:].set_visible(False)
    true = names.get(str(int(row["label"])), str(row["label"]))
    shares = f"{100 * row['best_true']:.0f} / {100 * row['worst_true']:.0f} %"
    ax.set_xlabel(f"{true}: {shares}", fontsize=size, labelpad=2)
