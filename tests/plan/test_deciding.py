"""Which trials a decision trains next, and under which ids."""

import dataclasses

import pytest

from sweepbook.plan.further.deciding import can_grow, next_batch, to_grow
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.record.batches.ranges import batches_of


@pytest.fixture
def plan(toy_file):
    (study,) = load_studies([str(toy_file)])
    return make_plan(study, Options(replicates=5))


def grown(plan):
    return dataclasses.replace(plan, trials=tuple(to_grow(plan).values()))


def test_an_id_leaves_the_number_of_replicates_out(plan, toy_file):
    (study,) = load_studies([str(toy_file)])
    other = make_plan(study, Options(replicates=3))
    ids = [{t.trial_id for t in grown(one).trials} for one in (plan, other)]
    assert ids[0] == ids[1] and len(ids[0]) == 2
    assert not ids[0] & {t.trial_id for t in (*plan.trials, *other.trials)}
    another = make_plan(study, Options(replicates=5, seed=1))
    assert not ids[0] & {t.trial_id for t in grown(another).trials}


def test_only_wanted_trials_are_trained_from_where_they_are(plan):
    plan = grown(plan)
    first, second = plan.trials
    assert next_batch(plan, [first.trial_id], 5) == []
    (part,) = next_batch(plan, [first.trial_id], 10)
    assert part.trial_id == first.trial_id and part.replicates == range(5, 10)
    assert batches_of(part) == [range(5, 10)]
    assert len(next_batch(plan, [first.trial_id, second.trial_id], 10)) == 2


def test_a_deterministic_model_gets_no_more_seeds(counted):
    plan = make_plan(counted, Options())
    assert [can_grow(plan, t) for t in plan.trials] == [
        t.config["model"] == "net" for t in plan.trials
    ]
    plan = grown(plan)
    batch = next_batch(plan, [t.trial_id for t in plan.trials], 6)
    assert [t.config["model"] for t in batch] == ["net"]
