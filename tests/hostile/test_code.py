"""No reader of a record runs what it names; who goes on with one runs code of where one stands."""

import contextlib
import dataclasses
import re
import sys

import pytest

from sweepbook.commands.confirm import confirm
from sweepbook.commands.extend import extend
from sweepbook.commands.judging.compare import compare
from sweepbook.commands.logs import logs
from sweepbook.commands.models.export import export
from sweepbook.commands.resume import resume
from sweepbook.commands.run import run_studies
from sweepbook.commands.verify import check
from sweepbook.pages.report import write_report
from sweepbook.plan.options import Options
from sweepbook.plan.studies import load_studies
from sweepbook.plan.trust.code import take_code
from sweepbook.plan.trust.known import known, remember
from sweepbook.plan.trust.names import why_not
from sweepbook.plan.trust.programs import why_not_run
from sweepbook.record.load import load_record
from sweepbook.record.planned import SearchPlan
from sweepbook.record.storage.places import place
from sweepbook.replay.run import Wanted, replay
from sweepbook.study.forms.program import Program
from sweepbook.study.project import find_project
from sweepbook.study.study import Fidelity, Metric, Study
from tests.hostile.crafted import ATTACKS, crafted

READERS = {
    "load": lambda record, out, console: load_record(record).predictions(),
    "report": lambda record, out, console: write_report([record], out, project=find_project()),
    "verify": lambda record, out, console: check(
        record, trials=0, seed=0, epochs=None, console=console
    ),
    "replay": lambda record, out, console: replay(
        record, out, Wanted(grace_periods=(1,), n_orders=2), console
    ),
    "export": lambda record, out, console: export(str(record), out, None, console),
    "compare": lambda record, out, console: compare(str(record), str(record), None, console),
    "logs": lambda record, out, console: logs(record, None, None, console),
}
RUNNERS = {
    "verify": lambda record, console: check(
        record, trials=2, seed=0, epochs=None, console=console
    ),
    "resume": lambda record, console: resume(record, console=console, force=True),
    "extend": lambda record, console: extend(
        record, Options(replicates=3), console=console, force=True
    ),
    "confirm": lambda record, console: confirm(
        record, by=None, replicates=2, seed=1, force=True, console=console
    ),
}


@pytest.fixture
def craft(valid, tmp_path):
    """craft(attack) -> the crafted record and the file that must not be made."""

    def make(name):
        marker = tmp_path / "marker"
        record = crafted(valid, valid.with_name(name), ATTACKS[name], marker)
        own = valid.parents[1]
        manifest = record / "manifest.json"
        module = next(own.glob("own_*.py")).stem
        text = manifest.read_text().replace("OWN:", f"{module}:").replace("RECORD", name)
        manifest.write_text(text)
        (record / "evil.py").write_text(f"open({str(marker)!r}, 'w')")
        return record, marker

    return make


SOME = ("a-shell-as-data", "hooks-in-the-record", "a-figure", "a-project-in-the-record")
NEED_A_REPORT = pytest.mark.more  # each takes seconds
NOT_REFUSED = (  # what is never called, or read as plain values
    *("a-figure", "a-figure-of-a-shell", "a-pickled-checkpoint", "a-checkpoint-of-torch"),
    "a-project-in-the-record",
)


@pytest.mark.parametrize(
    "attack", [a if a in SOME else pytest.param(a, marks=NEED_A_REPORT) for a in ATTACKS]
)
def test_no_reader_runs_what_a_record_names(craft, attack, tmp_path, quiet, monkeypatch):
    record, marker = craft(attack)
    if attack == "a-project-in-the-record":
        monkeypatch.chdir(record)
    for name, read in READERS.items():
        with contextlib.suppress(Exception):  # what it says is not asked here
            read(record, tmp_path / name, quiet)
        assert not marker.exists(), f"{name} has run code of the record"


REFUSED = ("not run", "nothing of it is run", "must be an object")


@pytest.mark.parametrize("attack", ATTACKS)
def test_who_goes_on_with_a_record_runs_no_code_of_its_own(craft, attack, quiet, untrained):
    record, marker = craft(attack)
    before = set(sys.modules)
    for name, run in RUNNERS.items():
        if attack in NOT_REFUSED:
            with contextlib.suppress(ValueError):
                run(record, quiet)
        else:
            with pytest.raises(ValueError) as caught:
                run(record, quiet)
            said = str(caught.value)
            assert str(record) in said and any(words in said for words in REFUSED), said
            new = {m for m in set(sys.modules) - before if m.startswith(("own_", "evil"))}
            assert not new, f"{name} has imported {new} before it refused"
        assert not marker.exists(), f"{name} has run code of the record"
    assert all("own_" in trainable for trainable in untrained), untrained


@pytest.mark.parametrize(
    "attack", ["module-in-the-record", "a-shell-as-data", "python-in-the-record"]
)
def test_who_trusts_a_record_takes_no_code_from_within_it_either(craft, attack, quiet):
    record, marker = craft(attack)
    with pytest.raises(ValueError, match="|".join(REFUSED)):
        check(record, trials=1, seed=0, epochs=None, console=quiet, trust=True)
    assert not marker.exists()


def test_the_valid_record_goes_on_and_it_is_said_with_which_code(valid, home, quiet, untrained):
    for run in RUNNERS.values():
        run(valid, quiet)
    assert len(untrained) > 4
    (file,) = home.glob("own_*.py")
    line = f"the code of {valid}: {file.stem}:train_toy, in {file}"
    assert quiet.file.getvalue().count(line) >= 3


def test_code_elsewhere_is_taken_from_the_python_path_or_with_trust(
    valid, home, quiet, tmp_path, monkeypatch
):
    """The folder of the study was moved: the record still names where it was."""
    (file,) = home.glob("own_*.py")
    sys.modules.pop(file.stem, None)
    sys.path[:] = [path for path in sys.path if path != str(home)]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    with pytest.raises(ValueError, match=f"{file.stem}:train_toy as its trainable.*--trust"):
        check(valid, trials=1, seed=0, epochs=None, console=quiet)
    sys.path.insert(0, str(home))
    assert check(valid, trials=1, seed=0, epochs=None, console=quiet)
    sys.path[:] = [path for path in sys.path if path != str(home)]
    sys.modules.pop(file.stem, None)
    assert check(valid, trials=1, seed=0, epochs=None, console=quiet, trust=True)


def test_a_project_that_came_with_a_record_is_refused_where_one_stands_above_it(
    valid, home, quiet, monkeypatch
):
    (file,) = home.glob("own_*.py")
    sys.modules.pop(file.stem, None)
    sys.path[:] = [path for path in sys.path if path != str(home)]
    monkeypatch.chdir(home.parent)
    with pytest.raises(ValueError, match="as the record does, and may have come with it"):
        check(valid, trials=1, seed=0, epochs=None, console=quiet)


@pytest.mark.parametrize(
    ("command", "is_run"),
    [
        ("python train.py {lr}", True), ("python -u train.py", True), ("sh run.sh", True),
        ("python -m train", True), ("python sub/train.py", True), ("./run.sh {lr}", True),
        (f"{sys.executable} train.py", True),
        ("python -c 'print(1)'", False), ("sh -c ./run.sh", False), ("rm -rf train.py", False),
        ("python {lr}", False), ("python missing.py", False), ("python -m os", False),
        ("env A=1 python train.py", False), ("/tmp/python train.py", False),
        ("python ../outside.py", False), ("python records/r/evil.py", False),
    ],
)  # fmt: skip
def test_a_program_must_begin_with_a_file_of_the_folder(tmp_path, monkeypatch, command, is_run):
    home = tmp_path / "home"
    record = home / "records" / "r"
    for file in ("train.py", "run.sh", "sub/train.py", "../outside.py", "records/r/evil.py"):
        path = home / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    monkeypatch.chdir(home)
    said = why_not_run(Program(command, folder=str(home)), ["lr"], place(record))
    assert (said == "") == is_run, said
    assert why_not_run(Program(command, folder=str(record)), ["lr"], place(record), trust=True)


@pytest.mark.parametrize("name", ["PYTHONPATH", "LD_PRELOAD", "PATH", "BASH_ENV", "MPLBACKEND"])
def test_no_setting_of_a_record_decides_what_a_program_loads(tmp_path, monkeypatch, name):
    (tmp_path / "train.py").write_text("")
    monkeypatch.chdir(tmp_path)
    program = Program("python train.py", settings="environment", folder=str(tmp_path))
    assert name in why_not_run(program, ["lr", name], place(tmp_path / "records" / "r"))
    assert not why_not_run(program, ["lr", "LR", "WIDTH"], place(tmp_path / "records" / "r"))


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [
        ("def train(config): pass", True), ("from helper import train", True),
        ("from subprocess import run as train", False), ("from os import *", False),
        ("from again import train", False), ("from helper import *", True),
        ("import functools\ntrain = functools.partial(print)", True),
        ("if True:\n    from subprocess import run as train", False),
        ("try:\n    def train(config): pass\nexcept ImportError:\n    pass", True),
    ],
)  # fmt: skip
def test_a_function_must_be_of_one_s_own_modules(tmp_path, monkeypatch, text, is_taken):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name, content in (
        ("handing", text), ("helper", "def train(config): pass"),
        ("again", "from subprocess import run as train"),
    ):  # fmt: skip
        (tmp_path / f"{name}_{tmp_path.name}.py").write_text(
            re.sub(r"\b(helper|again)\b", rf"\1_{tmp_path.name}", content)
        )
    said = why_not(f"handing_{tmp_path.name}:train", place(tmp_path / "records" / "r"))
    assert (said == "") == is_taken, said


def test_an_installed_package_is_taken_where_it_is_made_for_sweepbook(tmp_path, monkeypatch):
    folder = tmp_path / "site-packages"
    for name, needs in (("made_for_it", "sweepbook>=0.2"), ("other_library", "numpy")):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("def train(config): pass")
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\nRequires-Dist: {needs}\n")
        (info / "RECORD").write_text(f"{name}/__init__.py,,\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.chdir(tmp_path)
    assert not why_not("made_for_it:train", None)
    assert "installed library other_library" in why_not("other_library:train", None)
    assert not why_not("other_library:train", None, trust=True)


@pytest.mark.parametrize("trial_id", ["../../x", "/tmp/x", "a/b", "", "a b", "x" * 65])
def test_no_path_is_taken_for_the_id_of_a_trial(valid, trial_id):
    manifest = load_record(valid).manifest
    trials = (dataclasses.replace(manifest.trials[0], trial_id=trial_id), *manifest.trials[1:])
    with pytest.raises(ValueError, match="is no id of a trial"):
        take_code(place(valid), dataclasses.replace(manifest, trials=trials), trust=True)


@pytest.mark.parametrize(
    ("where", "is_taken"),
    [
        ("sqlite:///watched.db", True), ("own.journal", True), ("sqlite:////etc/x.db", False),
        ("../outside.journal", False), ("records/toy/x.log", False),
    ],
)  # fmt: skip
def test_a_record_s_search_is_watched_in_the_folder_alone(valid, where, is_taken):
    manifest = load_record(valid).manifest
    search = SearchPlan(
        space={}, scientific=[], nuisance=[], cells=[{}], configs=[], n_trials_per_cell=1,
        n_trials=1, n_random=1, points=[], seed=0, optuna_storage=where,
    )  # fmt: skip
    searched = dataclasses.replace(manifest, search=search)
    with contextlib.nullcontext() if is_taken else pytest.raises(ValueError, match="--optuna-st"):
        take_code(place(valid), searched)
    take_code(place(valid), searched, trust=True)


def test_code_that_was_run_by_its_file_is_taken_again_from_anywhere(
    valid, home, quiet, untrained, tmp_path, monkeypatch
):
    """`run elsewhere/my_study.py` and `run --resume` of its record need not be typed there."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (file,) = home.glob("own_*.py")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    studies = load_studies([str(file)])
    (record,) = run_studies(studies, storage=elsewhere / "records", console=quiet)
    sys.path[:] = [path for path in sys.path if path != str(home)]
    sys.modules.pop(file.stem)
    resume(record, console=quiet)
    sys.path[:] = [path for path in sys.path if path != str(home)]
    sys.modules.pop(file.stem)
    for listed in (tmp_path / "state").rglob("*"):
        listed.chmod(0o777)
    with pytest.raises(ValueError, match="not run"):
        resume(record, console=quiet)


def test_no_record_adds_to_the_folders_that_are_known(valid, home, quiet, untrained, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    for run in RUNNERS.values():
        run(valid, quiet)
    assert not known()


def test_a_program_that_was_run_before_is_run_again(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    program = Program("env A=1 python train.py {lr}", folder=str(tmp_path))
    record = place(tmp_path / "records" / "r")
    assert why_not_run(program, ["lr"], record)
    study = Study(
        name="s", question="?", trainable=program, metric=Metric("loss", "min"),
        fidelity=Fidelity("epoch", "epochs"), fixed={"epochs": 1},
    )  # fmt: skip
    remember([study], [])
    assert not why_not_run(program, ["lr"], record)
    other = dataclasses.replace(program, command="env A=2 python train.py {lr}")
    assert why_not_run(other, ["lr"], record)
