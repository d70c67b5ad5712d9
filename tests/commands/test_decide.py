"""Replicates that a command adds to a record until its claims are decided."""

import contextlib
import io
import sys
import textwrap

import pandas as pd
import pytest
from rich.console import Console

from sweepbook.commands import training
from sweepbook.commands.deciding import begin, loop
from sweepbook.commands.deciding.command import decide, decide_all
from sweepbook.commands.extend import extend
from sweepbook.commands.resume import resume
from sweepbook.commands.run import run_studies
from sweepbook.commands.training import tell_endings
from sweepbook.commands.verify import verify
from sweepbook.findings.sequential.design import Design
from sweepbook.findings.sequential.judge import Judged
from sweepbook.plan.options import Options
from sweepbook.plan.studies import load_studies
from sweepbook.record.best import best_of
from sweepbook.record.digest import record_digest
from sweepbook.record.load import load_record
from sweepbook.tune.worker.run import Assignment, reports

STUDY = """
    import numpy as np
    from sweepbook import ASHA, Fidelity, Metric, Study, higher
    MORE

    def train(config, state=None):
        for n in range(state["at"] + 1 if state else 1, config["rounds"] + 1):
            draw = np.random.default_rng([config["seed"], n]).normal()
            row = {"split": "test", "row_id": np.arange(2), "label": np.zeros(2, int),
                   "predicted": np.zeros(2, int), "probability": np.full(2, 0.5)}
            yield {"round": n, "val_acc": config["slope"] * n + draw,
                    "state": lambda n=n: {"at": n}, "predictions": lambda: row}

    def single(config):
        return True

    def claim(slope):
        return higher("val_acc", {"slope": slope}, than={"slope": 1.0}, by=0.0,
                      because="planted", statement=f"{slope} is better than 1.")

    STUDY = Study(
        name="planted", question="Which slope?", trainable="MODULE:TRAIN",
        metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"),
        grid={"slope": (1.0, 2.0, 3.0, 4.0)}, fixed={"rounds": 2}, FIELDS
    )
"""
CLAIMS = "replicates=4, claims=[claim(2.0), claim(3.0)]"
UNTIL = {2.0: 8, 3.0: 12}  # slope -> the look at which its claim is decided


@pytest.fixture
def trained(monkeypatch):
    """Trains in this process; a list of the (slope, replicates) that were trained."""
    found = []

    def train(plans, writers, **rest):
        (plan,), (writer,) = plans, writers
        for trial in plan.trials:
            if writer.trials[trial.trial_id]["status"] in ("finished", "diverged"):
                continue
            if found.count("stop") and found[-1] == "stop":
                raise KeyboardInterrupt
            writer.start_trial(trial.trial_id)
            if found[-1:] == ["fail"]:
                writer.end_trial(trial.trial_id, error="RuntimeError: no memory")
                continue
            job = Assignment(trial, [str(writer.folder)], list(rest["import_paths"]))
            for report in reports(job):
                writer.add_rows(trial.trial_id, report["rows"])
            writer.end_trial(trial.trial_id)
            found.append((trial.config["slope"], trial.replicates))

    monkeypatch.setattr(training, "train", train)
    return found


@pytest.fixture
def judged(monkeypatch):
    """Claims are decided at the looks of UNTIL, whatever the values."""

    def design_of(record, claims, *, looks, unlimited=False):
        return Design(looks=looks, alpha=0.05, spending="any", claims_sha256="", frozen={})

    def judge(record, design, past):
        look = len(past) + 1
        n, endings, wanted = design.looks[look - 1], {}, set()
        for claim in record.manifest.study.claims:
            slope = claim.arms[0]["slope"]
            known = past[-1].endings[claim.name] if past else {"state": "open"}
            if known["state"] == "open":
                known = {"state": "holds" if n >= UNTIL[slope] else "open", "look": look, "n": n}
            endings[claim.name] = known
            own = record.trials[record.trials["config/slope"].isin([1.0, slope])]
            if known["state"] == "open":
                sizes = {*own["n_replicates"]}
                assert sizes in ({n}, {1}), "all arms have the look's replicates"
                wanted |= set(own["trial_id"])
        return Judged(look=look, n=n, endings=endings, wanted=frozenset(wanted))

    for module in (begin, loop):
        monkeypatch.setattr(module, "judge", judge)
    monkeypatch.setattr(begin, "design_of", design_of)


@pytest.fixture
def run(toy_file, tmp_path, trained):
    """run(fields, more) -> the folder of a study's record; "" of a name: its own."""

    def call(fields=CLAIMS, more="", train="train", name=None, replicates=None):
        text = STUDY.replace("MORE", more).replace("FIELDS", fields).replace("TRAIN", train)
        toy_file.write_text(textwrap.dedent(text).replace("MODULE", toy_file.stem))
        sys.modules.pop(toy_file.stem, None)
        (folder,) = run_studies(
            load_studies([str(toy_file)]), Options(replicates=replicates),
            storage=tmp_path / "records", console=console(), cache=False, name=name,
        )  # fmt: skip
        trained.clear()
        return folder

    return call


def console():
    return Console(file=io.StringIO(), width=300)


def decided(folder, **options):
    """The record that the command wrote, what it said, and how its trials ended."""
    shown = console()
    ended = decide([folder], console=shown, **options)
    (new,) = ended
    return load_record(new), " ".join(shown.file.getvalue().split()), ended


def numbers(record, slope):
    """The reports of one arm, without trial_id and times."""
    (trial_id,) = record.trials.loc[record.trials["config/slope"] == slope, "trial_id"]
    own = record.reports[record.reports["trial_id"] == trial_id]
    return own[["replicate", "round", "val_acc"]].reset_index(drop=True)


def test_only_open_claims_get_replicates_and_only_new_ones_are_trained(run, judged, trained):
    folder = run()
    before = {name: (folder / name).read_bytes() for name in ("manifest.json", "reports.parquet")}
    new, said, ended = decided(folder, looks="8,12,16")
    assert (
        new.name == "planted-decide" and {n: (folder / n).read_bytes() for n in before} == before
    )
    assert {*trained} == {
        *((slope, range(4, 8)) for slope in (1.0, 2.0, 3.0)),
        *((slope, range(8, 12)) for slope in (1.0, 3.0)),
    }
    sizes = new.trials.set_index("config/slope")["n_replicates"].to_dict()
    assert sizes == {1.0: 12, 2.0: 8, 3.0: 12, 4.0: 4}
    whole = load_record(run(name="whole", replicates=12))
    for slope, n in sizes.items():
        expected = numbers(whole, slope)
        expected = expected[expected["replicate"] < n].reset_index(drop=True)
        pd.testing.assert_frame_equal(numbers(new, slope), expected)
    assert "look 1 of 4 (4 seeds): 0 claims decided, 2 open" in said
    assert "2 of 2 claims are decided: 2 hold and 0 do not" in said
    assert tell_endings(ended, console()), "exit code 0"
    assert new.manifest.status == "complete" and new.manifest.decide.ending == "decided"
    assert [look["n"] for look in new.manifest.decide.judged] == [4, 8, 12]
    assert not (new.path / "batches").exists()


def test_what_a_trial_s_row_says_is_of_all_its_replicates(run, judged):
    new, _, _ = decided(run(), looks="8,12")
    whole = load_record(run(name="whole", replicates=12))
    columns = ["val_acc_last", "val_acc_best", "val_acc_best_at", "n_diverged", "last_fidelity"]
    rows = [one.trials.set_index("config/slope").loc[3.0, columns] for one in (new, whole)]
    assert rows[0].to_dict() == rows[1].to_dict()
    predicted = new.predictions().groupby("trial_id")["replicate"].nunique()
    sizes = new.trials.set_index("trial_id")["n_replicates"]
    assert predicted.to_dict() == sizes.to_dict()


def test_a_decided_record_can_be_verified_and_its_best_model_taken(run, judged):
    folder = run()
    new, _, _ = decided(folder, looks="8,12")
    assert verify(new.path, 4, 0, None) == ([], 4)
    best, old = best_of(new), best_of(load_record(folder))
    assert (best.n_replicates, best.state, best.value) == (4, old.state, old.value)
    assert best.lineage.record_digest == record_digest(new)


def test_it_goes_on_where_it_was_interrupted_with_the_same_digest(run, judged, trained):
    whole, _, _ = decided(run(name="calm"), looks="8,12")
    folder = run(name="stopped")
    trained.append("stop")
    new, said, ended = decided(folder, looks="8,12")
    assert trained == ["stop"], "Ctrl-C came before a trial of the first batch ended"
    assert not tell_endings(ended, console()) and new.manifest.status == "interrupted"
    assert set(new.trials["n_replicates"]) == {4} and len(new.reports) == 4 * 4 * 2
    assert "2 claims are open: the training was interrupted after 4 seeds" in said
    assert not verify(new.path, 1, 0, None)[0], "the record is valid as it stands"
    trained.clear()
    again, _, _ = decided(new.path)
    assert record_digest(again) == record_digest(whole) == again.manifest.record_digest
    assert again.manifest.status == "complete" and len(again.manifest.resumed) == 1


@pytest.mark.parametrize("where", ["judge", "add_batch", "drop_batches"])
def test_it_goes_on_from_wherever_it_was_killed(run, judged, trained, monkeypatch, where):
    whole, _, _ = decided(run(name="calm"), looks="8,12")
    folder = run(name="killed")

    class Killed(BaseException):
        pass

    known, calls = getattr(loop, where), []

    def kill(*arguments):
        calls.append(arguments)
        if len(calls) == 2:  # after rows were taken, in the second look
            raise Killed
        return known(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(loop, where, kill)
        with contextlib.suppress(Killed):
            decided(folder, looks="8,12")
    new = folder.parent / "killed-decide"
    trained.clear()
    (ended,) = resume(new, console=console()).values()
    again = load_record(new)
    assert record_digest(again) == record_digest(whole)
    assert [look["n"] for look in again.manifest.decide.judged] == [4, 8, 12]
    times = [len(one.manifest.sessions) for one in (again, whole)]
    assert times[0] == times[1], "no batch is counted twice"


def test_a_spent_budget_ends_a_decision_that_another_command_continues(run, judged, trained):
    folder = run()
    new, said, ended = decided(folder, looks="8,12", budget="0.001s")
    assert trained == [] and tell_endings(ended, console()), "it is what was asked for"
    assert "the budget was spent at 4 seeds" in said and new.manifest.decide.ending == "budget"
    assert new.manifest.status == "complete"
    again, _, _ = decided(new.path, budget="1h")
    assert again.manifest.decide.ending == "decided"


def test_a_trial_that_fails_ends_the_command_and_is_trained_again_by_the_next(
    run, judged, trained
):
    whole, _, _ = decided(run(name="calm"), looks="8,12")
    folder = run(name="failing")
    trained.append("fail")
    new, said, ended = decided(folder, looks="8,12")
    assert not tell_endings(ended, console()), "exit code 1"
    assert new.manifest.status == "failed" and set(new.trials["n_replicates"]) == {4}
    assert "3 trials failed, so the look at 8 seeds is not judged" in said
    trained.clear()
    again, _, _ = decided(new.path)
    assert record_digest(again) == record_digest(whole) and again.manifest.status == "complete"


def test_looks_that_are_over_leave_claims_open(run, judged):
    new, said, ended = decided(run(), looks="6,8")
    assert new.manifest.decide.ending == "looks" and tell_endings(ended, console())
    assert "1 claim is open: 8 seeds were not enough" in said


def test_the_design_is_written_before_the_first_batch(run, judged, monkeypatch):
    seen = []

    def train(plans, writers, **rest):
        record = load_record(writers[0].folder.parent.parent)
        seen.append((record.manifest.decide, set(record.trials["n_replicates"])))
        raise KeyboardInterrupt

    folder = run()
    monkeypatch.setattr(training, "train", train)
    decided(folder, looks="8,12")
    ((decision, sizes),) = seen
    assert decision.design["looks"] == [4, 8, 12] and sizes == {4}
    assert decision.record == "planted" and len(decision.judged) == 1


@pytest.mark.parametrize(
    "fields, options, said",
    [
        ("replicates=4", {}, "has no claims"),
        (CLAIMS + ", scheduler=ASHA(grace_period=1, reduction_factor=2)", {}, "--no-scheduler"),
        (CLAIMS + ', single="MODULE:single"', {"looks": "8"}, "do not depend on the seed"),
        ("replicates=4, claims=[claim(5.0)]", {"looks": "8"}, "no undecided claim"),
        (CLAIMS, {"looks": "8,8"}, "--looks"),
        (CLAIMS, {"looks": "2,8"}, "begin at 4"),
        (CLAIMS, {"most": "4"}, "more than 4"),
        (CLAIMS, {"most": "none"}, "needs a --budget"),
        (CLAIMS, {"budget": "30"}, "--budget"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_written(
    run, judged, monkeypatch, fields, options, said
):
    monkeypatch.setitem(UNTIL, 5.0, 1)
    if "5.0" in fields:
        folder = run(CLAIMS)
        monkeypatch.setitem(UNTIL, 2.0, 1)
        monkeypatch.setitem(UNTIL, 3.0, 1)
    else:
        folder = run(fields)
    with pytest.raises(ValueError, match=said):
        decide([folder], console=console(), **options)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_looks_are_fixed_and_a_decided_record_is_not_extended(run, judged):
    new, _, _ = decided(run(), looks="8,12")
    with pytest.raises(ValueError, match="fixed before its first batch, at 4, 8, 12"):
        decide([new.path], console=console(), looks="8,20")
    with pytest.raises(ValueError, match="extend planted"):
        extend(new.path, Options(replicates=20), console=console())
    with pytest.raises(ValueError, match="twice"):
        decide([new.path, new.path], console=console())


def test_after_a_run_records_without_open_claims_are_passed_over(run, judged):
    shown = console()
    plain, open_ones = run("replicates=4", name="plain"), run(name="open")
    ended = decide_all([plain, open_ones], placement=loop.HERE, force=False, console=shown)
    assert [folder.name for folder in ended] == ["open-decide"]
    assert "not decided: " in shown.file.getvalue() and "has no claims" in shown.file.getvalue()


STACK = """
    from sweepbook.stack import seeds_of

    def stacked(config, state=None):
        seeds = SEEDS
        for n in range(1, config["rounds"] + 1):
            own = [config["slope"] + np.random.default_rng([seed, n]).normal() for seed in seeds]
            yield {"round": n, "replicates": {"val_acc": own}}
"""


@pytest.mark.parametrize("seeds", ["seeds_of(config)", "range(config['replicates'])"])
def test_a_stack_that_counts_from_0_again_is_refused(run, judged, seeds):
    folder = run(f"stacked=True, {CLAIMS}", more=STACK.replace("SEEDS", seeds), train="stacked")
    if "range" in seeds:
        with pytest.raises(ValueError, match="first_replicate"):
            decided(folder, looks="8,12")
        new = load_record(folder.parent / "planted-decide")
        assert set(new.trials["n_replicates"]) == {4}, "it stands at its last look"
        return
    new, _, _ = decided(folder, looks="5,9,12")  # 5: one replicate more, with a companion
    whole = load_record(run(f"stacked=True, {CLAIMS}", more=STACK.replace("SEEDS", seeds),
                            train="stacked", name="whole", replicates=12))  # fmt: skip
    pd.testing.assert_frame_equal(numbers(new, 3.0), numbers(whole, 3.0))
    assert verify(new.path, 4, 0, None) == ([], 4)


def test_several_records_are_decided_one_after_the_other(run, judged):
    first, second = run(name="first"), run(name="second")
    ended = decide([first, second], console=console(), looks="8,12")
    assert [folder.name for folder in ended] == ["first-decide", "second-decide"]
    assert len({record_digest(load_record(folder)) for folder in ended}) == 1
