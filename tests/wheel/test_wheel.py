"""The wheel in an environment of its own, used from folders outside the repository."""

import os
import subprocess
import sys
import sysconfig
import textwrap
import zipfile
from pathlib import Path

import pytest

from sweepbook.record.load import load_record

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.more, pytest.mark.ray, pytest.mark.timeout(240)]

DECOY = "raise ImportError('this is the package of the folder that the command was called in')\n"
PROJECT = {
    # packages named as the exercise's own are, and as many a project's are
    "search_spaces/__init__.py": """
        from sweepbook import Fidelity, Metric, Study

        WALK = Study(
            name="walk", question="Which step is best?", trainable="trainables.walk:train",
            cost="analysis.places:cost_s", metric=Metric("val_acc", "max"),
            fidelity=Fidelity("round", "rounds"), fixed={"rounds": 3}, grid={"step": (1, 2)},
            figures=({"kind": "curves", "name": "walk", "metrics": ["val_acc"], "by": ["step"]},),
        )
    """,
    "trainables/__init__.py": "",
    "trainables/walk.py": """
        from .pace import paces

        def train(config):
            from tests.help import seeded
            for n in paces(config):
                yield {"round": n, "val_acc": float(n * config["step"] + seeded(config))}
    """,
    "trainables/pace.py": """
        from analysis.places import LAST

        def paces(config):
            return range(1, min(config["rounds"], LAST) + 1)
    """,
    "analysis/places.py": """
        LAST = 100

        def cost_s(config, data):
            return 1.0
    """,
    "tests/help.py": """
        def seeded(config):
            return config["seed"] % 97 / 97
    """,
    "my_study.py": """
        import dataclasses
        from search_spaces import WALK

        def train(config):
            import trainables.walk
            yield from trainables.walk.train(config)

        MINE = dataclasses.replace(
            WALK, name="mine", trainable="my_study:train", grid={"step": (3,)}, figures=()
        )
    """,
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text))
    return folder


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_contains_sweepbook_alone(wheel):
    with zipfile.ZipFile(wheel) as content:
        names = content.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"sweepbook", f"{wheel.name.split('-py3')[0]}.dist-info"}
    files = {str(p.relative_to(ROOT)) for p in (ROOT / "sweepbook").rglob("*.*") if p.is_file()}
    assert {f for f in files if "__pycache__" not in f} <= set(names), "templates, too"


@pytest.fixture(scope="module")
def call(wheel, tmp_path_factory):
    """Calls a program of a fresh environment with the wheel in it, with nothing else of ours.

    It is lent the other packages of these tests' environment by their folder's name, so that the
    .pth files in there, one of which names the repository, do not count.
    """
    home = tmp_path_factory.mktemp("home")
    bin_folder = home / "venv" / "bin"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home / "venv"], check=True)
    pip = [sys.executable, "-m", "pip", "--python", bin_folder / "python", "--quiet"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", wheel], check=True)
    (own,) = (home / "venv" / "lib").glob("python3*/site-packages")
    (own / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    environment = {
        "HOME": str(home),
        "PATH": f"{bin_folder}:/usr/bin:/bin",
        "MPLCONFIGDIR": str(home),
        "OMP_NUM_THREADS": "1",
        "SWEEPBOOK_CACHE": os.environ["SWEEPBOOK_CACHE"],
    }

    def start(folder, program, *arguments):
        done = subprocess.run(
            [bin_folder / program, *map(str, arguments)],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    return start


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    return write(tmp_path_factory.mktemp("mine"), PROJECT)


@pytest.fixture(scope="module")
def elsewhere(call, mine, tmp_path_factory):
    """Another folder, with packages of such names: two studies of the project were run in it."""
    names = ("analysis/__init__.py", "trainables/__init__.py", "tests/help.py")
    folder = write(tmp_path_factory.mktemp("elsewhere"), dict.fromkeys(names, DECOY))
    studies = ("walk", mine / "my_study.py", "--project", mine, "--replicates", 2)
    code, said = call(folder, "sweepbook", "run", *studies)
    assert code == 0, said
    return folder


def test_the_environment_has_the_tool_and_nothing_else_of_the_repository(call, tmp_path):
    for package in ("search_spaces", "trainables", "analysis", "tests"):
        code, said = call(tmp_path, "python", "-c", f"import sweepbook.cli, {package}")
        assert code == 1 and f"No module named '{package}'" in said


def test_the_project_s_studies_are_listed_in_it_and_nowhere_else(call, mine, tmp_path):
    code, said = call(mine / "analysis", "sweepbook", "list")
    assert code == 0 and "Which step is best?" in said
    code, said = call(tmp_path, "sweepbook", "list")
    assert code == 0 and "There is no project in" in said and "my_study.py" in said


def test_workers_train_with_the_project_s_own_packages(elsewhere, mine):
    for name, best in (("walk", [3, 6]), ("mine", [9])):
        record = load_record(elsewhere / "records" / name)
        assert list(record.trials["status"]) == ["finished"] * len(best)
        assert sorted(record.trials["val_acc_last"].astype(int)) == best
        assert list(record.manifest.import_paths) == [str(mine)]


def test_the_report_needs_no_folder_of_the_repository(call, elsewhere):
    code, said = call(elsewhere, "sweepbook", "report", "records/walk", "records/mine")
    assert code == 0, said
    assert "Which step is best?" in (elsewhere / "report" / "report.md").read_text()
