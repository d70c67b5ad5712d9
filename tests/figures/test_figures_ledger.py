"""Where the time went, as the report shows it for every record that says so."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest

from sweepbook.aggregates.nothing import NothingToDraw
from sweepbook.figures import style
from sweepbook.figures.cost.ledger import MOST_BARS, PHASES
from sweepbook.figures.drawn import Drawn
from sweepbook.figures.kinds import draw
from sweepbook.pages.report import write_report
from sweepbook.record import ledger
from sweepbook.record.load import Record, load_record

SESSION = {"started": "then", "wall_s": 61.0, "slots": 2, "n_trials": 3, "occupied_s": 100.0,
           "work_s": 90.0, "ideal_s": 45.0, "n_studies": 1}  # fmt: skip
Make = Callable[..., Path]


def with_ledger(make_record: Make, n_trials: int, **rest: object) -> Path:
    folder = make_record([{"lr": float(i)} for i in range(n_trials)], epochs=2, **rest)
    trials = pd.read_parquet(folder / "trials.parquet")
    for i, phase in enumerate(PHASES):
        trials[f"time_{phase}_s"] = (i + 1.0) * (1 + trials["config/lr"])
    trials["time_total_s"] = trials[[f"time_{phase}_s" for phase in PHASES]].sum(axis=1)
    trials.to_parquet(folder / "trials.parquet")
    return folder


def drawn(record: Record) -> Drawn:
    return draw({"kind": "ledger", "name": "ledger"}, record)


def test_the_phases_are_those_that_are_recorded() -> None:
    assert tuple(PHASES) == ledger.PHASES


@pytest.mark.parametrize("n_trials, n_bars", [(1, 1), (3, 3), (500, MOST_BARS)])
def test_bars_are_the_trials_or_groups_of_them(
    make_record: Make, n_trials: int, n_bars: int
) -> None:
    record = load_record(with_ledger(make_record, n_trials, sessions=[SESSION]))
    made = drawn(record)
    assert made.figure is not None
    slots, bars = made.figure.axes
    assert [len(container) for container in bars.containers] == [n_bars] * len(PHASES)
    ends = [patch.get_x() + patch.get_width() for patch in bars.containers[-1]]
    sizes = [n_trials / n_bars] * n_bars
    weighted = sum(end * size for end, size in zip(ends, sizes, strict=True))
    assert weighted == pytest.approx(record.trials["time_total_s"].sum(), rel=0.05)
    assert len(made.numbers) == n_trials, "the CSV has every trial"
    assert list(made.numbers[list(PHASES)].sum(axis=1)) == pytest.approx(
        list(made.numbers["time_total_s"])
    )
    shares = [container[0].get_width() for container in slots.containers]
    assert shares == pytest.approx([100 * v / 122 for v in (90, 10, 22)])
    assert "wall 61 s, ideal 45 s of 2 slots" in made.notes
    with style.look():
        made.figure.savefig(BytesIO())


def test_a_record_from_before_the_ledger_has_no_such_figure(make_record: Make) -> None:
    with pytest.raises(NothingToDraw, match="do not say where their time went"):
        drawn(load_record(make_record([{"lr": 0.1}])))


def test_every_report_shows_it_without_being_asked(make_record: Make, tmp_path: Path) -> None:
    with_one = with_ledger(make_record, 2, name="told")
    without = make_record([{"lr": 0.1}], at="records/silent", name="silent")
    out = tmp_path / "report"
    page = write_report([with_one, without], out).read_text()
    assert page.count("<summary>Where the time went</summary>") == 1
    assert (out / "report.md").read_text().count("### Where the time went") == 1
    assert [p.stem for p in (out / "figures").glob("*-ledger.csv")] == ["told-ledger"]
    write_report([without], out)
    assert not list((out / "figures").glob("*-ledger.*")), "gone with its record"
