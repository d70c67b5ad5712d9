"""What a decision looks at, what it refuses, and what it trains next."""

import dataclasses

import pytest

from sweepbook.plan.deciding import (
    budget_s,
    can_grow,
    looks_of,
    most_of,
    next_batch,
    numbers_of,
    to_grow,
)
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.record.batches.ranges import batches_of


def test_a_budget_is_a_time_with_its_unit():
    assert [budget_s(text) for text in (None, "90s", "30m", "1h30m", "1.5h")] == [
        *(None, 90, 1800, 5400, 5400)
    ]
    for text in ("30", "0m", "soon", "1h x", "-5m", ""):
        with pytest.raises(ValueError, match="--budget must be"):
            budget_s(text)


def test_looks_are_rising_whole_numbers():
    assert numbers_of("5,10, 20") == (5, 10, 20)
    for text in ("10,5", "5,5", "0,5", "5,x", "", "5,10.5"):
        with pytest.raises(ValueError, match="--looks"):
            numbers_of(text)


def test_the_first_look_is_at_what_the_record_has():
    assert looks_of(5, None, None).numbers == (5, 10, 15, 20, 30, 40, 60)
    assert looks_of(7, None, 25).numbers == (7, 10, 15, 20, 25)
    assert looks_of(5, (10, 20), None).numbers == (5, 10, 20)
    assert looks_of(5, (5, 10), 30).numbers == (5, 10, 30)
    endless = looks_of(5, (10, 20), most_of("none"))
    assert endless.numbers == (5, 10, 20) and not endless.has_end


@pytest.mark.parametrize(
    "n, given, most, said",
    [
        (5, (3, 10), None, "begin at 5"),
        (5, None, 5, "more than 5"),
        (60, None, None, "more than 60"),
        (5, (10, 40), 20, "end at 40"),
    ],
)
def test_looks_that_cannot_be_are_refused(n, given, most, said):
    with pytest.raises(ValueError, match=said):
        looks_of(n, given, most)


@pytest.mark.parametrize("text", ["0", "-1", "many", "5.5"])
def test_the_most_replicates_are_a_number_or_none(text):
    with pytest.raises(ValueError, match="--most"):
        most_of(text)


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
