"""Where the time of a command goes that is not training: its start, and its end.

    python -m benchmarks.start [--repeats 5]

Real commands and their bare parts run in turn, each in a process of its own.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import Timing, children_cpu_s

ROOT = Path(__file__).parents[1]
N_STEPS = 4  # of a trial of one second
N_TRIALS = 4
_OUR_WORKER = "import ray.tune, sweepbook.tune.worker.run"
_RAY = "import ray; ray.init(address='local', include_dashboard=False, log_to_driver=False)"
PARTS = {
    'python -c "import typer, rich"': ["-c", "import typer, rich"],
    "sweepbook --help": ["-m", "sweepbook", "--help"],
    "sweepbook list": ["-m", "sweepbook", "list"],
    "sweepbook show learning-rate": ["-m", "sweepbook", "show", "learning-rate"],
    "what `sweepbook run` imports before it plans": ["-c", "import sweepbook.commands.run"],
    "import ray.tune": ["-c", "import ray.tune"],
    "what a worker imports before its trainable": ["-c", _OUR_WORKER],
    "import torch": ["-c", "import torch"],
    "a Ray with all its processes: import, init, shutdown": ["-c", f"{_RAY}; ray.shutdown()"],
}
FIRST = "`sweepbook run` of four one-second trials: to the first report"
LAST = "the same: from the last report to the prompt"
NOT_TRAINING = "`sweepbook run learning-rate --epochs 1`: what is not training"
GOALS_S = {"sweepbook show learning-rate": 1.5, FIRST: 5.0, LAST: 1.0, NOT_TRAINING: 8.0}
MORE_S = 0.2  # than the first part, at most
MORE = ("sweepbook --help", "sweepbook list")


@dataclass(frozen=True)
class Start:
    """Of one command or part: seconds of the wall, and of all CPUs as far as they are known."""

    wall: Timing
    cpu: Timing | None

    def row(self, name: str, most_s: float | None) -> str:
        """Returns a row of the table."""
        goal = "" if most_s is None else f"<= {most_s:.2g} s"
        met = "" if most_s is None else "yes" if self.wall.median <= most_s else "NO"
        return f"| {name} | {self.wall} | {self.cpu or ''} | {goal} | {met} |"


def second(config: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A trainable that sleeps for a second, and says when it reports."""
    for n in range(1, int(config["rounds"]) + 1):
        time.sleep(1 / N_STEPS)
        yield {"round": n, "val_loss": 1 / (n + config["cell"]), "reported_at": time.time()}


STUDY = f"""
from sweepbook import Fidelity, Metric, Study

STUDY = Study(
    name="seconds", question="What does a start cost?", trainable="benchmarks.start:second",
    metric=Metric("val_loss", "min"), fidelity=Fidelity("round", "rounds"),
    grid={{"cell": list(range({N_TRIALS}))}}, fixed={{"rounds": {N_STEPS}}}, replicates=1,
)
"""


def measure_start(repeats: int) -> dict[str, Start]:
    """Runs every command and part `repeats` times, in turn."""
    wall: dict[str, list[float]] = {}
    cpu: dict[str, list[float]] = {}
    for _ in range(repeats):
        for name, arguments in PARTS.items():
            began, cpu_began = time.perf_counter(), children_cpu_s()
            _call(arguments)
            wall.setdefault(name, []).append(time.perf_counter() - began)
            cpu.setdefault(name, []).append(children_cpu_s() - cpu_began)
        with tempfile.TemporaryDirectory() as folder:
            for name, seconds in {**_of_run(Path(folder)), **_of_training(Path(folder))}.items():
                wall.setdefault(name, []).append(seconds)
    return {
        name: Start(Timing(tuple(wall[name])), Timing(tuple(cpu[name])) if name in cpu else None)
        for name in wall
    }


def start_rows(measured: Mapping[str, Start]) -> list[str]:
    """Returns the table as lines of markdown."""
    bare = next(iter(measured.values())).wall.median
    goals = GOALS_S | dict.fromkeys(MORE, bare + MORE_S)
    return [
        "| what | wall | CPU | goal | met |",
        "|---|---|---|---|---|",
        *(start.row(name, goals.get(name)) for name, start in measured.items()),
    ]


def _of_run(folder: Path) -> dict[str, float]:
    """Seconds before the first report of a run of short trials, and after its last."""
    from sweepbook.record.load import load_record

    (folder / "seconds.py").write_text(STUDY)
    began = time.time()
    _run(str(folder / "seconds.py"), "--storage", str(folder), "--name", "seconds")
    ended = time.time()
    at = load_record(folder / "seconds").reports["reported_at"]
    return {FIRST: float(at.min()) - began, LAST: ended - float(at.max())}


def _of_training(folder: Path) -> dict[str, float]:
    """Seconds of the learning-rate study that are not training, if it trains on all cores."""
    from sweepbook.record.load import load_record

    began = time.time()
    _run("learning-rate", "--epochs", "1", "--storage", str(folder), "--name", "rates")
    wall_s = time.time() - began
    reports = load_record(folder / "rates").reports
    trained_s = reports[reports["replicate"] == 0]["time_s"].sum()  # of a whole stack
    return {NOT_TRAINING: wall_s - float(trained_s) / min(os.cpu_count() or 1, N_TRIALS)}


def _run(*arguments: str) -> None:
    _call(["-m", "sweepbook", "run", *arguments, "--no-cache"])


def _call(arguments: list[str]) -> None:
    ended = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True)
    if ended.returncode != 0:
        raise RuntimeError(f"{arguments} failed:\n{ended.stdout}\n{ended.stderr}")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="of each command (default 5)")
    print("\n".join(start_rows(measure_start(parser.parse_args().repeats))))


if __name__ == "__main__":
    main()
