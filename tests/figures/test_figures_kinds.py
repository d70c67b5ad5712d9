"""Kinds that need more than curves: named arms, gradients, classes and maps."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from analysis.figures.gradients import draw_gradient_layers, draw_gradient_steps
from analysis.figures.map_kinds import draw_error_map
from sweepbook.aggregates.nothing import NothingToDraw
from sweepbook.figures.drawn import Drawn
from sweepbook.figures.kinds import draw
from sweepbook.figures.layout import side_by_side
from sweepbook.figures.lines import draw_lines
from sweepbook.figures.style import look, metric_looks
from sweepbook.record.load import Record, load_record

Make = Callable[..., Path]
CURVES: dict[str, Any] = {"kind": "curves", "name": "c", "metrics": ["val_loss"], "by": ["lr"]}


def render(drawn: Drawn) -> None:
    assert drawn.figure is not None
    with look():
        drawn.figure.savefig(io.BytesIO(), format="svg")


@pytest.fixture
def record(make_record: Make) -> Record:
    return load_record(make_record([{"lr": lr} for lr in (1.0, 0.01, 0.0001)]))


@pytest.fixture
def deep(make_record: Make) -> Record:
    """Two trials of 3 replicates, 2 epochs, 3 layers; replicate 0 of the first has a zero."""
    folder = make_record([{"norm": False}, {"norm": True}], epochs=2)
    reports = pd.read_parquet(folder / "reports.parquet")
    size = 10.0 ** reports["replicate"]
    reports["grad_sq_norm"] = [[value, 100 * value, 1e-30] for value in size]
    first = reports.index[(reports["replicate"] == 0) & (reports["epoch"] == 1)][0]
    reports.at[first, "grad_sq_norm"] = [0.0, 100.0, 1e-30]
    reports.to_parquet(folder / "reports.parquet")
    return load_record(folder)


def test_gradients_by_layer_are_geometric_means_with_zeros_counted(deep: Record) -> None:
    spec = {
        "name": "g",
        "by": ["norm"],
        "at": ["first", "last"],
    }
    drawn = draw_gradient_layers(spec, deep)
    render(drawn)
    own = drawn.numbers[~drawn.numbers["config/norm"]].set_index(["epoch", "layer"])
    assert own["middle"].tolist() == pytest.approx([10**1.5, 1e3, 1e-30, 10, 1e3, 1e-30])
    assert own["n_zero"].tolist() == [1, 0, 0, 0, 0, 0]
    axes = drawn.figure.axes  # type: ignore[union-attr]  # a gradient figure is never None
    assert [ax.get_title() for ax in axes] == ["norm off", "norm on"]
    assert {ax.get_ylim() for ax in axes} == {axes[0].get_ylim()}


def test_gradients_over_epochs_show_the_layers_asked_for(deep: Record) -> None:
    arms = [
        {"label": "with", "where": {"norm": True}},
        {"label": "none", "where": {"norm": False}},
    ]
    spec = {
        "name": "g",
        "arms": arms,
        "layers": [0, 2, 99],
    }
    drawn = draw_gradient_steps(spec, deep)
    render(drawn)
    axes = drawn.figure.axes  # type: ignore[union-attr]  # a gradient figure is never None
    assert [ax.get_title() for ax in axes] == ["with", "none (1 of 12 zero)"]
    assert set(drawn.numbers["layer"]) == {0, 2}
    with pytest.raises(NothingToDraw, match="none of the layers 99"):
        draw_gradient_steps(spec | {"layers": [99]}, deep)


def test_named_arms_are_drawn_in_their_order_under_their_names(record: Record) -> None:
    arms = [{"label": "high", "where": {"lr": 1}}, {"label": "low", "where": {"lr": 0.0001}}]
    drawn = draw(CURVES | {"arms": arms}, record)
    ax = drawn.figure.axes[0]  # type: ignore[union-attr]  # a curves figure is never None
    assert [line.get_label() for line in ax.get_lines() if line.get_gid() == "mean"] == [
        "high",
        "low",
    ]
    assert list(dict.fromkeys(drawn.numbers["config/lr"])) == [1.0, 0.0001]
    with pytest.raises(NothingToDraw, match="fits any of its arms"):
        draw(CURVES | {"arms": [{"label": "x", "where": {"lr": 7}}]}, record)


def test_accuracy_of_classes_comes_from_the_predictions(record: Record) -> None:
    trials = record.trials["trial_id"]
    with pytest.raises(NothingToDraw, match="no predictions"):
        draw({"kind": "class_accuracy", "name": "c", "by": ["lr"]}, record)
    rows = [
        (t, r, "test", i, i % 2, int(i % 2 and r == 0), 0.9)
        for t in trials for r in (0, 1) for i in range(4)
    ]  # fmt: skip
    names = ["trial_id", "replicate", "split", "row_id", "label", "predicted", "probability"]
    pd.DataFrame(rows, columns=names).to_parquet(record.path / "predictions.parquet")
    drawn = draw(
        {"kind": "class_accuracy", "name": "c", "by": ["lr"], "select": "val_acc"}, record
    )
    render(drawn)
    assert drawn.numbers["trial_id"].nunique() == 2 and "Best and worst" in drawn.notes
    by_class = drawn.numbers.set_index("name")["accuracy"]
    assert set(by_class["Austria"]) == {0.5} and set(by_class["Albania"]) == {1.0}


def test_a_map_without_predictions_is_not_drawn(record: Record) -> None:
    with pytest.raises(NothingToDraw, match="no predictions"):
        draw_error_map({"name": "m", "by": ["lr"]}, record)


def test_points_side_by_side_stay_nearest_to_their_own_place() -> None:
    x = pd.Series([0.0, 0.01, 1.0, 5.0] * 3)
    keys = pd.Series(["a"] * 4 + ["b"] * 4 + ["c"] * 4)
    moved = side_by_side(x, keys, ["a", "b", "c"], log=False)
    assert moved[4:8].tolist() == x[4:8].tolist(), "the middle one stays"
    assert (moved - x).abs().groupby(x).max().tolist() == pytest.approx(
        [0.8 * 0.01 / 3, 0.8 * 0.01 / 3, 0.04, 0.04]
    )


def test_losses_that_coincide_can_all_be_seen() -> None:
    looks = metric_looks(["train_loss", "val_loss", "test_loss"])
    rows = pd.concat(
        pd.DataFrame({"line": line, "x": [0.0, 1, 2, 3], "mean": 1.0, "low": 0.5, "high": 1.5})
        for line in looks
    )
    with look():
        figure = Figure(figsize=(6, 3))
        ax = draw_lines(figure.subplots(), rows.assign(status="complete"), looks)
        figure.savefig(buffer := io.BytesIO(), format="png", dpi=200)
    pixels = np.asarray(Image.open(buffer).convert("RGB")).astype("float64")
    up = ax.transData.transform((0, 1.0))[1] * 200 / figure.dpi
    row = pixels[round(len(pixels) - up)]
    for name, (colour, _) in looks.items():
        far = abs(row - [255 * part for part in to_rgb(colour)]).max(axis=1)
        assert (far < 40).sum() > 0.1 * len(row), f"{name} is hidden"
