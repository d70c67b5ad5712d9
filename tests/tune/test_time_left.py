"""The time left that is shown while trials train, against the time that was left in truth."""

import dataclasses
import heapq
import re
import time

import pytest

from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.tune.standing import Standing

UNITS = {"s": 1, "min": 60, "h": 3600}


def left(standing):
    """The seconds left that are shown, or None where none are."""
    shown = re.search(r"about (\d+) (s|min|h) to go", standing.summary())
    return shown and int(shown[1]) * UNITS[shown[2]]


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def standing_of(toy_file, n_trials, n_steps):
    plan = make_plan(load_studies([str(toy_file)])[0], Options())
    trials = [
        dataclasses.replace(plan.trials[0], trial_id=f"{i}", max_fidelity=n_steps, cost_s=n_steps)
        for i in range(n_trials)
    ]
    return Standing([dataclasses.replace(plan, trials=tuple(trials))], set())


def train(standing, clock, *, slots, first_wait, wait, step, stop_at=None):
    """Trains in virtual time; returns (time, time left as shown) after every report and ending."""
    clock[0] += first_wait
    todo, queue, shown = list(standing.trials.values()), [], []

    def begin():
        if todo:
            trial = todo.pop(0)
            standing.start(trial.trial_id)
            most = stop_at(trial) if stop_at else trial.max_fidelity
            heapq.heappush(queue, (clock[0] + wait + step, trial.trial_id, 1, most))

    for _ in range(slots):
        begin()
    while queue:
        clock[0], trial_id, at, most = heapq.heappop(queue)
        standing.step(trial_id, at, 0.5)
        if at < most:
            heapq.heappush(queue, (clock[0] + step, trial_id, at + 1, most))
        else:
            ended = at == standing.trials[trial_id].max_fidelity
            standing.end(trial_id, "finished" if ended else "stopped")
            begin()
        shown.append((clock[0], left(standing)))
    return shown


@pytest.mark.parametrize(
    ("n_trials", "n_steps", "slots", "wait", "step"),
    [
        (8, 60, 2, 5.0, 0.1),  # half a minute, half of it spent before first reports
        (2, 60, 2, 10.0, 0.3),  # all trials at once
        (24, 60, 2, 4.0, 0.3),  # three minutes
        (40, 1, 4, 2.0, 0.5),  # one report each
        (100, 10, 100, 5.0, 2.0),
    ],
)
def test_the_time_left_is_good_to_a_factor_of_two(
    toy_file, clock, n_trials, n_steps, slots, wait, step
):
    standing = standing_of(toy_file, n_trials, n_steps)
    shown = train(standing, clock, slots=slots, first_wait=8.0, wait=wait, step=step)
    end = shown[-1][0]
    assert shown[-1][1] is None, "nothing is left"
    told = [(end - at, said) for at, said in shown if said is not None and end - at > 1]
    assert len(told) > len(shown) / 2, "told for most of the time"
    bad = [(true, said) for true, said in told if not true / 2 - 1 <= said <= true * 2 + 1]
    assert not bad


def test_nothing_is_said_while_nothing_is_known(toy_file, clock):
    standing = standing_of(toy_file, 4, 60)
    assert "to go" not in standing.summary()
    clock[0] += 30
    standing.start("0")
    assert "to go" not in standing.summary()
    clock[0] += 30
    standing.step("0", 1, 0.5)
    assert "to go" not in standing.summary()


def test_trials_that_a_scheduler_stops_shorten_the_time_left(toy_file, clock):
    standing = standing_of(toy_file, 60, 27)
    stops = {str(i): 27 if i % 9 == 0 else 3 for i in range(60)}
    shown = train(
        standing, clock, slots=2, first_wait=5.0, wait=1.0, step=0.5,
        stop_at=lambda trial: stops[trial.trial_id],
    )  # fmt: skip
    end = shown[-1][0]
    half = [(end - at, said) for at, said in shown if said and 20 < end - at < end - 1080]
    assert half and all(true / 2 <= said <= true * 2 for true, said in half)


def test_a_trial_that_goes_on_from_a_checkpoint_is_no_faster_for_it(toy_file, clock):
    standing = standing_of(toy_file, 1, 60)
    standing.start("0")
    for at in range(40, 46):  # its first report is the fortieth
        clock[0] += 1
        standing.step("0", at, 0.5)
    assert left(standing) == pytest.approx(15, abs=1)
