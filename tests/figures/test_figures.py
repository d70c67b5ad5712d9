"""Every kind of figure: what the artists hold, what the CSV holds, what the caption says."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sweepbook.aggregates.curves import curve_table
from sweepbook.aggregates.nothing import NothingToDraw
from sweepbook.figures import lines as curves
from sweepbook.figures.axes import scale_y
from sweepbook.figures.captions import reading_figures
from sweepbook.figures.drawn import Drawn
from sweepbook.figures.kinds import KINDS, draw, specs_of
from sweepbook.figures.style import look
from sweepbook.record.load import Record, load_record
from tests.records import declared

Make = Callable[..., Path]
SPECS: dict[str, dict[str, Any]] = {
    "curves": {"metrics": ["val_loss", "val_acc"], "by": ["lr"]},
    "panels": {"metrics": ["train_acc", "val_acc"], "by": ["lr"]},
    "extremes": {"metrics": ["train_loss", "val_loss"], "select": "val_acc"},
    "against": {"metrics": ["train_acc", "val_acc"], "x": "lr", "log_x": True},
    "steps": {"by": ["lr"]},
    "per_batch": {"by": ["lr"]},
    "table": {"metrics": ["val_loss", "val_acc"], "by": ["lr"], "at": [1, 4, 99]},
}
CONFIGS = [{"lr": lr, "batch_losses": True} for lr in (1.0, 0.01, 0.0001)]


def spec_of(kind: str, **changes: Any) -> dict[str, Any]:
    return {"kind": kind, "name": kind, "title": kind.title()} | SPECS[kind] | changes


def lines(ax: Axes, gid: str) -> list[Any]:
    return [line for line in ax.get_lines() if line.get_gid() == gid]


def render(drawn: Drawn, *suffixes: str) -> None:
    assert drawn.figure is not None
    with look():
        for suffix in suffixes or ("svg",):
            drawn.figure.savefig(io.BytesIO(), format=suffix)


@pytest.fixture
def record(make_record: Make) -> Record:
    return load_record(make_record(CONFIGS, epochs=8, n_replicates=3))


@pytest.mark.parametrize("kind", sorted(set(KINDS) & set(SPECS)))
def test_every_kind_draws_and_has_a_short_caption(record: Record, kind: str) -> None:
    before = dict(mpl.rcParams)
    drawn = draw(spec_of(kind), record)
    if kind == "table":
        assert drawn.cells is not None and drawn.figure is None
    else:
        render(drawn, "svg", "png")
    assert dict(mpl.rcParams) == before  # the process's own settings stay
    sentences = drawn.caption.removesuffix(".").split(". ")
    assert sentences[0] and max(len(said.split()) for said in sentences) <= 25, drawn.caption
    assert len(drawn.numbers) and set(drawn.numbers["trial_id"]) <= set(record.trials["trial_id"])


def test_curves_hold_the_aggregates_and_nothing_else(record: Record) -> None:
    drawn = draw(spec_of("curves", metrics=["val_loss"]), record)
    table = curve_table(record, ["val_loss"], record.trials).set_index("trial_id")
    by_lr = record.trials.set_index("config/lr")["trial_id"]
    ax = drawn.figure.axes[0]  # type: ignore[union-attr]  # a curves figure is never None
    means = lines(ax, "mean")
    assert [line.get_label() for line in means] == ["lr 0.0001", "lr 0.01", "lr 1"]
    for line, lr in zip(means, (0.0001, 0.01, 1.0), strict=True):
        own = table.loc[by_lr[lr]]
        assert line.get_xdata().tolist() == own["epoch"].tolist()
        assert line.get_ydata().tolist() == own["mean"].tolist()
    assert len(lines(ax, "replicate")) == 3 * 3
    columns = ["mean", "low", "high", "replicate_0", "replicate_1", "replicate_2"]
    expected = pd.concat([table.loc[[by_lr[lr]]] for lr in (0.0001, 0.01, 1.0)])
    assert drawn.numbers[columns].to_numpy().tolist() == expected[columns].to_numpy().tolist()
    assert drawn.caption == "Validation loss (lower is better) of 3 trials over 8 epochs."
    assert "3 replicates" in reading_figures(record)
    assert ax.get_ylabel() == "validation loss" and ax.get_xlabel() == "epoch"


def test_the_band_is_the_interval_at_every_epoch(record: Record) -> None:
    drawn = draw(spec_of("curves", metrics=["val_acc"], where={"lr": 0.01}), record)
    band = drawn.figure.axes[0].collections[0].get_paths()[0].vertices  # type: ignore[union-attr]  # as above
    for row in drawn.numbers.to_dict("records"):
        at = band[np.isclose(band[:, 0], row["epoch"])][:, 1]
        assert at.min() == pytest.approx(row["low"]) and at.max() == pytest.approx(row["high"])


def test_overlay_draws_one_panel_with_a_line_per_metric(make_record: Make) -> None:
    record = load_record(make_record([{"lr": 0.1}]))
    metrics = ["train_loss", "val_loss", "test_loss"]
    drawn = draw(spec_of("curves", metrics=metrics, by=[], overlay=True), record)
    assert drawn.figure is not None and len(drawn.figure.axes) == 1
    labels = [line.get_label() for line in lines(drawn.figure.axes[0], "mean")]
    assert labels == ["training loss", "validation loss", "test loss"]


def test_a_diverged_mean_ends_with_a_cross_and_a_sentence(make_record: Make) -> None:
    endings = {0: {"status": "diverged", "diverge": {0: 4, 2: 6}}}
    record = load_record(make_record(CONFIGS, endings=endings))
    drawn = draw(spec_of("curves", metrics=["val_loss"]), record)
    ax = drawn.figure.axes[0]  # type: ignore[union-attr]  # a curves figure is never None
    (cross,) = lines(ax, "ending")
    assert cross.get_marker() == "x" and cross.get_xdata().tolist() == [3]
    assert "lr 1 (2 of 3 replicates, from epoch 4)" in drawn.caption
    lost = drawn.numbers[(drawn.numbers["config/lr"] == 1.0) & (drawn.numbers["epoch"] >= 4)]
    assert lost["mean"].isna().all() and lost["replicate_1"].notna().all()
    cells = draw(spec_of("table"), record).cells
    assert cells is not None and "3 (2 diverged)" in set(cells["n"])
    render(drawn)


def test_stopped_trials_are_marked_and_called_censored(make_record: Make) -> None:
    endings = {1: {"status": "stopped", "last": 3, "reason": "rung 3"}}
    record = load_record(make_record(CONFIGS, endings=endings))
    drawn = draw(spec_of("curves", metrics=["val_loss"]), record)
    (bar,) = lines(drawn.figure.axes[0], "ending")  # type: ignore[union-attr]  # as above
    assert bar.get_marker() == "|" and bar.get_xdata().tolist() == [3]
    assert "1 trial (lr 0.01): stopped early" in drawn.caption and "censored" in drawn.caption
    assert (
        "Not a candidate: 1 trial that did not finish" in draw(spec_of("extremes"), record).caption
    )


def test_of_many_trials_the_best_are_named_and_the_csv_has_all(make_record: Make) -> None:
    configs = [{"lr": 0.1 * 0.8**i} for i in range(20)]
    record = load_record(make_record(configs, n_replicates=1))
    drawn = draw(spec_of("curves", metrics=["val_loss"]), record)
    ax = drawn.figure.axes[0]  # type: ignore[union-attr]  # a curves figure is never None
    last = record.reports[record.reports["epoch"] == 8].sort_values("val_loss")
    best = record.trials.set_index("trial_id").loc[last["trial_id"].head(3), "config/lr"]
    assert {line.get_label() for line in lines(ax, "mean")} == {f"lr {lr:.4g}" for lr in best}
    assert drawn.numbers["trial_id"].nunique() == 20 and "one of 20 trials" in drawn.caption
    background = [c for c in ax.collections if c.get_gid() == "background"]
    assert len(background[0].get_segments()) == 17  # type: ignore[attr-defined]  # LineCollection
    render(drawn)


def test_against_draws_the_values_at_the_end_at_the_settings_tried(record: Record) -> None:
    drawn = draw(spec_of("against", metrics=["val_acc"]), record)
    ax = drawn.figure.axes[0]  # type: ignore[union-attr]  # an against figure is never None
    (line,) = lines(ax, "mean")
    assert line.get_xdata() == pytest.approx([0.0001, 0.01, 1.0])
    last = record.reports[record.reports["epoch"] > 3].groupby("trial_id")["val_acc"].mean()
    by_lr = record.trials.set_index("config/lr")["trial_id"].sort_index()
    assert line.get_ydata() == pytest.approx([last[t] for t in by_lr])
    ticks = [text.get_text() for text in ax.get_xticklabels()]
    assert ticks == ["0.0001", "0.01", "1"] and ax.get_xscale() == "log"
    assert set(drawn.numbers["epoch"]) == {8}


def test_against_takes_words_and_switches_as_places(make_record: Make) -> None:
    record = load_record(make_record([{"norm": False}, {"norm": True}]))
    drawn = draw(spec_of("against", x="norm", metrics=["val_acc"]), record)
    ax = drawn.figure.axes[0]  # type: ignore[union-attr]  # an against figure is never None
    assert [text.get_text() for text in ax.get_xticklabels()] == ["off", "on"]
    assert lines(ax, "mean")[0].get_linestyle() == "None"


def test_steps_shows_steps_and_seconds_of_each_trial(record: Record) -> None:
    drawn = draw(spec_of("steps"), record)
    assert drawn.numbers["steps"].tolist() == [12.0, 12.0, 12.0]
    mean = record.reports.groupby(["trial_id", "epoch"])["time_s"].max().groupby("trial_id").mean()
    assert drawn.numbers["seconds"].tolist() == [mean[t] for t in drawn.numbers["trial_id"]]
    assert "all 3 replicates" in drawn.caption


def test_a_table_has_reached_fidelities_and_each_trial_s_end(make_record: Make) -> None:
    record = load_record(make_record([{"lr": 0.1, "epochs": 4}, {"lr": 0.2, "epochs": 6}]))
    drawn = draw(spec_of("table", at=[1, 5, 50]), record)
    assert drawn.cells is not None
    assert list(zip(drawn.cells["lr"], drawn.cells["epoch"], strict=True)) == [
        ("0.1", "1"), ("0.1", "mean of 1–4"), ("0.2", "1"), ("0.2", "5"),
        ("0.2", "mean of 2–6"),
    ]  # fmt: skip
    assert drawn.cells["validation loss"].str.contains(" ± ").all()
    only_last = draw(spec_of("table", at=["last"]), record).cells
    assert only_last is not None
    assert only_last["epoch"].tolist() == ["mean of 1–4", "mean of 2–6"]


def test_what_all_rows_of_a_table_share_stands_in_its_head(record: Record) -> None:
    cells = draw(spec_of("table", metrics=["val_loss"], at=["last"]), record).cells
    assert cells is not None
    assert list(cells) == ["lr", "n", "validation loss, mean of epochs 4–8"]


def test_what_holds_for_all_figures_is_said_once_for_a_report(make_record: Make) -> None:
    data = {"name": "europe-csv", "splits": "given"}
    record = load_record(make_record(CONFIGS, data=data, study=declared("batch-norm")))
    one = load_record(make_record(CONFIGS, at="records/one", n_replicates=1))
    said = reading_figures([record, one])
    assert "1 to 3 replicates" in said and "split is given" in said and "Hollow" in said
    assert len(said.split(". ")) <= 3
    assert "no intervals" in reading_figures(one) and "Hollow" not in reading_figures(one)


def test_a_record_of_one_step_gets_no_curves_of_one_point(make_record: Make) -> None:
    configs = [{"lr": lr, "depth": depth} for lr in (0.1, 0.2, 0.3) for depth in (1, 2)]
    record = load_record(make_record(configs, epochs=1))
    against, table = specs_of(record)
    assert (against["kind"], against["x"], table["kind"]) == ("against", "lr", "table")
    assert against["title"] == "Validation loss against lr"
    alone = load_record(make_record(configs[:1], at="records/alone", epochs=1))
    assert [spec["kind"] for spec in specs_of(alone)] == ["table"]
    for spec in (against, table):
        draw(spec, record)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "pie"}, "unknown kind 'pie'"),
        ({"metrics": []}, "needs metrics"),
        ({"metrics": ["f1"]}, "have no ['f1']"),
        ({"where": {"lr": 7}}, "no trial has lr = 7"),
        ({"where": {"rate": 7}}, "no setting is called 'rate'"),
        ({"by": ["depth"]}, "no setting is called 'depth'"),
    ],
)
def test_a_spec_that_fits_nothing_says_why(
    record: Record, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(NothingToDraw) as caught:
        draw(spec_of("curves") | changes, record)
    assert said in str(caught.value)


def test_extremes_refuse_test_data(record: Record) -> None:
    with pytest.raises(NothingToDraw, match="validation metric"):
        draw(spec_of("extremes", select="test_acc"), record)


def test_a_study_without_figures_gets_its_metric_by_what_differs(record: Record) -> None:
    specs = specs_of(record)
    assert [spec["kind"] for spec in specs] == ["curves", "table"]
    assert all(spec["by"] == ["lr"] and spec["metrics"] == ["val_loss"] for spec in specs)


def test_a_setting_keeps_its_colour_in_every_figure_of_a_record(make_record: Make) -> None:
    configs = [
        {"size": s, "norm": n} for n in (False, True) for s in (1, 16, 128) if s > 1 or not n
    ]
    record = load_record(make_record(configs))
    colours = []
    for norm in (False, True):
        spec = spec_of("curves", metrics=["val_acc"], by=["size"], where={"norm": norm})
        ax = draw(spec, record).figure.axes[0]  # type: ignore[union-attr]
        colours.append({line.get_label(): line.get_color() for line in lines(ax, "mean")})
    assert colours[1] == {k: v for k, v in colours[0].items() if k != "size 1"}


@pytest.mark.parametrize(("epochs", "n_replicates"), [(1, 1), (2, 2)])
def test_the_smallest_records_draw(make_record: Make, epochs: int, n_replicates: int) -> None:
    record = load_record(make_record(CONFIGS, epochs=epochs, n_replicates=n_replicates))
    for kind in SPECS:
        drawn = draw(spec_of(kind), record)
        if drawn.figure is not None:
            render(drawn)
        if n_replicates == 1 and kind in ("curves", "against", "table"):
            assert "no intervals" in reading_figures(record)


def test_labels_beside_lines_stay_apart() -> None:
    places = curves.spread([0.1, 0.1, 0.1, 0.9], 0.05)
    assert np.diff(places).min() >= 0.05 - 1e-12 and places == sorted(places)
    assert np.mean(places[:3]) == pytest.approx(0.1) and places[3] == 0.9


def test_long_log_axes_have_few_whole_powers_as_ticks() -> None:
    for values, expected in (
        ([1e-20, 1e30], ["10⁻²⁰", "10⁻¹⁰", "1", "10¹⁰", "10²⁰", "10³⁰"]),
        ([0.13, 3.4], ["0.2", "0.5", "1", "2"]),
        ([0.05, 40.0], ["0.1", "0.3", "1", "3", "10", "30"]),
    ):
        ax = Figure().subplots()
        scale_y([ax], np.array(values), log=None)
        assert [text.get_text() for text in ax.get_yticklabels()] == expected
