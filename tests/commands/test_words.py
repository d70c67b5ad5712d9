"""Words of a command line: which name studies, and which are options that these declare."""

import dataclasses
from pathlib import Path

import pytest

from search_spaces import STUDIES
from sweepbook import Option
from sweepbook.commands import words
from sweepbook.commands.words import studies_and_options
from sweepbook.plan.options import Options

OWN = ["--seed", "--scale", "--help"]
NOTE = Option("note", "text", "A note.")
QUICK = Option("quick", "flag", "Be quick.")


class Project:
    """Two studies, of which one has options of its own."""

    root = Path(__file__).parents[2]

    def studies(self):
        plain = STUDIES["epochs"]
        noted = dataclasses.replace(plain, name="noted", options=(NOTE, QUICK))
        return {"plain": dataclasses.replace(plain, name="plain"), "noted": noted}


def read(*given, project=None):
    studies, options = studies_and_options(given, Options(), OWN, project or Project())
    return [study.name for study in studies], dict(options.optional)


@pytest.mark.parametrize(
    "given",
    [
        ("plain", "noted", "--note", "one", "--quick"),
        ("--quick", "plain", "--note=one", "noted"),
        ("--note", "other", "plain", "--quick", "noted", "--note", "one"),
    ],
)
def test_options_may_stand_anywhere_and_the_last_counts(given):
    assert read(*given) == (["plain", "noted"], {"note": "one", "quick": True})


def test_a_value_may_begin_with_a_dash_behind_an_equals_sign():
    assert read("noted", "--note=-1") == (["noted"], {"note": "-1"})


@pytest.mark.parametrize(
    "given, message",
    [
        (("noted", "--note"), "option --note needs a value: A note."),
        (("noted", "--note="), "option --note needs a value"),
        (("noted", "--note", "--quick"), "option --note needs a value"),
        (("noted", "--quick=1"), "option --quick takes no value, got '1'"),
        (("noted", "--nte", "x"), "no option --nte: did you mean --note?"),
        (("plain", "--sed", "1"), "no option --sed: did you mean --seed?"),
        (("--sed", "1"), "no option --sed: did you mean --seed?"),
        (("noted", "--xyzxyz"), "no option --xyzxyz: --help lists"),
        (("noted", "notd", "--quick"), "no study 'notd': did you mean noted"),
    ],
)
def test_what_nobody_declares_or_lacks_its_value_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        read(*given)


def test_two_studies_must_mean_the_same_by_an_option(monkeypatch):
    project = Project()
    flag = dataclasses.replace(STUDIES["epochs"], options=(Option("note", "flag", "Note."),))
    known = {**project.studies(), "epochs": flag}
    monkeypatch.setattr(project, "studies", lambda: known)
    with pytest.raises(ValueError, match="--note is a flag in .*a text in study noted"):
        read("noted", "epochs", "--note", project=project)
    assert read("noted", "--note", "one", project=project) == (["noted"], {"note": "one"})


def test_an_option_that_the_tool_has_itself_is_refused(monkeypatch):
    project = Project()
    clash = dataclasses.replace(STUDIES["epochs"], options=(Option("seed", "text", "A seed."),))
    monkeypatch.setattr(project, "studies", lambda: {"epochs": clash})
    with pytest.raises(ValueError, match="study epochs declares the option --seed, but"):
        read("epochs", project=project)


def test_without_options_nothing_is_read_but_the_named_studies(monkeypatch):
    monkeypatch.setattr(words, "_options_of", lambda studies: pytest.fail("not needed"))
    assert read("plain") == (["plain"], {})
    assert read() == ([], {})
