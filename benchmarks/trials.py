"""What a short trial costs the driver: seconds and memory, ours beside a bare Tune loop."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SHORT_STEPS = 3  # reports of a trial
WARM_UP = 0.2  # of the trials, before memory is looked at


@dataclass(frozen=True)
class TrialCost:
    """Of one study of many short trials."""

    n_trials: int
    wall_s: float  # of the whole study, with Ray's import, start and end
    further_s: float  # of each trial but the first: from the first ending to the last
    kb_per_trial: float  # slope of the driver's resident memory over the trials that had ended

    @property
    def s_per_trial(self) -> float:
        """Seconds of the whole study, by trial."""
        return self.wall_s / self.n_trials


def short(config: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A trainable that takes no time."""
    for n in range(1, int(config["rounds"]) + 1):
        yield {"round": n, "val_loss": 1 / (n + config["cell"])}


def measure_trials(side: str, n_trials: int) -> TrialCost:
    """Runs the study in a driver process of its own; side is "ours" or "bare"."""
    command = [sys.executable, "-m", "benchmarks.trials", side, str(n_trials)]
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{ended.stdout}\n{ended.stderr}")
    return TrialCost(n_trials, **json.loads(ended.stdout.splitlines()[-1]))


def _ours(n_trials: int, folder: Path) -> tuple[float, list[tuple[float, int]]]:
    from rich.console import Console

    from sweepbook import Fidelity, Metric, Study
    from sweepbook.commands.run import run_studies
    from sweepbook.plan.options import Options
    from sweepbook.record.writer import RecordWriter

    study = Study(
        name="short",
        question="What does a trial cost?",
        trainable="benchmarks.trials:short",
        metric=Metric("val_loss", "min"),
        fidelity=Fidelity("round", "rounds"),
        grid={"cell": list(range(n_trials))},
        fixed={"rounds": SHORT_STEPS},
        replicates=1,
    )
    endings: list[tuple[float, int]] = []
    end_trial = RecordWriter.end_trial

    def ended(self: RecordWriter, *args: Any, **rest: Any) -> str:
        endings.append((time.perf_counter(), _resident_kb()))
        return end_trial(self, *args, **rest)

    RecordWriter.end_trial = ended  # type: ignore[method-assign]  # looked at, not changed
    console = Console(file=(folder / "output.txt").open("w"))
    start = time.perf_counter()
    ((_, counts),) = run_studies([study], Options(), storage=folder, console=console).items()
    if counts != {"finished": n_trials}:
        raise RuntimeError(f"trials ended as {counts}")
    return time.perf_counter() - start, endings


def _bare(n_trials: int, folder: Path) -> tuple[float, list[tuple[float, int]]]:
    """The same loop under Tune alone: reused workers, no loggers, one callback."""
    import os

    from sweepbook.tune.cluster.environment import ENVIRONMENT

    os.environ.update(ENVIRONMENT)
    start = time.perf_counter()
    import ray
    from ray import tune

    endings: list[tuple[float, int]] = []

    class Ended(tune.Callback):
        def on_trial_complete(self, *_: Any, **__: Any) -> None:
            endings.append((time.perf_counter(), _resident_kb()))

        def __getstate__(self) -> dict[str, Any]:
            return {}

    def loop(config: dict[str, Any]) -> None:
        for metrics in short(config):
            tune.report(metrics)

    ray.init(address="local", include_dashboard=False, log_to_driver=False)
    tune.Tuner(
        loop,
        param_space={"cell": tune.grid_search(list(range(n_trials))), "rounds": SHORT_STEPS},
        tune_config=tune.TuneConfig(reuse_actors=True),
        run_config=tune.RunConfig(storage_path=str(folder), verbose=0, callbacks=[Ended()]),
    ).fit()
    ray.shutdown()
    return time.perf_counter() - start, endings


def _resident_kb() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS")))


def main() -> None:
    side, n_trials = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        wall_s, endings = {"ours": _ours, "bare": _bare}[side](n_trials, Path(folder).resolve())
    times, memory = zip(*endings, strict=True)
    rest = memory[int(len(memory) * WARM_UP) :]
    slope = float(np.polyfit(np.arange(len(rest)), rest, 1)[0])
    further_s = (times[-1] - times[0]) / (n_trials - 1)
    print(json.dumps({"wall_s": wall_s, "further_s": further_s, "kb_per_trial": slope}))


if __name__ == "__main__":
    main()
