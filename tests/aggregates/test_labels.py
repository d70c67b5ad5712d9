"""Numbers and names as people read them."""

from __future__ import annotations

import doctest

import pandas as pd
import pytest

from sweepbook.aggregates import labels
from sweepbook.aggregates.labels import (
    arm_labels,
    better,
    is_share,
    metric_name,
    number,
    quantity_name,
    setting_name,
    setting_value,
    sorted_trials,
    with_half_width,
)
from sweepbook.figures import lines

NAN = float("nan")


@pytest.mark.parametrize("module", [labels, lines])
def test_examples_in_docstrings(module: object) -> None:
    done = doctest.testmod(module)  # type: ignore[arg-type]  # a module, parametrized as an object
    assert done.attempted > 0 and done.failed == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-5, "0.00001"), (0.001, "0.001"), (1.0, "1"), (True, "on"), (16, "16"), (None, "none"),
     (NAN, "none"), ("he2", "he2"), (123456789.0, "123500000"), (1.5e-12, "1.5e-12")],
)  # fmt: skip
def test_settings_read_like_they_are_typed(value: object, text: str) -> None:
    assert setting_value(value) == text


@pytest.mark.parametrize("name", ["pca__n_components", "_a___b_", "val__x", "val_", "_", ""])
def test_a_name_has_single_blanks_and_is_never_lost(name: str) -> None:
    for shown in (setting_name(f"config/{name}"), metric_name(name), quantity_name([name])):
        assert "  " not in shown and shown == shown.strip() and bool(shown) == bool(name)


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ((0.9451, 0.9430, 0.9472), "0.9451 ± 0.0021"),
        ((123.4, 100.0, 146.8), "123 ± 23"),
        ((0.5, 0.5, 0.5), "0.5 ± 0"),
        ((0.5, NAN, NAN), "0.5"),
        ((NAN, NAN, NAN), "–"),
    ],
)
def test_a_mean_has_the_digits_of_its_half_width(args: tuple[float, ...], text: str) -> None:
    assert with_half_width(*args) == text


def test_numbers_say_missing_and_infinite() -> None:
    assert [number(v) for v in (NAN, float("inf"), -float("inf"), 0.0, 7)] == [
        "–",
        "∞",
        "-∞",
        "0",
        "7",
    ]


def test_an_axis_names_its_quantity_and_unit() -> None:
    assert quantity_name(["train_acc", "test_acc_clean"]) == "accuracy (share correct)"
    assert (
        quantity_name(["train_loss", "val_loss"], {"train_loss": "nats", "val_loss": "nats"})
        == "loss (nats)"
    )
    assert quantity_name(["rmse"]) == "rmse" and quantity_name(["rmse", "val_loss"]) == "value"
    assert is_share("val_acc") and not is_share("val_loss")
    assert [better("val_loss"), better("val_acc"), better("val_acc", "min")] == [
        "min",
        "max",
        "min",
    ]


def test_trials_are_sorted_by_number_and_named_by_setting() -> None:
    trials = pd.DataFrame({"trial_id": list("abc"), "config/lr": [1.0, 1e-5, 0.01]})
    ordered = sorted_trials(trials, ["config/lr"])
    assert ordered["trial_id"].tolist() == ["b", "c", "a"]
    assert arm_labels(ordered, ["config/lr"]).tolist() == ["lr 0.00001", "lr 0.01", "lr 1"]
    assert arm_labels(trials.head(1), []).tolist() == ["this config"]
