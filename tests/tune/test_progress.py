import dataclasses
import io
import math
from types import SimpleNamespace

import pytest
from rich.console import Console

from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.tune.progress import Progress
from sweepbook.tune.standing import Standing


@pytest.fixture
def plan(toy_file):
    return make_plan(load_studies([str(toy_file)])[0], Options())


def console(terminal=False):
    return Console(file=io.StringIO(), force_terminal=terminal, width=110)


def test_plain_lines_tell_each_ending_without_a_terminal(plan):
    out = console()
    first, second = plan.trials
    with Progress([plan], set(), out) as progress:
        progress.step(first.trial_id, 1, 0.5)
        progress.end(first.trial_id, "failed", "error after round 1 of 3: boom")
    (line,) = out.file.getvalue().splitlines()
    assert line.startswith(f"failed: toy slope={first.config['slope']} (error after round 1")
    assert "1 of 2 trials done, 1 of them failed or diverged, 0 running, 1 left" in line
    assert "\x1b" not in line, "no control sequences in a log"


@pytest.mark.parametrize("terminal", [True, False])
def test_failures_and_lost_states_are_told_wherever_one_looks(plan, terminal):
    out = console(terminal)
    first, second = plan.trials
    with Progress([plan], set(), out) as progress:
        progress.retry(first.trial_id, "ValueError: boom (mine.py, line 3, in train)")
        for trial in (first, second):
            progress.tell_begins_anew(trial.trial_id)
        progress.end(first.trial_id, "failed", "error after round 1 of 3: boom")
        progress.end(second.trial_id, "finished", "reached round 3")
    said = out.file.getvalue()
    assert "retry: toy slope=" in said and "boom (mine.py, line 3, in train)" in said
    assert said.count("toy: its trainable takes no 'state'") == 1, "once"
    assert "failed: toy slope=" in said
    assert ("finished: toy" in said) is not terminal


def test_the_table_shows_running_trials_the_best_and_the_share_done(plan):
    out = console(terminal=True)
    first, second = plan.trials
    progress = Progress([plan], set(), out)
    progress.step(first.trial_id, 2, 0.5)
    progress.step(second.trial_id, 1, math.nan)
    progress.step(second.trial_id, 2, 0.7)
    progress.step(second.trial_id, 3, 0.6)
    out.print(progress)
    shown = out.file.getvalue()
    assert "2 running" in shown
    assert f"toy slope={second.config['slope']}" in shown
    assert "val_acc 0.7 at 2" in shown
    assert progress.standing.share() == pytest.approx((2 + 3) / 6)


def test_the_best_follows_the_mode(plan):
    low = dataclasses.replace(
        plan.study, metric=dataclasses.replace(plan.study.metric, mode="min")
    )
    standing = Standing([dataclasses.replace(plan, study=low)], set())
    first, second = plan.trials
    standing.step(first.trial_id, 1, 0.5)
    standing.step(second.trial_id, 1, 0.4)
    assert standing.best["toy"] == (0.4, second.trial_id, 1)


def test_trials_done_before_count_as_done_but_not_as_speed(plan):
    first, second = plan.trials
    standing = Standing([plan], {first.trial_id})
    assert standing.share() == pytest.approx(0.5)
    assert "1 of 2 trials done" in standing.summary()
    assert "to go" not in standing.summary()


def test_the_table_may_be_drawn_while_trials_are_added_and_end(plan):
    standing = Standing([plan], set())
    first, second = plan.trials

    class Driver:
        """A trial whose cost is read while the driver adds another."""

        trial_id, max_fidelity = first.trial_id, first.max_fidelity

        @property
        def cost_s(self):
            standing.trials[f"new {len(standing.trials)}"] = second
            return 1.0

    class Ending(str):
        def __eq__(self, other):
            standing.endings[f"new {len(standing.endings)}"] = "finished"
            return str(self) == other

        __hash__ = str.__hash__

    standing.trials[first.trial_id] = Driver()
    assert 0 <= standing.share() <= 1
    standing.trials[first.trial_id] = first
    standing.endings[first.trial_id] = Ending("finished")
    assert "trials done" in standing.summary()


def test_a_trial_can_be_drawn_from_the_moment_that_it_is_there(plan):
    standing = Standing([plan], set())
    search = dataclasses.replace(plan, search=SimpleNamespace(cells=[{}], space={}))
    shown = []

    class Drawn(dict):
        def __setitem__(self, key, value):
            super().__setitem__(key, value)
            shown.append((standing.share(), standing.names[key], standing.owners[key]))

    standing.trials = Drawn(standing.trials)
    standing.add(search, dataclasses.replace(plan.trials[0], trial_id="new", number=3))
    assert shown == [(0.0, "toy 3: ", [search])]


def test_an_accuracy_in_percent_is_told_once(plan):
    out = console()
    (trial, _) = plan.trials
    with Progress([plan], set(), out) as progress:
        progress.tell_percentages(trial.trial_id, [{"val_acc": 1.0, "val_loss": 3.0, "acc": None}])
        assert not out.file.getvalue()
        for value in (92.41, 93.0):
            progress.tell_percentages(trial.trial_id, [{"replicate": 0, "val_acc": value}])
    said = out.file.getvalue()
    assert said.count("val_acc is 92.41") == 1 and "0.9241" in said and "93" not in said
