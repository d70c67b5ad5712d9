"""What a user's own code does while a study is planned ends in a sentence, and no record."""

import os
import sys
import textwrap
from pathlib import Path

import pytest

from sweepbook import cli

STUDY = """
    from sweepbook import Claim, Fidelity, Metric, Search, Study

    def train(config):
        yield {"round": 1, "acc": 0.5}

    def of(name, trainable="NAME:train", count=None, **more):
        return Study(name=name, question="?", trainable=trainable, metric=Metric("acc", "max"),
                     fidelity=Fidelity("round", "rounds", count), fixed={"rounds": 1},
                     replicates=1, **more)

    def hook(*_):
        HOOK

    STUDY = of("mine", MORE)
"""


@pytest.fixture
def sweepbook(monkeypatch, capsys, tmp_path):
    """Runs a command in an empty folder: (exit code, what was printed, in one line)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(sys, "path", list(sys.path))
    known = set(sys.modules)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["sweepbook", *map(str, arguments)])
        with pytest.raises(SystemExit) as ending:
            cli.main()
        printed = capsys.readouterr()
        return ending.value.code or 0, " ".join((printed.out + printed.err).split())

    yield call
    for name in set(sys.modules) - known:
        if tmp_path in Path(getattr(sys.modules[name], "__file__", None) or "/").parents:
            del sys.modules[name]


def refused(sweepbook, *said):
    """The study file own_hooks.py ends `run` with one sentence that says these things."""
    code, printed = sweepbook("run", "own_hooks.py", "--storage", "records")
    assert (code, "Traceback" in printed) == (2, False), printed
    assert printed.startswith("sweepbook: ") and printed.count("sweepbook: ") == 1
    assert all(text in printed for text in said), printed
    assert not Path("records").exists()
    return printed


def write(hook="pass", more="", name="own_hooks"):
    text = textwrap.dedent(STUDY).replace("HOOK", hook).replace("MORE", more)
    Path(f"{name}.py").write_text(text.replace("NAME", name))


FIELDS = {
    "data": 'data="own_hooks:hook"',
    "cost": 'cost="own_hooks:hook"',
    "single": 'single="own_hooks:hook"',
    "count": 'count="own_hooks:hook"',
    "claims_of": 'claims_of="own_hooks:hook"',
    "space": 'search=Search(space="own_hooks:hook", n_trials=2)',
}
LINE = 13  # of the hook's body


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    "body, kind",
    [
        ("{}['lost']", "KeyError: 'lost'"),
        ("raise type('Mine', (Exception,), {})('so\\nso')", "Mine: so so"),
        ("import json; json.loads('{')", "JSONDecodeError: Expecting property name"),
        ("import sys; sys.exit(3)", "sys.exit (3)"),
    ],
)
def test_a_hook_that_raises_is_told_with_its_line(sweepbook, field, body, kind):
    write(body, FIELDS[field])
    refused(sweepbook, "study mine", field, "own_hooks:hook", kind, f"own_hooks.py, line {LINE}")


@pytest.mark.parametrize("field", FIELDS)
def test_what_a_hook_refuses_on_purpose_keeps_its_text(sweepbook, field):
    write("raise ValueError('the folder lacks train.csv')", FIELDS[field])
    printed = refused(sweepbook, "the folder lacks train.csv")
    assert "ValueError" not in printed


@pytest.mark.parametrize(
    "field, body, wanted",
    [
        ("data", "return None", "a dict with name, sha256 and rows, got None"),
        ("data", "return {'name': 'mine', 'rows': {}}", "missing: sha256"),
        ("data", "return {'name': 3, 'sha256': 'a', 'rows': {}}", "a text for name, got 3"),
        ("data", "return {'name': 'x', 'sha256': 'a', 'rows': 3}", "for rows, got 3"),
        ("cost", "return None", "a number of seconds >= 0, got None"),
        ("cost", "return float('nan')", "seconds >= 0, got nan"),
        ("cost", "return -1", "seconds >= 0, got -1"),
        ("cost", "return '5'", "seconds >= 0, got '5'"),
        ("single", "return None", "True or False, got None"),
        ("count", "return True", ">= 1, got True"),
        ("count", "return 1.5", ">= 1, got 1.5"),
        ("claims_of", "return None", "a list of Claim values, got None"),
        ("claims_of", "return ['x']", "a list of Claim values, got ['x']"),
        ("space", "return None", "ray.tune, got None"),
    ],
)
def test_an_answer_that_is_none_is_refused_by_name(sweepbook, field, body, wanted):
    write(body, FIELDS[field])
    refused(sweepbook, "mine", f"{field} own_hooks:hook must return", wanted)


@pytest.mark.parametrize(
    "text, said",
    [
        (
            "import no_such as x\n",
            ("no_such is not installed", "own_hooks.py, line 1"),
        ),
        ("\ndef f(:\n", ("SyntaxError", "own_hooks.py, line 2")),
        ("import sys\nsys.exit('usage')\n", ("sys.exit (usage)", "own_hooks.py, line 2")),
        ("import argparse\nargparse.ArgumentParser().parse_args([]).x\n", ("AttributeError",)),
        ("class E(BaseException): pass\nraise E('odd')\n", ("E: odd", "own_hooks.py, line 2")),
        ("x = 1\n", ("own_hooks.py defines no study",)),
    ],
)
def test_a_study_file_that_ends_at_its_import_is_told(sweepbook, text, said):
    Path("own_hooks.py").write_text(text)
    refused(sweepbook, "own_hooks.py", *said)


def test_what_a_trainable_s_module_lacks_is_told_with_who_imports_it(sweepbook):
    Path("own_train.py").write_text("\nimport lightgbm_not_here as lgb\n")
    write(more='trainable="own_train:train"')
    refused(sweepbook, "lightgbm_not_here is not installed (imported by own_train.py, line 2)")


@pytest.mark.parametrize(
    "path, hint",
    [
        ("own_trian:train", "no module 'own_trian'"),
        ("own_train:trian", "has no 'trian'"),
    ],
)
def test_a_name_that_is_nearly_one_of_theirs_gets_a_hint(sweepbook, path, hint):
    Path("own_train.py").write_text("def train(config):\n    yield {}\n")
    write(more=f'trainable="{path}"')
    near = "own_train" if "own_trian" in path else "train"
    refused(sweepbook, hint, f"did you mean '{near}'?")


def test_a_path_to_something_that_is_no_function_is_refused(sweepbook):
    write(more='trainable="own_hooks:STUDY"')
    refused(sweepbook, "'own_hooks:STUDY' must name a function", "Study")


def test_a_config_class_that_raises_is_told_with_its_line(sweepbook):
    write()
    with Path("own_hooks.py").open("a") as file:
        file.write(
            "\nimport dataclasses\n\n@dataclasses.dataclass\nclass Config:\n    rounds: int = 1\n"
            "    def __post_init__(self):\n        self.rounds < 'two'\n\n"
            "def train(config: Config):\n    yield {}\n"
        )
    refused(sweepbook, "Config", "TypeError", "own_hooks.py, line")


def test_two_studies_of_one_name_are_both_named(sweepbook):
    write()
    with Path("own_hooks.py").open("a") as file:
        file.write('OTHER = of("mine", seed=1)\n')
    refused(sweepbook, "two studies named 'mine'", "STUDY and OTHER")
    assert sweepbook("show", "own_hooks.py:OTHER")[0] == 0, "one of them can be named"
    write(name="own_other")
    code, printed = sweepbook("show", "own_hooks.py:STUDY", "own_other.py")
    assert code == 2 and "'mine'" in printed
    assert "own_hooks.py:STUDY" in printed and "own_other.py" in printed


def test_a_name_that_no_module_can_have_is_refused_with_another(sweepbook):
    write(name="own_hooks")
    os.rename("own_hooks.py", "exp.v2.py")
    code, printed = sweepbook("show", "exp.v2.py")
    assert code == 2 and "exp_v2.py" in printed


def test_what_nobody_has_foreseen_is_a_sentence_and_a_file(sweepbook, monkeypatch, tmp_path):
    def broken(*_):
        raise RuntimeError("[bold] odd")

    monkeypatch.setattr("sweepbook.commands.list.list_studies", broken)
    code, printed = sweepbook("list")
    assert code == 1 and "Traceback" not in printed
    assert "RuntimeError: [bold] odd" in printed and "test_hooks.py, line" in printed
    (details,) = tmp_path.glob("sweepbook-error-*")
    assert details.name in printed and "Traceback" in details.read_text()
