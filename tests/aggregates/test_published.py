"""Published values meet exactly the trials that they are about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sweepbook.aggregates.published import label, published_points
from sweepbook.figures.captions import reading_figures
from sweepbook.figures.kinds import draw
from sweepbook.record.load import load_record
from tests.records import declared

Make = Callable[..., Path]
BASE: dict[str, Any] = {"depth": 6, "width": 16, "lr": 0.001, "batch_size": 256,
                        "batch_norm": True, "epochs": 12}  # fmt: skip


def points_of(folder: Path) -> dict[tuple[str, int], float]:
    record = load_record(folder)
    frame = published_points(record, record.trials)
    keys = zip(frame["metric"], frame["epoch"], strict=True)
    return dict(zip(keys, frame["value"], strict=True))


def test_values_match_by_setting_and_reached_epoch(make_record: Make) -> None:
    found = points_of(make_record([BASE], study=declared("batch-norm")))
    assert found[("val_acc", 1)] == 0.795 and found[("test_loss", 10)] == 0.209
    assert {epoch for _, epoch in found} == {1, 10}  # 20, 50, 100 were not reached


@pytest.mark.parametrize("changes", [{"batch_norm": False}, {"width": 8}, {"lr": 0.01}])
def test_another_setting_has_no_published_value(
    make_record: Make, changes: dict[str, Any]
) -> None:
    assert points_of(make_record([BASE | changes], study=declared("batch-norm"))) == {}


def test_a_study_of_the_name_alone_has_no_published_value(make_record: Make) -> None:
    assert points_of(make_record([BASE], name="batch-norm")) == {}


def test_architectures_match_at_their_printed_epochs(make_record: Make) -> None:
    one = {"depth": 1, "width": 16, "epochs": 30}
    found = points_of(make_record([BASE | one], study=declared("architecture")))
    assert found[("val_acc", 30)] == 0.925 and len(found) == 6


def test_batch_sizes_are_about_nets_without_batch_norm(make_record: Make) -> None:
    off = BASE | {"batch_size": 1, "batch_norm": False, "epochs": 1}
    assert points_of(make_record([off], study=declared("batch-size")))[("train_acc", 1)] == 0.622
    on = off | {"batch_norm": True}
    assert points_of(make_record([on], at="on", study=declared("batch-size"))) == {}


@pytest.mark.parametrize(
    ("data", "expected"),
    [("europe", "published (single run, other data)"), ("europe-csv", "published (single run)")],
)
def test_figures_draw_hollow_diamonds_and_say_whose_data(
    make_record: Make, data: str, expected: str
) -> None:
    folder = make_record([BASE], study=declared("batch-norm"), data={"name": data})
    spec = {"kind": "curves", "name": "c", "metrics": ["val_acc"], "by": ["batch_norm"]}
    drawn = draw(spec, load_record(folder))
    ax = drawn.figure.axes[0]  # type: ignore[union-attr]  # a curves figure is never None
    (diamonds,) = [line for line in ax.get_lines() if line.get_gid() == "published"]
    assert diamonds.get_xdata().tolist() == [1, 10]
    assert diamonds.get_ydata().tolist() == [0.795, 0.940]
    assert diamonds.get_markerfacecolor() == "none"
    record = load_record(folder)
    assert label(record) == expected and f"Hollow diamonds: {expected};" in reading_figures(record)
    assert drawn.numbers["published"].dropna().tolist() == [0.795, 0.940]
