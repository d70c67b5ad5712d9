"""Texts of a study's own on a terminal: none is markup, and none breaks a table."""

import dataclasses
import io
import sys

import pytest
from ray import tune
from rich.console import Console

from sweepbook.commands.list import list_studies
from sweepbook.commands.show import show_plan
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.study.search import Search
from sweepbook.tune.console import say
from sweepbook.tune.progress import Progress

PROMPT = "[INST] {q} [/INST]"
VALUES = (
    PROMPT,
    "[bold]loud[/bold]",
    ":warning: \x1b[31mred",
    "two\nlines\x00\u202e",
    "[/nothing]",
)
SHOWN = (PROMPT, "[bold]loud[/bold]", r":warning: \x1b[31mred", r"two\nlines\x00\u202e")


@pytest.fixture
def terminal():
    return Console(file=io.StringIO(), force_terminal=True, width=200, record=True)


@pytest.fixture
def study(toy_file):
    (toy,) = load_studies([str(toy_file)])
    grid = {"[i]key[/i]": VALUES, "slope": (1.0,)}
    metric = dataclasses.replace(toy.metric, name="[u]acc[/u]")
    return dataclasses.replace(toy, grid=grid, question=f"Is {PROMPT} best? [/q]", metric=metric)


def test_show_prints_every_text_as_it_is(study, terminal):
    show_plan(make_plan(study, Options()), terminal)
    text = terminal.export_text()
    assert f"toy: Is {PROMPT} best? [/q]" in text
    assert all(shown in text for shown in (*SHOWN, "[/nothing]", "[i]key[/i]", "[u]acc[/u]"))
    rows = [line for line in text.splitlines() if line.rstrip().endswith(" 3")]
    assert len(rows) == len(VALUES), "one line for each trial"


def test_show_prints_what_a_search_opens_as_it_is(study, toy_file, terminal):
    space = {"[b]open[/b]": tune.choice(list(VALUES))}
    sys.modules[toy_file.stem].space = lambda: space
    search = Search(space=f"{toy_file.stem}:space", n_trials=2)
    searched = dataclasses.replace(study, grid={"cell": VALUES}, search=search)
    show_plan(make_plan(searched, Options()), terminal)
    text = terminal.export_text()
    assert all(text.count(shown) >= 2 for shown in SHOWN), "in the space and among the cells"
    assert "[b]open[/b]" in text


def test_list_prints_questions_as_they_are(study, terminal):
    class Project:
        def studies(self):
            return {study.name: study}

    list_studies(Project(), terminal)
    assert f"Is {PROMPT} best? [/q]" in terminal.export_text()


def test_the_live_table_keeps_every_trial_on_its_line(study, terminal):
    plan = make_plan(study, Options())
    progress = Progress([plan], set(), terminal)
    for trial in plan.trials:
        progress.step(trial.trial_id, 1, 0.5)
    terminal.print(progress)
    text = terminal.export_text()
    assert all(shown in text for shown in (*SHOWN, "[/nothing]", "[u]acc[/u]"))
    assert len([line for line in text.splitlines() if line.startswith("toy [i]key")]) == 5


def test_a_line_says_a_text_as_it_is(terminal):
    for value in VALUES:
        say(terminal, f"failed: {value} (boom)")
    text = terminal.export_text(styles=True)
    assert all(f"failed: {shown}" in text for shown in (*SHOWN[:3], "[/nothing]"))
    assert "\x1b" not in text
