"""Which test images the best model gets right and the worst one wrong."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sweepbook.aggregates.models import Model, best_and_worst_model, models_of
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.predictions import grouped_predictions
from sweepbook.record.load import Record

REPLICATE = 0  # one seed of each, the first, not one chosen by its looks
FEW = 5  # images, where a spec does not say how many


@dataclass(frozen=True, eq=False)
class Chosen:
    """Two of some models, and `disagreements` of them: all n of them, and those to be shown."""

    models: list[Model]
    best: Model
    worst: Model
    shown: pd.DataFrame
    n: int


def chosen_rows(record: Record, spec: Spec) -> Chosen:
    """The `spec["count"]` images to show of the spec's models.

    First those at which the probabilities that the two give to the true class differ most, one
    of each group in turn where the data group test rows.

    Raises NothingToDraw where there is none.
    """
    models = models_of(record, spec)
    best, worst = best_and_worst_model(record, models)
    table = disagreements(grouped_predictions(record), best, worst)
    if table.empty:
        raise NothingToDraw(f"{worst.label} gets every image right that {best.label} does")
    shown = in_turn(table).head(int(spec.get("count", FEW)))
    return Chosen(models, best, worst, shown, len(table))


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
