"""What a program is made of is a record's own: its command in the ids, its files in the hash."""

import dataclasses
import json
import subprocess
import sys

import pytest

from sweepbook import Program
from sweepbook.plan.manifest import changes_since, new_manifest
from sweepbook.plan.modules.code import code_sha256
from sweepbook.plan.modules.programs import program_files, program_sha256
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.record.manifest import manifest_of
from sweepbook.record.provenance import is_whole_code
from sweepbook.study.forms.trainable import trainable_key, trainable_name, trainable_of


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "nets").mkdir()
    for name, text in {
        "train.py": "import data\nfrom nets import mlp\nimport json", "data.py": "import more",
        "more.py": "", "nets/__init__.py": "", "nets/mlp.py": "", "other.py": "import study",
        "run.sh": "python train.py", "small.yaml": "a: 1", "large.yaml": "a: 2",
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text)
    return tmp_path


ALL = {"train.py", "data.py", "more.py", "nets/__init__.py", "nets/mlp.py"}


@pytest.mark.parametrize(
    "command, names",
    [
        ("python train.py", ALL),
        ("python ./train.py --config={size}.yaml", ALL | {"small.yaml", "large.yaml"}),
        ("sh run.sh other.py {lr}", {"run.sh", "other.py"}),
        ("./run.sh", {"run.sh"}),
        ("python -m nets.mlp", {"nets/__init__.py", "nets/mlp.py"}),
        ("python -m train", ALL),
        ("sh -c 'python train.py > {size}.log; cat large.yaml'", ALL | {"large.yaml"}),
        ("ls .. missing.py", set()),
        ("python a/../../DIR/train.py", ALL),
    ],
)
def test_the_files_of_a_program_are_those_that_its_command_names(folder, command, names):
    program = Program(command.replace("DIR", folder.name), folder=str(folder))
    configs = [{"size": "small", "lr": 1}, {"size": "large", "lr": 2}]
    found = {path.relative_to(folder).as_posix() for path in program_files(program, configs)}
    assert found == names


def test_a_changed_file_is_found(study_of, folder):
    study = study_of(script="import data")
    manifest = new_manifest(make_plan(study, Options()), Options(), ["sweepbook"], [])
    assert changes_since(manifest) == []
    (folder / "data.py").write_text("x = 1")
    (change,) = changes_since(manifest)
    assert "code has changed" in change and "data.py" in change
    (folder / "data.py").write_text("import more")
    (folder / "other.py").write_text("no part of it")
    assert changes_since(manifest) == []


def test_a_folder_that_is_gone_is_told(study_of, tmp_path):
    study = study_of()
    manifest = new_manifest(make_plan(study, Options()), Options(), ["sweepbook"], [])
    gone = dataclasses.replace(study.trainable, folder=str(tmp_path / "gone"))
    moved = dataclasses.replace(manifest, study=dataclasses.replace(study, trainable=gone))
    with pytest.raises(ValueError, match=r"gone.*does not exist any more"):
        changes_since(moved)


def test_a_record_keeps_the_program_and_the_commit_of_its_files(study_of, tmp_path):
    study = study_of(command=["python", "train.py", "{lr}"], timeout_s=5)
    for words in (["init", "-q"], ["add", "train.py"],
                  ["-c", "user.name=a", "-c", "user.email=a", "commit", "-qm", "m"]):  # fmt: skip
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    manifest = new_manifest(make_plan(study, Options()), Options(), ["sweepbook"], [])
    assert manifest.registration.commit
    read = manifest_of(json.loads(json.dumps(manifest.as_json())))
    assert read.study.trainable == study.trainable
    assert read.trials[0].trainable == study.trainable


def test_an_id_does_not_depend_on_the_place_and_the_time_limit(tmp_path):
    here = Program("a {lr}", folder=str(tmp_path))
    assert trainable_key(here) == trainable_key(Program("a {lr}", timeout_s=3, folder="/"))
    assert (
        trainable_key(here) == {"command": ["a", "{lr}"]} == trainable_key(Program(["a", "{lr}"]))
    )
    assert trainable_key(here) != trainable_key(Program("a {lr}", metrics="pairs"))
    assert trainable_key(here) == trainable_key(Program("a\n   {lr}\n"))
    assert trainable_of(dataclasses.asdict(here)) == here


def test_a_command_of_several_lines_is_shown_on_one():
    assert trainable_name(Program("\n  a {lr}\n  --b 1\n")) == "a {lr} --b 1"
    assert trainable_name(Program(["a", "b c"])) == "a 'b c'"


def test_a_program_is_run_beside_the_file_that_makes_it(tmp_path, monkeypatch):
    file = tmp_path / "a" / "study.py"
    made = {}
    for folder in ("None", "'sub'", "'/etc'"):
        text = f"from sweepbook import Program\np = Program('a', folder={folder})"
        exec(text, names := {"__file__": str(file)})
        made[folder] = names["p"].folder
    assert made == {"None": str(tmp_path / "a"), "'sub'": str(tmp_path / "a" / "sub"),
                    "'/etc'": "/etc"}  # fmt: skip
    monkeypatch.chdir(tmp_path)
    exec("from sweepbook import Program\np = Program('a')", names := {})
    assert names["p"].folder == str(tmp_path)


def test_the_hash_is_of_names_and_contents(study_of, tmp_path):
    before = code_sha256(study_of())
    assert code_sha256(study_of()) == before
    assert code_sha256(study_of(script="print()")) != before


@pytest.mark.parametrize("command", ["python ../code/train.py", "python {}/code/train.py",
                                     "python train.py", "python -m nets.mlp"])  # fmt: skip
def test_a_changed_file_is_found_wherever_it_lies(tmp_path, command):
    for name in ("code", "studies", "studies/nets"):
        (tmp_path / name).mkdir()
    for name in ("code/train.py", "studies/train.py", "studies/nets/mlp.py"):
        (tmp_path / name).write_text("import helper")
    (tmp_path / "code" / "helper.py").write_text("")
    (tmp_path / "studies" / "helper.py").write_text("")
    place = tmp_path / "studies"
    program = Program(command.format(tmp_path), folder=str(place))
    before = program_sha256(program, [{}])
    assert before == program_sha256(program, [{}]) and is_whole_code(before)
    helpers = "code" if "code" in command else "studies"
    (tmp_path / helpers / "helper.py").write_text("x = 1")
    assert program_sha256(program, [{}]) not in (before, None)


@pytest.mark.parametrize(
    "command, is_whole",
    [
        ("python train.py", True),
        ("env A=1 python -u train.py --config large.yaml", True),
        ([sys.executable, "train.py"], True),
        ("python train.py model.lr={lr} {seed}.log", True),
        ("python train.py --config={size}.yaml", False),  # one that a search has yet to choose
        ("python -m nets.mlp", True),
        ("sh run.sh", False),  # what it runs, nobody knows
        ("./run.sh", False),
        (["sh", "-c", "cd nets && python train.py"], False),
        (["python", "-c", "import train"], False),
        ("ls", False),
        ("ls large.yaml", False),
        (sys.executable, False),
        ("python -m json.tool", False),
        ("python -m json.tool large.yaml", False),
    ],
)
def test_code_of_which_not_all_is_known_is_not_taken_for_the_same(folder, command, is_whole):
    assert is_whole_code(program_sha256(Program(command, folder=str(folder)), [{}])) == is_whole


def test_a_changed_shell_script_is_found_although_not_all_that_it_runs_is_known(folder):
    program = Program("sh run.sh", folder=str(folder))
    before = program_sha256(program, [{}])
    (folder / "run.sh").write_text("python other.py")
    assert program_sha256(program, [{}]) not in (before, None)
