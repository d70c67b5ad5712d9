"""The search without Ray: what is suggested, what Optuna hears, what a record gives back."""

import dataclasses
import json
import math
import subprocess
import sys

import optuna
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.trial import TrialState
from ray.tune.search import Searcher

from sweepbook import ASHA, Fidelity, Metric, Search, Study
from sweepbook.commands.extend import write_extension
from sweepbook.plan.manifest import new_manifest, recorded_plan
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.record.load import load_record
from sweepbook.record.storage.places import place
from sweepbook.record.values import Ending
from sweepbook.record.writer import RecordWriter
from sweepbook.search.cell import told
from sweepbook.search.kept import kept_studies
from sweepbook.search.warm_start import with_warm_start
from sweepbook.tune.owed import n_open
from sweepbook.tune.searcher import StudySearch

MODULE = __name__


def space():
    from ray import tune

    return {"x": tune.uniform(0.0, 1.0), "kind": tune.choice(["a", "b"])}


def small_space():
    from ray import tune

    return {"kind": tune.choice(["a", "b"]), "n": tune.randint(0, 2)}


def train(config, state=None):
    for n in range(1, config["rounds"] + 1):
        yield {"round": n, "loss": value_of(config, n)}


def value_of(config, n):
    return (config.get("x", 0.5) - 0.3) ** 2 + (config["kind"] == "b") + config["w"] + 1 / n


def study(**changes):
    search = dict(space=f"{MODULE}:space", n_trials=6, n_random=3) | changes.pop("search", {})
    values = {
        "name": "toy",
        "question": "?",
        "trainable": f"{MODULE}:train",
        "metric": Metric("loss", "min"),
        "fidelity": Fidelity("round", "rounds"),
        "grid": {"w": (0.0, 1.0)},
        "fixed": {"rounds": 4},
        "replicates": 1,
        "search": Search(**search),
        **changes,
    }
    return Study(**values)


def plan_of(options=None, **changes):
    return make_plan(study(**changes), options or Options())


class Driver:
    """Trains what a search suggests, one at a time, as Tune and the callback would."""

    def __init__(self, plan, folder, record=None):
        self.plan, self.endings, self.trials, self.n_asked = plan, {}, {}, 0
        self.search = StudySearch(plan, self.endings, self.admit, folder)
        if record is not None:
            self.search.enter_record(*record)

    def admit(self, trial, cell):
        self.trials[trial.trial_id] = trial
        return (trial, cell)

    def ask(self):
        self.n_asked += 1
        suggestion = self.search.suggest(f"ray{self.n_asked}")
        if suggestion == Searcher.FINISHED:
            return None
        assert suggestion["assignment"][0].trial_id == suggestion["trial_id"]
        return f"ray{self.n_asked}", suggestion["assignment"][0]

    def result(self, trial, n, bad=False):
        value = math.nan if bad else value_of(trial.config, n)
        rows = [{"replicate": 0, "round": n, "loss": value}]
        return {"fidelity": n, "value": value, "rows": rows}

    def train(self, ray_id, trial, ending="finished"):
        """Trains to the end that is asked for; returns (status, last round)."""
        last = 2 if ending in ("stopped", "diverged") else trial.max_fidelity
        for n in range(1, last):
            self.search.on_trial_result(ray_id, self.result(trial, n))
        final = self.result(trial, last, bad=ending == "diverged")
        if ending == "failed":
            self.search.on_trial_complete(ray_id, error=True)
            return "failed", last - 1
        if ending != "finished":
            value = final["value"]
            self.endings[trial.trial_id] = Ending(ending, f"{ending} at round 2", value)
        self.search.on_trial_complete(ray_id, final)
        return ending, last


def optuna_trials(driver, cell=0):
    return driver.search.cells[cell].study.trials


def test_each_ending_is_told_as_what_it_is(tmp_path):
    driver = Driver(plan_of(grid={"w": (0.0,)}), tmp_path)
    endings = ("finished", "stopped", "diverged", "failed")
    for ending in endings:
        ray_id, trial = driver.ask()
        driver.train(ray_id, trial, ending)
    running = driver.ask()
    states = [t.state.name for t in optuna_trials(driver)]
    assert states == ["COMPLETE", "PRUNED", "FAIL", "FAIL", "RUNNING"]
    driver.search.close()
    finished, stopped, diverged, failed, interrupted = optuna_trials(driver)
    assert interrupted.state == TrialState.FAIL and running, "none is left RUNNING"
    assert sorted(finished.intermediate_values) == [1, 2, 3, 4]
    assert finished.value == finished.intermediate_values[4]
    assert sorted(stopped.intermediate_values) == [1, 2], "the step that stopped it, too"
    assert stopped.value == stopped.intermediate_values[2]
    assert diverged.value is None and failed.value is None
    assert [t.user_attrs["status"] for t in optuna_trials(driver)] == [*endings, "interrupted"]
    assert [t.user_attrs["number"] for t in optuna_trials(driver)] == [0, 1, 2, 3, 4]


@given(
    st.sampled_from(["finished", "stopped", "diverged", "failed", "interrupted"]),
    st.dictionaries(st.integers(1, 9), st.floats(), max_size=4),
)
def test_no_ending_tells_a_value_that_is_no_number(status, steps):
    state, value = told(status, steps)
    assert state.is_finished()
    assert (value is None) == (state == TrialState.FAIL)
    if value is not None:
        assert math.isfinite(value) and value == steps[max(steps)]


def test_a_retry_and_a_resume_report_each_step_once(tmp_path):
    driver = Driver(plan_of(), tmp_path)
    ray_id, trial = driver.ask()
    for n in (1, 2, 1, 2):  # the attempt failed after round 2 and began anew
        driver.search.on_trial_result(ray_id, driver.result(trial, n))
    rows = [row for n in (1, 2, 3) for row in driver.result(trial, n)["rows"]]
    driver.search.on_trial_result(ray_id, driver.result(trial, 3) | {"rows": rows})
    (told_so_far,) = optuna_trials(driver)
    assert list(told_so_far.intermediate_values) == [1, 2, 3]


def test_cells_take_turns_and_no_config_is_trained_twice(tmp_path):
    driver = Driver(plan_of(search={"space": f"{MODULE}:small_space", "n_trials": 30}), tmp_path)
    order = []
    while asked := driver.ask():
        order.append((asked[1].config["w"], asked[1].config["kind"], asked[1].config["n"]))
        driver.train(*asked)
    assert len(order) == len(set(order)) == 2 * 4, "all that there is, and each once"
    assert [w for w, *_ in order] == [0.0, 1.0] * 4
    assert driver.search.is_exhausted()
    refused = [t for t in optuna_trials(driver) if "not trained" in t.user_attrs]
    assert refused and all(t.state == TrialState.FAIL for t in refused)
    assert "the same config as trial" in refused[0].user_attrs["not trained"]


def test_points_come_first_and_what_they_leave_open_is_sampled(tmp_path):
    points = [{"x": 0.25, "kind": "b"}, {"kind": "a"}]
    driver = Driver(plan_of(search={"points": points}), tmp_path)
    first = [driver.ask()[1].config for _ in range(4)]
    assert [c["w"] for c in first] == [0.0, 1.0, 0.0, 1.0], "in every cell"
    assert all((c["x"], c["kind"]) == (0.25, "b") for c in first[:2])
    assert all(c["kind"] == "a" for c in first[2:]) and first[2]["x"] != first[3]["x"]


def test_after_the_points_so_many_are_drawn_at_random_before_the_model_is_asked(tmp_path):
    points = [{"x": 0.25, "kind": "b"}, {"x": 0.75, "kind": "a"}]
    suggested = []
    for ending in ("finished", "stopped"):
        search = {"points": points, "n_random": 3, "n_trials": 6}
        driver = Driver(plan_of(grid={"w": (0.0,)}, search=search), tmp_path)
        suggested.append([])
        for number in range(6):
            ray_id, trial = driver.ask()
            suggested[-1].append((trial.config["x"], trial.config["kind"]))
            driver.train(ray_id, trial, ending if number == 1 else "finished")
    one, other = suggested
    assert one[:5] == other[:5], "2 points and 3 at random: what was told plays no part"
    assert one[5] != other[5]


ENDINGS = st.lists(st.sampled_from(["finished", "stopped", "diverged"]), min_size=12, max_size=12)


@settings(max_examples=12)
@given(endings=ENDINGS, cut=st.integers(0, 11), seed=st.integers(0, 9), open_end=st.booleans())
def test_a_search_rebuilt_from_its_record_goes_on_as_if_nothing_had_happened(
    tmp_path_factory, endings, cut, seed, open_end
):
    folder = tmp_path_factory.mktemp("search")
    plan = plan_of(Options(seed=seed))
    undisturbed, rows, reports = Driver(plan, folder), [], []
    for number, ending in enumerate(endings):
        ray_id, trial = undisturbed.ask()
        if number == cut:
            at_cut = list(undisturbed.trials.values())[: cut + open_end]
        status, last = undisturbed.train(ray_id, trial, ending)
        if number < cut:
            rows.append({"trial_id": trial.trial_id, "status": status})
            for n in range(1, last + 1):
                row = undisturbed.result(trial, n, ending == "diverged" and n == last)["rows"][0]
                reports.append({"trial_id": trial.trial_id, "replicate": 0, **row})
    assert undisturbed.ask() is None, "the budget is spent"
    frames = [
        pd.DataFrame(rows, columns=["trial_id", "status"]),
        pd.DataFrame(reports, columns=["trial_id", "replicate", "round", "loss"]),
    ]
    resumed = Driver(dataclasses.replace(plan, trials=tuple(at_cut)), folder, frames)
    for number, ending in enumerate(endings[cut:], cut):
        ray_id, trial = resumed.ask()
        assert trial.number == number
        resumed.train(ray_id, trial, ending)
    again = [t.trial_id for t in resumed.search.known.values()]
    assert again == [t.trial_id for t in undisturbed.search.known.values()]
    for one, two in zip(optuna_trials(undisturbed), optuna_trials(resumed), strict=True):
        assert (one.state, one.value, one.params) == (two.state, two.value, two.params)
        assert one.intermediate_values == pytest.approx(two.intermediate_values, nan_ok=True)


def test_the_seed_decides_and_a_cell_does_not_depend_on_the_others(tmp_path):
    def x(options=None, **changes):
        driver = Driver(plan_of(options, **changes), tmp_path)
        asked = [driver.ask()[1].config for _ in range(4)]
        return [c["x"] for c in asked if c["w"] == 1.0]

    assert x() == x()
    assert x() != x(Options(seed=1)) and x() != x(search={"seed": 1})
    assert x() == x(grid={"w": (1.0,)})[:2]


@pytest.mark.parametrize("where", ["sqlite:///{}/o.db", "{}/o.journal"])
def test_a_kept_optuna_study_is_made_anew_from_the_record_and_nobody_elses_is_touched(
    where, tmp_path
):
    plan = plan_of(grid={"w": (0.0,)})
    search = dataclasses.replace(plan.search, optuna_storage=where.format(tmp_path))
    plan = dataclasses.replace(plan, search=search)
    mine, theirs = tmp_path / "one" / "record", tmp_path / "two" / "record"
    driver = Driver(plan, mine)
    driver.train(*driver.ask())
    lost = driver.ask()  # and the driver is killed: Optuna's trial stays RUNNING
    assert [t.state.name for t in optuna_trials(driver)] == ["COMPLETE", "RUNNING"] and lost
    with pytest.raises(ValueError, match="has a study 'record w=0.0' already"):
        StudySearch(plan, {}, lambda *_: None, theirs)
    again = Driver(plan, mine)
    assert optuna_trials(again) == []


def test_another_kind_of_storage_is_refused(tmp_path):
    plan = plan_of()
    search = dataclasses.replace(plan.search, optuna_storage="here.txt")
    with pytest.raises(ValueError, match="sqlite:///FILE or FILE.journal"):
        Driver(dataclasses.replace(plan, search=search), tmp_path)


@pytest.mark.parametrize("where", ["sqlite:///{}/no/o.db", "sqlite:///{}/o.db", "{}/no/o.journal"])
def test_a_storage_that_cannot_be_opened_is_named_with_what_to_do(where, tmp_path):
    (tmp_path / "o.db").write_text("no database" * 99)
    where = where.format(tmp_path)
    search = dataclasses.replace(plan_of().search, optuna_storage=where)
    with pytest.raises(ValueError, match=f"--optuna-storage {where} cannot be opened.*a folder"):
        kept_studies(search, tmp_path)


def record_of(plan, folder, endings):
    """A real record of a search whose trials ended so."""
    writer = RecordWriter(folder, new_manifest(plan, Options(), [], []))
    driver = Driver(plan, folder)
    for ending in endings:
        ray_id, trial = driver.ask()
        writer.add_trial(trial)
        status, last = driver.train(ray_id, trial, ending)
        for n in range(1, last + 1):
            row = driver.result(trial, n, status == "diverged" and n == last)["rows"][0]
            writer.add_rows(trial.trial_id, [{"replicate": 0, **row}])
        why = {status: "so"} if status in ("stopped", "diverged") else {}
        writer.end_trial(trial.trial_id, "planted" if status == "failed" else None, **why)
    writer.flush()
    return writer


def test_a_record_grows_with_the_search_and_says_what_it_still_owes(tmp_path):
    plan = plan_of(scheduler=ASHA(reduction_factor=2))
    writer = record_of(plan, tmp_path / "r", ["finished", "stopped", "diverged"])
    assert load_record(tmp_path / "r").trials["status"].notna().all(), "readable while it grows"
    assert writer.close() == {"finished": 1, "stopped": 1, "diverged": 1, "untried": 9}
    record = load_record(tmp_path / "r")
    assert record.manifest.status == "interrupted"
    trials = record.trials.sort_values("number")
    assert list(trials["number"]) == [0, 1, 2]
    assert list(trials["status"]) == ["finished", "stopped", "diverged"]
    search = record.manifest.search
    assert (search.scientific, search.nuisance) == (["w"], ["x", "kind"])
    assert search.space["x"]["high"] == 1.0 and search.cells == [{"w": 0.0}, {"w": 1.0}]
    again = recorded_plan(record.manifest)
    assert [t.number for t in again.trials] == [0, 1, 2]
    assert again.search == dataclasses.replace(plan.search, warm_start=[])
    assert again.study.scheduler == ASHA(reduction_factor=2, max_t=4)


def test_a_search_killed_before_its_first_table_goes_on(tmp_path):
    plan, folder = plan_of(), tmp_path / "r"
    record_of(plan, folder, ["finished"]).release()
    (folder / "trials.parquet").unlink()  # the part was written, and then the driver was killed
    record = load_record(folder)
    assert (len(record.trials), len(record.reports)) == (0, 4)
    again = recorded_plan(record.manifest)
    writer = RecordWriter(folder, record.manifest)
    assert n_open(again, writer) == plan.n_trials
    resumed = Driver(again, folder, record)
    ray_id, trial = resumed.ask()
    assert trial.trial_id == again.trials[0].trial_id, "that which has reports"
    for n in range(1, 5):  # from its checkpoint, which has its rows
        writer.add_rows(trial.trial_id, [{"replicate": 0, **resumed.result(trial, n)["rows"][0]}])
    assert writer.end_trial(trial.trial_id) == "finished"
    writer.close()
    assert len(load_record(folder).reports) == 4


@pytest.mark.parametrize("change", [{"trials": []}, {"status": "interrupted"}])
def test_reports_without_trials_are_refused_otherwise(tmp_path, change):
    record_of(plan_of(), tmp_path, ["finished"]).release()
    (tmp_path / "trials.parquet").unlink()
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | change))
    with pytest.raises(ValueError, match="4 report rows but no trial in trials.parquet"):
        load_record(tmp_path)


def exhausted_record(folder, endings):
    """The record of a search that has suggested all of its 8 configs, and its plan."""
    plan = plan_of(search={"space": f"{MODULE}:small_space", "n_trials": 30})
    writer = record_of(plan, folder, endings)
    writer.note(search=dataclasses.replace(writer.manifest.search, exhausted=True))
    writer.close()
    record = load_record(folder)
    return record, recorded_plan(record.manifest)


def test_an_exhausted_search_owes_its_open_trials_and_suggests_these_alone(tmp_path):
    endings = ["finished", "failed", "stopped", "failed", *["finished"] * 4]
    record, plan = exhausted_record(tmp_path / "r", endings)
    writer = RecordWriter(tmp_path / "r", record.manifest)
    assert n_open(plan, writer) == 2
    writer.close()
    resumed = Driver(plan, tmp_path / "r", record)
    asked = [resumed.ask() for _ in range(3)]
    assert [trial.number for _, trial in asked[:2]] == [1, 3] and asked[2] is None
    assert resumed.search.is_exhausted(), "still"


def test_a_search_is_exhausted_when_no_cell_has_anything_left(tmp_path):
    driver = Driver(plan_of(search={"space": f"{MODULE}:small_space", "n_trials": 30}), tmp_path)
    for _ in range(8):
        driver.train(*driver.ask())
    assert not driver.search.is_exhausted(), "as far as it knows"
    driver.search.exhausted.add(0)
    assert not driver.search.is_exhausted(), "the other cell may have more"
    assert driver.ask() is None and driver.search.is_exhausted()
    whole = Driver(plan_of(search={"n_trials": 1, "n_random": 1}), tmp_path)
    while asked := whole.ask():
        whole.train(*asked)
    assert not whole.search.is_exhausted(), "it has its trials"


def test_a_search_extended_by_trials_goes_on_as_a_longer_one(tmp_path):
    endings = ["finished", "stopped", "diverged"] * 4
    short = plan_of(scheduler=ASHA(reduction_factor=2))
    record_of(short, tmp_path / "r", endings).close()
    before = load_record(tmp_path / "r")
    with pytest.raises(ValueError, match="only be extended by --trials"):
        write_extension(before.path, place(tmp_path / "no"), short, Options(epochs=9), [])
    with pytest.raises(ValueError, match="more than 6, .*got 6"):
        write_extension(before.path, place(tmp_path / "no"), short, Options(trials=6), [])
    assert not (tmp_path / "no").exists()
    again = recorded_plan(before.manifest)
    said = write_extension(before.path, place(tmp_path / "r-2"), again, Options(trials=8), [])
    assert (len(said.kept), said.continued, said.anew) == (12, {}, [])
    record = load_record(tmp_path / "r-2")
    pd.testing.assert_frame_equal(record.reports, before.reports)
    pd.testing.assert_frame_equal(record.trials, before.trials)
    resumed = Driver(recorded_plan(record.manifest), tmp_path / "r-2", record)
    longer = plan_of(Options(trials=8), scheduler=ASHA(reduction_factor=2))
    whole = Driver(longer, tmp_path / "whole")
    for ending in endings:
        whole.train(*whole.ask(), ending)
    for _ in range(4):
        (_, mine), (_, theirs) = resumed.ask(), whole.ask()
        assert (mine.trial_id, mine.number) == (theirs.trial_id, theirs.number)
    assert resumed.ask() is None and whole.ask() is None


def test_a_warm_start_tells_what_the_earlier_record_knows_and_no_more(tmp_path):
    earlier = plan_of()
    record_of(earlier, tmp_path / "r", ["finished", "stopped", "diverged", "failed"]).close()
    record = load_record(tmp_path / "r")
    plan, line = with_warm_start(plan_of(Options(seed=1)), record)
    assert "4 of 4 trials" in line
    driver = Driver(plan, tmp_path / "new")
    states = [[t.state.name for t in optuna_trials(driver, cell)] for cell in (0, 1)]
    assert states == [["COMPLETE", "FAIL"], ["PRUNED", "FAIL"]]
    assert optuna_trials(driver, 1)[0].intermediate_values.keys() == {2}
    longer, _ = with_warm_start(plan_of(Options(epochs=8)), record)
    states = [t.state.name for t in optuna_trials(Driver(longer, tmp_path / "long"))]
    assert states == ["PRUNED", "FAIL"], "4 rounds are not the whole of 8"
    with pytest.raises(ValueError, match="none of its 4 trials"):
        with_warm_start(plan_of(grid={"w": (2.0,)}), record)
    with pytest.raises(ValueError, match="unit of fidelity"):
        other = dataclasses.replace(plan_of().study, fidelity=Fidelity("epoch", "rounds"))
        with_warm_start(dataclasses.replace(plan_of(), study=other), record)


@pytest.mark.parametrize(
    "changes, options, message",
    [
        ({"grid": {"x": (0.5,), "w": (0.0,)}}, {}, "'x' is in the space and in the grid"),
        ({"search": {"scientific": ["z"]}}, {}, "scientific names z"),
        ({"search": {"points": [{"x": 2.0}]}}, {}, "x must lie in 0.0 .. 1.0"),
        ({"search": {"points": [{"y": 2.0}]}}, {}, "no setting 'y'"),
        ({"search": {"space": "nowhere:space"}}, {}, "no module 'nowhere'"),
        ({"search": {"points": [{"x": 0.5}] * 3}}, {"trials": 2}, r"points \(3\), got 2"),
        ({"search": None}, {}, None),
    ],
)
def test_a_search_that_cannot_be_is_refused_before_anything_starts(changes, options, message):
    if message is None:
        grid = dataclasses.replace(study(), search=None, grid={"kind": ["a"], "w": [0.0]})
        with pytest.raises(ValueError, match="is a grid"):
            make_plan(grid, Options(trials=3))
        return
    with pytest.raises(ValueError, match=message):
        plan_of(Options(**options), **changes)


def test_optunas_own_history_is_quiet(tmp_path, capfd):
    Driver(plan_of(), tmp_path)
    assert capfd.readouterr().err == ""
    assert optuna.logging.get_verbosity() == optuna.logging.WARNING


def test_the_room_of_searches_knows_no_ray():
    modules = "sweepbook.search.cell, sweepbook.search.kept, sweepbook.search.warm_start"
    code = f"import sys, {modules}; assert 'ray' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
