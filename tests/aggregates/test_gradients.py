import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from analysis.figures import gradient_lines, gradients
from sweepbook.aggregates import gradients as tracked
from sweepbook.figures import style
from sweepbook.record.load import load_record

LAYERS = np.arange(101)


def magnitudes(slope, n_zero=0, start=-3.0):
    """log10 magnitude rises by slope per layer; the first n_zero layers are exactly zero."""
    values = 10.0 ** (start + slope * LAYERS)
    values[:n_zero] = 0.0
    return values


@pytest.fixture
def deep(make_record):
    """Four variants of 3 replicates: vanishing by zeros, by slope, exploding, healthy."""
    planted = [
        {"init": "default", "slope": 0.1, "n_zero": 80},
        {"init": "he", "slope": 0.06, "n_zero": 0},
        {"init": "he2", "slope": -0.15, "n_zero": 0},
        {"init": "orthogonal", "slope": 0.002, "n_zero": 3},
    ]
    configs = [{"init": p["init"]} for p in planted]
    record = load_record(make_record(configs, epochs=3, name="deep-gradients"))
    by_id = dict(zip(record.trials["trial_id"], record.trials["config/init"], strict=True))
    settings = {p["init"]: p for p in planted}
    noise = np.random.default_rng(0)
    cells = []
    for row in record.reports.to_dict("records"):
        p = settings[by_id[row["trial_id"]]]
        wobble = 10 ** noise.normal(0, 0.1, len(LAYERS))
        cells.append(magnitudes(p["slope"] + 0.001 * row["replicate"], p["n_zero"]) * wobble)
    record.reports["grad_sq_norm"] = cells
    record.reports["grad_zero_share"] = [(c == 0).astype(float) for c in cells]
    return record, {init: trial_id for trial_id, init in by_id.items()}


def test_the_table_has_a_row_per_layer_and_replicate(deep):
    record, ids = deep
    table = tracked.gradient_table(record)
    assert len(table) == 4 * 3 * 3 * 101
    one = table[(table.trial_id == ids["default"]) & (table.replicate == 1) & (table.step == 2)]
    assert one.layer.tolist() == list(range(101))
    assert ((one.magnitude == 0) == (one.layer < 80)).all()
    assert one.zero_share.sum() == 80


def test_slopes_leave_out_zero_layers_and_are_exact():
    frame = pd.DataFrame(
        {
            "trial_id": "a",
            "replicate": 0,
            "step": 1,
            "layer": LAYERS,
            "magnitude": magnitudes(-0.07, n_zero=20),
            "zero_share": 0.0,
        }
    )
    row = tracked.slopes(frame).iloc[0]
    assert row["slope"] == pytest.approx(-0.07)
    assert (row["n_zero"], row["n_layers"]) == (20, 101)
    assert row["zero_share"] == pytest.approx(20 / 101)


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        ("default", "vanishing"),
        ("he", "vanishing"),
        ("he2", "exploding"),
        ("orthogonal", "healthy"),
    ],
)
def test_each_variant_gets_its_class(deep, init, expected):
    record, ids = deep
    fits = tracked.slopes(tracked.gradient_table(record))
    mine = fits[(fits.trial_id == ids[init]) & (fits.step == 3)]
    found = tracked.classify(mine)
    assert found["class"] == expected
    assert found["n"] == 3
    assert found["n_vanished"] == (3 if init == "default" else 0)
    shuffled = tracked.classify(mine.sample(frac=1, random_state=1))
    assert shuffled["class"] == expected


def fits(slopes, shares):
    return pd.DataFrame({"slope": slopes, "zero_share": shares})


@pytest.mark.parametrize(
    ("slopes", "shares", "expected"),
    [
        ([0.001, 0.002, 0.003], [0.5, 0.0, 0.0], "undecided"),  # a mixture of seeds
        ([0.0, 0.05, -0.05], [0.0, 0.0, 0.0], "undecided"),  # interval crosses both edges
        ([0.3], [0.0], "undecided"),  # one replicate has no interval
        ([math.nan, 0.1], [math.nan, 0.0], "not available"),  # a magnitude was not finite
        ([], [], "not available"),
        ([math.nan, math.nan], [1.0, 1.0], "vanishing"),  # nothing left to fit
    ],
)
def test_the_rule_at_its_edges(slopes, shares, expected):
    assert tracked.classify(fits(slopes, shares))["class"] == expected


def test_mirrored_depth_turns_vanishing_into_exploding():
    shares = [0.0] * 5
    values = np.array([0.05, 0.06, 0.055, 0.05, 0.058])
    assert tracked.classify(fits(values, shares))["class"] == "vanishing"
    assert tracked.classify(fits(-values, shares))["class"] == "exploding"


def test_a_magnitude_that_is_not_finite_is_said(deep):
    record, ids = deep
    record.reports["grad_sq_norm"] = [
        np.where(LAYERS == 5, np.inf, cell) for cell in record.reports["grad_sq_norm"]
    ]
    fitted = tracked.slopes(tracked.gradient_table(record))
    found = tracked.classify(fitted[fitted.trial_id == ids["he"]])
    assert found["class"] == "not available"


def test_a_record_without_gradients_gives_an_empty_table(make_record):
    record = load_record(make_record([{"lr": 0.1}]))
    assert not tracked.has_gradients(record)
    assert tracked.gradient_table(record).empty


def test_figures_show_the_numbers_and_count_the_zeros(deep):
    record, ids = deep
    table = tracked.gradient_table(record)
    with style.look():
        figure, axes = plt.subplots(1, 2)
        frames = {
            f"epoch {step}": gradient_lines.by_layer(table, ids["default"], step)
            for step in (1, 3)
        }
        gradient_lines.draw_by_layer(axes[0], frames)
        steps = gradient_lines.by_step(table, ids["default"], gradients.SHOWN_LAYERS)
        gradient_lines.draw_by_step(axes[1], steps)
        figure.canvas.draw()
    plt.close(figure)
    lines, texts = axes[0].get_legend_handles_labels()
    assert texts == ["epoch 1 (240 of 303 zero)", "epoch 3 (240 of 303 zero)"]
    drawn = lines[0].get_ydata()
    assert np.isnan(drawn[:80]).all()
    assert np.allclose(drawn[80:], frames["epoch 1"]["middle"][80:])
    assert axes[1].get_yscale() == "log"
    assert "layer 0 (9 of 9 zero)" in axes[1].get_legend_handles_labels()[1]


def test_two_replicates_that_are_far_apart_have_an_interval_without_an_end() -> None:
    rows = [
        {"trial_id": "t", "replicate": r, "step": step, "layer": 0, "magnitude": magnitude}
        for r, magnitude in enumerate((1e-100, 1.0))
        for step in (1, 2)
    ]
    table = gradient_lines.by_step(pd.DataFrame(rows), "t", [0])
    assert table["low"].tolist() == [0, 0] and table["high"].tolist() == [np.inf, np.inf]
    assert table["middle"].iloc[0] == pytest.approx(1e-50)
    figure, ax = plt.subplots()
    gradient_lines.draw_by_step(ax, table)
    figure.canvas.draw()
    plt.close(figure)
