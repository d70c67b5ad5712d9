"""Mean, last, best and diverged have one definition: whatever reads reports says the same."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweepbook.aggregates.curves import best_rows, curve_table, last_rows
from sweepbook.record.account import Account
from sweepbook.record.load import Record
from sweepbook.record.planned import Trial
from sweepbook.record.rows import trials_frame
from sweepbook.record.storage.places import place
from sweepbook.record.values import Follower, means
from sweepbook.search.cell import CellSearch
from sweepbook.study.asha import ASHA
from sweepbook.study.study import Metric
from sweepbook.tune.scheduler import StudyASHA
from sweepbook.tune.worker.course import Course
from sweepbook.tune.worker.yielded import Step
from tests.records import typed

STUDY = {"name": "s", "fidelity": {"unit": "epoch", "setting": "epochs"}}
NUMBERS = st.one_of(
    st.floats(0.1, 9.0), st.sampled_from([math.nan, math.inf, -math.inf, None, 1.0])
)


def trial(trial_id, n_replicates, n_steps):
    return Trial(
        trial_id=trial_id, trainable="x:y", config={"epochs": n_steps}, stacked=False, seed=0,
        n_replicates=n_replicates, unit="epoch", max_fidelity=n_steps, metric="val_acc", cpus=1,
        gpus=0, cost_s=1.0,
    )  # fmt: skip


@st.composite
def reported(draw):
    """trial_id -> its rows, step by step; some trials report a training loss, others do not."""
    n_replicates, n_steps = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    trials = {}
    for trial_id in ("a", "b"):
        has_loss = draw(st.booleans())
        ends = [draw(st.integers(1, n_steps)) for _ in range(n_replicates - 1)]  # some end early
        steps = []
        for epoch in range(1, n_steps + 1):
            rows = [
                {"replicate": r, "epoch": epoch, "val_acc": draw(NUMBERS)}
                | ({"train_loss": draw(NUMBERS)} if has_loss else {})
                for r, end in enumerate([*ends, n_steps])
                if epoch <= end
            ]
            steps.append(rows)
        trials[trial_id] = steps
    return n_replicates, n_steps, trials


def account_of(manifest, trials):
    """The rows of a record's trials, told step by step as a driver is."""
    account = Account(manifest.study, manifest.trials)
    for trial_id, steps in trials.items():
        for rows in steps:
            account.report(trial_id, rows)
        account.end(trial_id)
    return account


def record_of(n_replicates, n_steps, trials, mode):
    study = STUDY | {"metric": {"name": "val_acc", "mode": mode}}
    manifest = typed({"study": study, "n_replicates": n_replicates})
    planned = tuple(trial(i, n_replicates, n_steps) for i in trials)
    account = account_of(type(manifest)(study=manifest.study, trials=planned), trials)
    reports = pd.DataFrame(account.new_rows).astype({"val_acc": "float64"})
    if "train_loss" in reports:
        reports = reports.astype({"train_loss": "float64"})
    reports = reports.sort_values(["trial_id", "replicate", "epoch"], ignore_index=True)
    table = trials_frame(list(account.trials.values()))
    return Record(place("records/s"), manifest, table, reports)


def same(a, b):
    return (math.isnan(a) and math.isnan(b)) or a == pytest.approx(b, rel=1e-12)


@given(reported(), st.sampled_from(["min", "max"]))
def test_the_table_of_trials_the_report_the_scheduler_and_the_sampler_agree(given_rows, mode):
    n_replicates, n_steps, trials = given_rows
    record = record_of(n_replicates, n_steps, trials, mode)
    curve = curve_table(record, ["val_acc"], record.trials)
    last, best = last_rows(curve, "epoch"), best_rows(curve, mode)
    told = means(record.reports, record.trials, "val_acc", "epoch")
    for row in record.trials.to_dict("records"):
        trial_id = row["trial_id"]
        own = last[last["trial_id"] == trial_id].iloc[0]
        assert row["last_fidelity"] == own["epoch"] == n_steps
        assert row["n_diverged"] == own["n_diverged"]
        assert same(row["val_acc_last"], own["mean"])
        assert same(row["val_acc_last"], told[trial_id, n_steps])
        champion = best[best["trial_id"] == trial_id]
        if champion.empty:
            assert math.isnan(row["val_acc_best"])
        else:
            assert same(row["val_acc_best"], champion["mean"].iloc[0])
            assert row["val_acc_best_at"] == champion["epoch"].iloc[0]
        for heard in (sampled(trials[trial_id], mode), scheduled(trials[trial_id], mode)):
            for epoch, mean in heard.items():
                assert same(mean, told[trial_id, epoch])


def sampled(steps, mode):
    """Means by fidelity as the sampler hears them, step by step."""
    space = {"x": {"kind": "float", "low": 0.0, "high": 1.0, "log": False, "step": None}}
    cell = CellSearch(space, Metric("val_acc", mode), "epoch", n_random=1, seed=(0,))
    cell.ask("t", 0)
    for rows in steps:
        cell.report("t", rows)
    heard = dict(cell.steps["t"])
    cell.close()
    return heard


def scheduled(steps, mode):
    """Means by fidelity as the scheduler has them of a report that brings all steps at once."""
    asha = StudyASHA(ASHA(max_t=8), Metric("val_acc", mode), "epoch", {})
    signed = asha._steps({"rows": [row for rows in steps for row in rows]})
    return {epoch: asha.sign * value for epoch, value in signed.items()}


@given(reported())
def test_what_a_worker_reports_is_the_mean_that_a_record_keeps(given_rows):
    n_replicates, n_steps, trials = given_rows
    for trial_id, steps in trials.items():
        course = Course(trial(trial_id, n_replicates, n_steps), [], None)
        follower = Follower("val_acc", "epoch")
        for rows in steps:
            course.add(Step(int(rows[0]["epoch"]), rows))
            (step,) = follower.take(rows)
            assert same(course.steps[step.fidelity].mean, step.mean)
            assert course.has_diverged() == (step.n_diverged == n_replicates)


def test_a_training_loss_of_nan_makes_a_replicate_diverged_though_its_accuracy_is_finite():
    rows = [
        {"replicate": 0, "epoch": 1, "val_acc": 0.7, "train_loss": math.nan},
        {"replicate": 1, "epoch": 1, "val_acc": 0.7, "train_loss": 0.4},
    ]
    record = record_of(2, 1, {"a": [rows]}, "max")
    (row,) = record.trials.to_dict("records")
    assert row["n_diverged"] == 1 and math.isnan(row["val_acc_last"])
    assert math.isnan(row["val_acc_best"])


def test_a_replicate_stays_diverged_when_its_numbers_come_back():
    follower = Follower("val_acc", "epoch")
    first, second = (
        [{"replicate": r, "epoch": epoch, "val_acc": v} for r, v in enumerate(values)]
        for epoch, values in ((1, (np.inf, 0.5)), (2, (0.6, 0.6)))
    )
    assert [s.n_diverged for s in follower.take([*first, *second])] == [1, 1]


def test_a_replicate_without_a_row_leaves_no_mean_of_the_others():
    rows = [{"replicate": r, "epoch": 1, "val_acc": 0.5 + r} for r in range(2)]
    record = record_of(2, 1, {"a": [rows]}, "max")
    told = means(record.reports.iloc[:1], record.trials, "val_acc", "epoch")
    assert math.isnan(told["a", 1])


@pytest.mark.parametrize("loss", [[0.1, math.nan], "", "n/a"])
def test_a_list_or_a_text_under_the_name_of_the_training_loss_is_none(loss):
    rows = [{"replicate": 0, "epoch": n, "val_acc": 0.5, "train_loss": loss} for n in (1, 2)]
    assert [step.mean for step in Follower("val_acc", "epoch").take(rows)] == [0.5, 0.5]
    table = pd.DataFrame(rows).assign(trial_id="a")
    known = trial("a", 1, 2)
    manifest = typed({"study": STUDY | {"metric": {"name": "val_acc", "mode": "max"}}})
    account = Account(manifest.study, [known])
    account.report("a", rows)
    trials = trials_frame(list(account.trials.values()))
    assert not trials["has_train_loss"][0]
    for told in (trials, trials.drop(columns="has_train_loss")):
        assert means(table, told, "val_acc", "epoch").tolist() == [0.5, 0.5]
