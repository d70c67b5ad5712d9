"""The scheduler without a cluster: reports are made by hand."""

import dataclasses
import json
import math
import pickle
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweepbook import ASHA, Metric
from sweepbook.plan.manifest import new_manifest
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.record.load import load_record
from sweepbook.record.manifest import manifest_of
from sweepbook.record.writer import RecordWriter
from sweepbook.study.rungs import Rungs
from sweepbook.tune.scheduler import StudyASHA
from sweepbook.tune.worker.run import Assignment, reports

FINITE = st.floats(-1e6, 1e6)
BAD = (math.nan, math.inf, -math.inf, None)


def asha(mode="min", max_t=27, grace=1, factor=3, brackets=1, **last):
    settings = ASHA(grace_period=grace, reduction_factor=factor, max_t=max_t, brackets=brackets)
    return StudyASHA(settings, Metric("val_x", mode), "epoch", {}, last)


def report(scheduler, trial_id, epoch, value, rows=None):
    """Reports a value and returns the decision; Ray's own ids are not those of the study."""
    trial = SimpleNamespace(trial_id=f"ray-{trial_id}", config={"trial_id": trial_id})
    result = {"fidelity": epoch, "value": value, "training_iteration": 1}
    if rows is not None:
        result["rows"] = rows
    return scheduler.on_trial_result(None, trial, result)


def rows_at(epoch, *values):
    return [{"replicate": r, "epoch": epoch, "val_x": v} for r, v in enumerate(values)]


def contents(scheduler):
    return [bracket.values for bracket in scheduler.rungs]


@pytest.mark.parametrize("mode, good, bad", [("min", 0.5, 0.71), ("max", 0.71, 0.5)])
def test_a_trial_below_the_cutoff_is_stopped_with_rung_value_and_cutoff(mode, good, bad):
    scheduler = asha(mode)
    assert report(scheduler, "a", 9, good) == "CONTINUE", "nobody was there before"
    assert report(scheduler, "b", 9, bad) == "STOP"
    ending = scheduler.endings["b"]
    relation = ">" if mode == "min" else "<"
    assert str(ending) == f"stopped at rung epoch 9: val_x {bad} {relation} cutoff {good}"
    assert (ending.status, ending.rung, ending.value) == ("stopped", 9, bad)
    assert ending.cutoff == good
    assert list(scheduler.endings) == ["b"]


@pytest.mark.parametrize("mode", ["min", "max"])
def test_the_better_trial_goes_on_and_equal_ones_do_too(mode):
    scheduler = asha(mode)
    better = 0.4 if mode == "min" else 0.6
    values = {"a": 0.5, "same": 0.5, "better": better}
    assert {report(scheduler, t, 1, v) for t, v in values.items()} == {"CONTINUE"}
    assert scheduler.endings == {}


def test_reasons_show_a_difference_that_is_small():
    scheduler = asha()
    report(scheduler, "a", 1, 0.123456)
    report(scheduler, "b", 1, 0.1234561)
    reason = scheduler.endings["b"].reason
    assert reason == "stopped at rung epoch 1: val_x 0.1234561 > cutoff 0.123456"


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("bad", BAD)
def test_a_value_that_is_no_number_ends_the_trial_at_once_as_diverged(mode, bad):
    scheduler = asha(mode)
    assert report(scheduler, "first", 2, bad) == "STOP", "at no rung, and before any other"
    ending = scheduler.endings["first"]
    assert ending.status == "diverged"
    assert "val_x" in ending.reason and "epoch 2" in ending.reason
    assert (ending.rung, ending.cutoff) == (None, None)


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("bad", BAD)
def test_a_diverged_trial_is_the_worst_of_its_rung_and_stops_nobody(mode, bad):
    scheduler = asha(mode)
    for name in "abc":
        report(scheduler, name, 2, bad)
    assert scheduler.rungs[0].values[3] == dict.fromkeys("abc", -math.inf)
    assert scheduler.rungs[0].values[9] == {}, "it would have come to the next rung, no further"
    assert report(scheduler, "poor", 3, 1e9 if mode == "min" else -1e9) == "CONTINUE"
    assert report(scheduler, "good", 3, 0.5) == "CONTINUE"


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("diverged_first", [True, False])
def test_beside_a_diverged_trial_the_worse_of_two_is_stopped(mode, diverged_first):
    scheduler = asha(mode, factor=2)
    good, poor, better = (0.5, 0.6, 0.4) if mode == "min" else (0.5, 0.4, 0.6)
    before = [("bad", 2, math.nan), ("good", 2, good)]
    for trial in before if diverged_first else before[::-1]:
        report(scheduler, *trial)
    assert report(scheduler, "poor", 2, poor) == "STOP"
    assert scheduler.endings["poor"].cutoff == good
    assert report(scheduler, "better", 2, better) == "CONTINUE"


@given(st.lists(FINITE, min_size=1, max_size=20), st.integers(0, 20), st.integers(2, 7))
def test_a_diverged_trial_counts_as_a_very_bad_one_but_nothing_lies_between(values, n_bad, factor):
    rungs, far = Rungs((1,), factor), Rungs((1,), factor)
    for i, value in enumerate([-math.inf] * n_bad + values):
        rungs.add(str(i), 1, value)
        far.add(str(i), 1, max(value, -1e15))
    ours, theirs = rungs.cutoff(1), far.cutoff(1)
    if theirs >= min(values):
        assert ours == theirs
    else:
        assert ours == (-math.inf if theirs == -1e15 else min(values))


def test_one_diverged_replicate_is_counted_in_the_reason():
    scheduler = asha()
    assert report(scheduler, "a", 3, math.nan, rows_at(3, 0.5, math.nan, None)) == "STOP"
    assert scheduler.endings["a"].reason == "2 of 3 replicates NaN or infinite at epoch 3"


def test_an_end_at_the_last_fidelity_is_no_stop_however_bad_the_value():
    scheduler = asha(max_t=27, short=9)
    for epoch in (9, 27):
        report(scheduler, "good", epoch, 0.1)
        assert scheduler.endings == {}
    assert report(scheduler, "bad", 27, 9.9) == "CONTINUE", "it ends by itself"
    assert report(scheduler, "short", 9, 9.9) == "CONTINUE"
    assert scheduler.endings == {}, "both have finished"
    assert "short" in scheduler.rungs[0].values[9]


@given(st.lists(FINITE, min_size=1, max_size=40), st.integers(2, 7))
def test_cutoffs_are_those_of_ray(values, factor):
    rungs = Rungs((1,), factor)
    for i, value in enumerate(values):
        rungs.add(str(i), 1, value)
    expected = np.nanpercentile(values, (1 - 1 / factor) * 100)
    assert rungs.cutoff(1) == pytest.approx(expected, rel=1e-9, abs=1e-6)


@given(st.lists(st.one_of(FINITE, st.just(-math.inf)), min_size=1, max_size=40), st.integers(2, 7))
def test_a_cutoff_is_never_nan_and_the_best_always_passes(values, factor):
    rungs = Rungs((1,), factor)
    for i, value in enumerate(values):
        rungs.add(str(i), 1, value)
    cutoff = rungs.cutoff(1)
    assert min(values) <= cutoff <= max(values)


STREAM = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.one_of(FINITE, st.sampled_from(BAD))), max_size=60
)


@given(STREAM, st.sampled_from(["min", "max"]), st.integers(1, 2))
def test_rungs_rebuilt_from_a_record_are_those_of_the_study(stream, mode, brackets):
    """Whatever was reported, in whatever order: each trial counts its epochs until it ends."""
    scheduler, epochs, rows = asha(mode, brackets=brackets), {}, []
    ended = set()
    for trial_id, value in stream:
        if trial_id not in ended:
            epoch = epochs[trial_id] = epochs.get(trial_id, 0) + 1
            rows.append({"trial_id": trial_id, **rows_at(epoch, value)[0]})
            if report(scheduler, trial_id, epoch, value, rows_at(epoch, value)) == "STOP":
                ended.add(trial_id)
    assert ended >= scheduler.endings.keys()
    columns = {"trial_id": "str", "replicate": "int64", "epoch": "int64", "val_x": "float64"}
    reports = pd.DataFrame(rows, columns=list(columns)).astype(columns)
    rebuilt = asha(mode, brackets=brackets)
    trials = reports[["trial_id"]].drop_duplicates()
    status = trials["trial_id"].map(lambda i: "stopped" if i in ended else "interrupted")
    rebuilt.enter_record(trials.assign(status=status), reports.sample(frac=1))
    for trial_id in sorted(epochs.keys() - ended):  # an open trial tells its last step again
        last = [row for row in rows if row["trial_id"] == trial_id][-1:]
        report(rebuilt, trial_id, epochs[trial_id], last[0]["val_x"], last)
    assert contents(rebuilt) == contents(scheduler)


def test_a_trial_whose_end_was_not_recorded_any_more_is_judged_again():
    """Its driver died between the part with its last row and the table with its status."""
    before, rows = asha(), []
    for trial_id, value in (("a", 0.1), ("b", 0.2), ("c", 0.3)):
        rows += [{"trial_id": trial_id, **row} for row in rows_at(3, value)]
        decision = report(before, trial_id, 3, value, rows_at(3, value))
    assert decision == "STOP"
    trials = pd.DataFrame({"trial_id": ["a", "b", "c"], "status": ["finished"] * 2 + ["running"]})
    resumed = asha()
    resumed.enter_record(trials, pd.DataFrame(rows))
    assert report(resumed, "c", 3, 0.3, rows_at(3, 0.3)) == "STOP"
    assert resumed.endings["c"] == before.endings["c"]


def test_a_rung_holds_the_mean_over_replicates_and_another_order_changes_nothing():
    rows = [{"trial_id": t, **row} for t in "ab" for row in rows_at(3, 0.25, 0.75)]
    reports = pd.DataFrame(rows)
    scheduler = asha("max")
    scheduler.enter_record(reports[["trial_id"]].iloc[:1].assign(status="stopped"), reports)
    assert scheduler.rungs[0].values[3] == {"a": 0.5}, "b is not among the trials"
    assert scheduler.rungs[0].values[1] == {"a": 0.5}, "its first known step from there on"


def test_a_resumed_trial_is_judged_by_its_value_at_the_rung_not_later():
    """It goes on from a checkpoint, and brings the steps that the record had lost."""
    scheduler = asha()
    report(scheduler, "a", 9, 0.5)
    rows = [*rows_at(8, 0.3, 0.3), *rows_at(9, 0.6, 0.8), *rows_at(10, 0.2, 0.2)]
    assert report(scheduler, "b", 10, 0.2, rows) == "STOP"
    assert scheduler.endings["b"].reason == "stopped at rung epoch 9: val_x 0.7 > cutoff 0.5"
    assert scheduler.rungs[0].values[3]["b"] == -0.3


def test_a_retried_trial_is_not_judged_twice():
    scheduler = asha()
    report(scheduler, "a", 3, 0.5)
    report(scheduler, "b", 3, 0.4)
    report(scheduler, "c", 3, 0.1)
    assert report(scheduler, "a", 3, 0.5) == "CONTINUE"
    assert len(scheduler.rungs[0].values[3]) == 3


def test_a_bracket_depends_on_the_trial_alone_and_all_are_used():
    one, two = asha(brackets=2), asha(brackets=2)
    np.random.seed(1)  # noqa: NPY002  # Ray draws from the global state: ours must not
    names = [f"{i:012x}" for i in range(200)]
    indices = [one.rungs.index(one.bracket_of(name)) for name in names]
    assert indices == [two.rungs.index(two.bracket_of(name)) for name in reversed(names)][::-1]
    assert 100 < indices.count(0) < 190, "about e : 1"
    assert [bracket.levels for bracket in one.rungs] == [(1, 3, 9, 27), (3, 9, 27)]


def test_it_can_be_pickled_as_tune_does_and_printed():
    scheduler = asha()
    report(scheduler, "a", 3, 0.5)
    again = pickle.loads(pickle.dumps(scheduler))
    assert contents(again) == contents(scheduler)
    assert "3: -0.5" in scheduler.debug_string()


def test_it_needs_a_bound_max_t():
    with pytest.raises(ValueError, match="max_t of a scheduler"):
        StudyASHA(ASHA(), Metric("val_x", "min"), "epoch", {})


def planned(toy_file, scheduler, **options):
    """The toy study, three rounds to a trial, with a scheduler."""
    (study,) = load_studies([str(toy_file)])
    return make_plan(dataclasses.replace(study, scheduler=scheduler), Options(**options))


def test_a_plan_binds_the_scheduler_to_its_trials(toy_file):
    assert planned(toy_file, ASHA()).study.scheduler == ASHA(max_t=3)
    ids = {t.trial_id for t in planned(toy_file, None).trials}
    assert {t.trial_id for t in planned(toy_file, ASHA()).trials} == ids
    scaled = planned(toy_file, ASHA(grace_period=2), scale=10.0)
    assert scaled.study.scheduler == ASHA(grace_period=20, max_t=30)
    with pytest.raises(ValueError, match=r"grace_period .*max_t \(1\), got 2"):
        planned(toy_file, ASHA(grace_period=2), epochs=1)


def test_a_trial_cut_short_by_max_t_is_another_trial_and_ends_there(toy_file, tmp_path):
    plan, whole = planned(toy_file, ASHA(max_t=2)), planned(toy_file, None)
    assert {t.max_fidelity for t in plan.trials} == {2}
    assert {t.trial_id for t in plan.trials}.isdisjoint(t.trial_id for t in whole.trials)
    assert plan.trials[0].config["rounds"] == 3, "what the config says stays as it is"
    for name in ("checkpoints", "parts"):
        (tmp_path / name).mkdir()
    made = list(reports(Assignment(plan.trials[0], [str(tmp_path)], [])))
    assert [report["fidelity"] for report in made] == [1, 2]


def test_endings_come_into_the_record_with_rung_and_cutoff(toy_file, tmp_path):
    plan = planned(toy_file, ASHA(grace_period=2))
    manifest = manifest_of(json.loads(json.dumps(new_manifest(plan, Options(), [], []).as_json())))
    assert manifest.study.scheduler == plan.study.scheduler
    writer = RecordWriter(tmp_path / "r", manifest)
    one, two = (t.trial_id for t in plan.trials)
    for trial_id, value in ((one, 0.5), (two, math.nan)):
        both = [{"round": 2, "replicate": r, "val_acc": v} for r, v in enumerate((0.5, value))]
        writer.start_trial(trial_id)
        writer.retry_trial(trial_id)
        writer.add_rows(trial_id, both)
    writer.end_trial(one, stopped="stopped at rung round 2: why", rung=2, cutoff=0.75)
    writer.end_trial(two, diverged="1 of 2 replicates NaN or infinite at round 2")
    writer.close()
    trials = load_record(tmp_path / "r").trials.set_index("trial_id")
    assert tuple(trials.loc[one, ["status", "rung", "cutoff"]]) == ("stopped", 2, 0.75)
    assert trials.loc[one, "reason"] == "stopped at rung round 2: why"
    assert trials.loc[two, "status"] == "diverged"
    assert trials.loc[two, "reason"] == "1 of 2 replicates NaN or infinite at round 2"
    assert trials.loc[two, ["rung", "cutoff"]].isna().all()
    assert list(trials["n_retries"]) == [1, 1]
