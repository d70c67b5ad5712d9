"""A trial's best state: the one of its best step, whatever happens to the trial afterwards."""

import itertools
import textwrap
from pathlib import Path

import pytest
import torch

from sweepbook.plan.manifest import new_manifest
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.record.best import best_of
from sweepbook.record.load import load_record
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.site import keeping_of
from sweepbook.tune.worker import course
from sweepbook.tune.worker.run import Assignment, reports
from sweepbook.tune.worker.states import best_state

# What is given as the state goes on being trained: the list and the tensor are the live ones.
CURVES = """
    import torch
    from sweepbook import ASHA, Fidelity, Metric, Study

    SHIFT = 0.0

    def train(config, state=None):
        live = state or {"at": 0, "told": [], "weight": torch.zeros(2), "names": {"a": "b"}}
        for n in range(live["at"] + 1, config["rounds"] + 1):
            live["at"] = n
            live["told"].append(n)
            live["weight"] += 1.0
            value = config["curve"][n - 1]
            value = None if value is None else value + SHIFT
            yield {"round": n, "val_loss": value, "state": lambda: live}

    CURVES = Study(
        name="curves", question="?", trainable="MODULE:train", metric=Metric("val_loss", "min"),
        fidelity=Fidelity("round", "rounds"), grid={"curve": [CURVE]}, replicates=2,
        fixed={"rounds": ROUNDS}, scheduler=SCHEDULER,
    )
"""
VALLEY = [5.0, 3.0, 1.0, 1.0, 2.0, 4.0]


class Killed(BaseException):
    pass


class Work:
    """One trial of a study file, its record's writer, and an attempt to train it."""

    def __init__(self, file, curve, scheduler="None", source=CURVES):
        text = textwrap.dedent(source).replace("MODULE", file.stem).replace("CURVE]", f"{curve}]")
        text = text.replace("ROUNDS", str(len(curve))).replace("SCHEDULER", scheduler)
        file.write_text(text)
        (study,) = load_studies([str(file)])
        plan = make_plan(study, Options())
        (self.trial,), self.folder = plan.trials, file.parent / "record"
        self.writer = RecordWriter(self.folder, new_manifest(plan, Options(), [], []))
        self.job = Assignment(self.trial, [str(self.folder)], [], keeping_of(plan.study))

        self.is_killed = False

    def train(self, upto=None):
        """Trains up to the report of a round, in which the worker then waits for ever."""
        self.made = reports(self.job)
        for report in self.made:
            if self.is_killed:
                raise Killed
            self.writer.add_rows(self.trial.trial_id, report["rows"])
            if upto is not None and report["fidelity"] >= upto:
                break
        self.writer.flush()

    def best(self):
        return best_of(load_record(self.folder), self.trial.trial_id)

    def files(self):
        return sorted(path.name for path in Path(self.folder / "checkpoints").iterdir())

    def is_of(self, best, fidelity):
        assert best.fidelity == fidelity and not best.why_no_state
        assert len(best.state) == 2, "one per replicate"
        for state in best.state:
            assert (state["at"], state["told"]) == (fidelity, list(range(1, fidelity + 1)))
            assert torch.equal(state["weight"], torch.full((2,), float(fidelity)))
        return True


@pytest.fixture
def make_work(toy_file):
    """make_work(curve, scheduler, source) -> `Work` on a study file of its own."""
    made = []

    def make(*arguments, **named):
        made.append(Work(toy_file, *arguments, **named))
        return made[-1]

    yield make
    for work in made:
        work.writer.release()


def test_the_state_is_that_of_the_first_best_step_though_training_goes_on_with_it(make_work):
    work = make_work(VALLEY)
    work.train()
    best = work.best()
    assert work.is_of(best, 3), "round 4 is as good"
    assert best.metrics["val_loss"] == best.value == 1.0
    assert best.replicates["val_loss"] == [1.0, 1.0]


def test_no_state_is_on_the_disk_twice(make_work):
    work = make_work([3.0, 2.0, 1.0])
    work.train()
    assert work.is_of(work.best(), 3)
    assert work.files() == [f"{work.trial.trial_id}.pt"]


GIVEN = '"state": lambda: live'
MODELS = CURVES.replace(GIVEN, f'{GIVEN}, "model": lambda: {{"m": n}}')


@pytest.mark.parametrize("every_s", [-1, 1000])
@pytest.mark.parametrize("upto", [None, 1, 3, 5])
@pytest.mark.parametrize("curve, at", [(VALLEY, 3), ([3.0, 2.0, 1.5, 1.2, 1.1, 1.0], 6)])
def test_a_model_apart_from_the_state_is_kept_of_the_best_step(
    make_work, monkeypatch, every_s, upto, curve, at
):
    """Also where that is the last step, and where the worker is killed on the way."""
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", every_s)
    work = make_work(curve, source=MODELS)
    if upto is not None:
        work.train(upto)
    work.train()
    assert work.best().state == [{"m": at}] * 2
    name = work.trial.trial_id
    assert work.files() == [f"{name}.best-{at}.pt", f"{name}.pt"]


def test_earlier_bests_go(make_work, monkeypatch):
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", -1)
    work = make_work([5.0, 3.0, 4.0, 2.0, 6.0, 1.0, 7.0])
    work.train()
    assert work.is_of(work.best(), 6)
    assert work.files() == [f"{work.trial.trial_id}.best-6.pt", f"{work.trial.trial_id}.pt"]


@pytest.mark.parametrize("curve", [[None, 3.0, 2.0], [4.0, None, 1.0]])
def test_a_diverged_step_is_never_the_best(make_work, curve):
    work = make_work(curve)
    work.train()
    if curve[0] is None:
        with pytest.raises(ValueError, match="no value of val_loss"):
            work.best()
    else:
        assert work.is_of(work.best(), 1)


@pytest.mark.parametrize("upto, best", [(2, 2), (4, 3)])
def test_a_trial_that_waits_at_a_rung_has_its_best_state_on_the_disk(make_work, upto, best):
    """Tune ends its process there: nothing that a worker does afterwards can be relied on."""
    work = make_work(VALLEY, "ASHA(grace_period=2, reduction_factor=2)")
    work.train(upto)
    assert work.is_of(work.best(), best)


def test_nothing_is_written_at_a_step_that_ends_no_trial(make_work, monkeypatch):
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", 1000)
    work = make_work(list(range(300, 0, -1)), "ASHA(grace_period=200, reduction_factor=2)")
    work.train(upto=150)
    assert work.files() == []
    assert work.best().fidelity == 150 and work.best().state is None


@pytest.mark.parametrize("every_s", [-1, 1000], ids=["checkpoint at each step", "at rungs"])
@pytest.mark.parametrize("curve", [VALLEY, [1.0, *VALLEY[1:]], VALLEY[::-1], [2.0, None, 1.0]])
def test_a_resumed_trial_has_the_best_state_of_an_undisturbed_one(
    make_work, monkeypatch, every_s, curve
):
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", every_s)
    work = make_work(curve, "ASHA(grace_period=1, reduction_factor=2)")
    expected = curve.index(min(curve)) + 1 if None not in curve else 1
    for upto in range(1, len(curve)):
        work.train(upto)  # and is killed
    work.train()
    assert work.is_of(work.best(), expected)


@pytest.mark.parametrize("name", ["save_best", "save_checkpoint", "drop_best"])
def test_a_worker_may_be_killed_between_two_files(make_work, monkeypatch, name):
    """Right before any of its writes, and right behind it; then it is tried again."""
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", -1)
    where = course if name == "save_checkpoint" else best_state
    usual = getattr(where, name)
    curve = [5.0, 3.0, 4.0, 2.0, 6.0, 1.0, 7.0, 8.0]
    work, n_kills = make_work(curve), 0
    for number, is_behind in itertools.product(range(1, 9), (False, True)):
        calls = itertools.count(1)

        def killing(*arguments, number=number, is_behind=is_behind, calls=calls):
            is_now = next(calls) == number
            work.is_killed = is_now
            if is_now and not is_behind:
                raise Killed
            usual(*arguments)
            if is_now:
                raise Killed

        monkeypatch.setattr(where, name, killing)
        try:
            work.train()
        except Killed:
            n_kills, work.is_killed = n_kills + 1, False
            work.writer.flush()
            if not is_behind and len(load_record(work.folder).reports):
                assert work.is_of(work.best(), work.best().fidelity), "of what was reported"
        else:
            break
    monkeypatch.setattr(where, name, usual)
    work.train()
    assert n_kills >= 2
    assert work.is_of(work.best(), 6)


def test_a_state_of_a_lost_attempt_is_not_taken_for_one_of_the_recorded_step(
    make_work, monkeypatch, toy_file
):
    """Training that does not repeat itself, and a worker that was killed between two files."""
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", -1)
    work = make_work(VALLEY)
    usual, calls = course.save_checkpoint, itertools.count(1)

    def killing(*arguments):
        if next(calls) == 5:  # the best state, of round 3, is there
            raise Killed
        usual(*arguments)

    monkeypatch.setattr(course, "save_checkpoint", killing)
    with pytest.raises(Killed):
        work.train()
    assert f"{work.trial.trial_id}.best-3.pt" in work.files()
    Path(work.folder / "checkpoints" / f"{work.trial.trial_id}.pt").unlink()
    __import__(toy_file.stem).SHIFT = 0.5
    second = RecordWriter(work.folder.parent / "second", work.writer.manifest)
    second.release()
    source = work.folder / "checkpoints" / f"{work.trial.trial_id}.best-3.pt"
    target = second.folder / "checkpoints" / source.name
    Path(target).write_bytes(source.read_bytes())
    monkeypatch.setattr(course, "save_checkpoint", lambda *_: None)  # killed before the first
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", 1000)
    for report in reports(Assignment(work.trial, [str(second.folder)], [])):
        second.add_rows(work.trial.trial_id, report["rows"])
    second.flush()
    best = best_of(load_record(second.folder), work.trial.trial_id)
    assert best.fidelity == 3 and best.state is None and best.why_no_state


GIVES_SOMETIMES = CURVES.replace('"state": lambda: live', '"state": STATE')


@pytest.mark.parametrize(
    "given, is_kept",
    [("None", False), ("(lambda: live) if n % 2 else None", True), ("lambda: [n]", True)],
    ids=["never", "sometimes", "plain values"],
)
def test_a_trainable_may_give_no_state(make_work, given, is_kept):
    work = make_work(VALLEY, source=GIVES_SOMETIMES.replace("STATE", given))
    work.train()
    best = work.best()
    assert (best.fidelity, best.value, best.status) == (3, 1.0, "running")
    assert (best.state is not None) == is_kept
    assert bool(best.why_no_state) != is_kept
    if not is_kept:
        assert "'state'" in best.why_no_state and work.trial.trial_id in best.why_no_state


def test_two_records_that_share_a_trial_both_have_its_best_state(make_work, tmp_path):
    work = make_work(VALLEY)
    other = RecordWriter(tmp_path / "other", work.writer.manifest)
    other.release()
    job = Assignment(work.trial, [str(work.folder), str(other.folder)], [], work.job.keeping)
    for report in reports(job):
        for writer in (work.writer, other):
            writer.add_rows(work.trial.trial_id, report["rows"])
    for writer in (work.writer, other):
        writer.flush()
        assert work.is_of(best_of(load_record(writer.folder), work.trial.trial_id), 3)


def test_a_trial_that_stands_at_a_rung_is_judged_there_before_it_trains_on(make_work):
    """The driver may have died before it heard of the rung: the trial would get a step more."""
    work = make_work(VALLEY, "ASHA(grace_period=2, reduction_factor=2, max_t=6)")
    work.train(2)
    (first, *others) = reports(work.job)
    assert first["fidelity"] == 2 and {row["round"] for row in first["rows"]} == {1, 2}
    assert [report["fidelity"] for report in others] == [3, 4, 5, 6]
    assert {row["round"] for row in others[0]["rows"]} == {3}
