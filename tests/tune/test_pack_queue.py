"""The packs of a study with a scheduler: who trains next with whom, and who judges."""

import dataclasses

import pytest

from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.study.asha import ASHA
from sweepbook.study.forms.fused import Fused
from sweepbook.tune.packed.queue import PackQueue
from sweepbook.tune.scheduler import StudyASHA


@pytest.fixture
def queue(toy_file):
    """queue(n, most, n_workers): a queue of n trials with rungs at 1, 3 and 9."""

    def made(n, most, n_workers=1):
        module = toy_file.stem
        toy_file.write_text(toy_file.read_text() + f"\n\ndef size(config):\n    return {most}\n")
        (study,) = load_studies([str(toy_file)])
        study = dataclasses.replace(
            study,
            grid={"slope": [float(i) for i in range(1, n + 1)]},
            fixed={"rounds": 9},
            stacked=True,
            fuse=True,
            scheduler=ASHA(grace_period=1, reduction_factor=3),
            fused=Fused(train=f"{module}:train_toy", per_model=["slope"], size=f"{module}:size"),
        )
        plan = make_plan(study, Options())
        scheduler = StudyASHA(plan.study.scheduler, plan.study.metric, "round", {})
        return PackQueue(
            plan.study, plan.trials, scheduler, lambda t, until: (t, until), n_workers
        )

    return made


def report(queue, trial_id, at):
    value = queue.trials[trial_id].config["slope"]
    rows = [{"replicate": r, "round": at, "val_acc": value} for r in range(2)]
    if queue.judge({"of": trial_id, "fidelity": at, "value": value, "rows": rows}):
        queue.end(trial_id)


def finish(queue, suggested):
    """Has a pack reach its rung, as the callback tells it; returns who goes on."""
    _, until = suggested["assignment"]
    name = suggested["trial_id"]
    members = queue.packs[name]
    for trial_id in members:
        report(queue, trial_id, until)
    queue.pack_ended(name)
    open_ones = [trial_id for trial_id in members if not queue.has_ended(trial_id)]
    return [trial_id for trial_id in open_ones if queue.put_back(trial_id)]


def test_survivors_form_packs_up_to_their_next_rung_until_none_is_left(queue):
    own = queue(9, most=4)
    untils, sizes = [], []
    while isinstance(suggested := own.suggest("x"), dict):
        trials, until = suggested["assignment"]
        untils.append(until)
        sizes.append(len(trials))
        finish(own, suggested)
    assert suggested == PackQueue.FINISHED
    assert untils[0] == 1 and set(untils) == {1, 3, 9} and max(sizes) <= 4
    finished = [i for i in own.trials if own.reached[i] == 9]
    assert finished and own.ended | set(finished) == set(own.trials)
    assert not own.ended & set(finished), "who reaches the end is not stopped"


def test_a_worker_waits_only_where_nothing_can_be_trained(queue):
    own = queue(6, most=10, n_workers=2)
    first, second = own.suggest("x"), own.suggest("y")
    assert [len(one["assignment"][0]) for one in (first, second)] == [3, 3], "both are busy"
    assert own.suggest("z") is None
    assert finish(own, first)
    third = own.suggest("z")
    assert third["assignment"][1] == 3


def test_judging_again_changes_nothing(queue):
    own = queue(3, most=3)
    suggested = own.suggest("x")
    goes_on = finish(own, suggested)
    before = {level: dict(values) for level, values in own.scheduler.rungs[0].values.items()}
    for trial_id in goes_on:
        report(own, trial_id, 1)
    assert own.scheduler.rungs[0].values == before
    assert not set(goes_on) & own.ended


def test_trials_of_a_pack_that_failed_train_alone(queue):
    own = queue(3, most=3)
    suggested = own.suggest("x")
    own.pack_ended(suggested["trial_id"])
    for trial_id in own.packs[suggested["trial_id"]]:
        own.retry(trial_id, alone=True)
    assert [len(own.suggest(name)["assignment"][0]) for name in "abc"] == [1, 1, 1]


def test_a_trainable_that_ends_by_itself_is_not_asked_for_ever(queue):
    own = queue(1, most=3)
    suggested = own.suggest("x")
    assert finish(own, suggested)
    suggested = own.suggest("x")
    (trial_id,) = own.packs[suggested["trial_id"]]
    report(own, trial_id, 1)  # it had nothing more to yield
    own.pack_ended(suggested["trial_id"])
    assert not own.put_back(trial_id)
