"""What a Ray Tune function costs through Sweepbook's door, beside the same under plain Ray Tune.

python -m benchmarks.ray_function

Each side runs in a process of its own, in turn: ours as `sweepbook run` does, with one replicate;
the other with reused actors and without default loggers. The function does nothing but report.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import Timing, ratios

N_TRIALS = (200, 1000)
N_REPORTS = 10
MOST = 1.5  # the goal: ours / Ray's
SIDES = ("ray", "ours")
PAGE = Path(__file__).with_name("ray-function.md")


def _ours(n_trials: int, folder: Path) -> None:
    from rich.console import Console

    from sweepbook import Fidelity, Metric, Study
    from sweepbook.commands.run import run_studies
    from sweepbook.plan.options import Options

    study = Study(
        name="reporting",
        question="What does a report cost?",
        trainable="benchmarks.reporting:reporting",
        metric=Metric("val_loss", "min"),
        fidelity=Fidelity("round", "rounds"),
        grid={"cell": list(range(n_trials))},
        fixed={"rounds": N_REPORTS},
        replicates=1,
    )
    console = Console(file=(folder / "output.txt").open("w"))
    ((_, counts),) = run_studies([study], Options(), storage=folder, console=console).items()
    if counts != {"finished": n_trials}:
        raise RuntimeError(f"trials ended as {counts}")


def _ray(n_trials: int, folder: Path) -> None:
    os.environ["TUNE_DISABLE_AUTO_CALLBACK_LOGGERS"] = "1"
    import ray
    from ray import tune

    from benchmarks.reporting import reporting

    ray.init(address="local", include_dashboard=False, log_to_driver=False)
    results = tune.Tuner(
        reporting,
        param_space={"cell": tune.grid_search(list(range(n_trials))), "rounds": N_REPORTS},
        tune_config=tune.TuneConfig(reuse_actors=True),
        run_config=tune.RunConfig(storage_path=str(folder), verbose=0),
    ).fit()
    ray.shutdown()
    if results.errors or len(results) != n_trials:
        raise RuntimeError(f"trials failed: {results.errors}")


def measured(side: str, n_trials: int) -> float:
    """Returns the wall seconds of a study, with Ray's import, start and end."""
    command = [sys.executable, "-m", "benchmarks.ray_function", "--side", side, str(n_trials)]
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{ended.stdout}\n{ended.stderr}")
    return float(json.loads(ended.stdout.splitlines()[-1]))


def row_of(n_trials: int, repeats: int) -> dict[str, Any]:
    """Times both sides in turn, and each of them first in every second round."""
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    for n in range(repeats):
        for side in SIDES if n % 2 == 0 else reversed(SIDES):
            seconds[side].append(measured(side, n_trials))
            print(f"{n_trials} trials, {side}: {seconds[side][-1]:.1f} s", flush=True)
    ray, ours = (Timing(tuple(seconds[side])) for side in SIDES)
    return {"trials": n_trials, "ray": ray, "ours": ours, "ratio": ratios(ours, ray)}


def page(rows: Sequence[Mapping[str, Any]], load: float) -> str:
    """Returns the page of results."""
    import ray

    lines = [
        "# A Ray Tune function through the door",
        "",
        f"Written by `python -m benchmarks.ray_function` on {time.strftime('%Y-%m-%d')} "
        f"({os.cpu_count()} cores; Ray {ray.__version__}; load average {load:.1f} before). Wall "
        f"seconds of a whole study, with Ray's start and end; a trial makes {N_REPORTS} reports "
        "and does nothing else. Plain Ray Tune reuses its actors and has no default loggers; ours "
        "keeps a record, with one replicate a trial. Medians, in brackets the range; the two "
        "sides in turn, and the ratio within each turn.",
        "",
        "| trials | plain Ray Tune | ours | ratio ours / plain | goal | met |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        is_met = "yes" if statistics.median(row["ratio"].values) <= MOST else "no"
        lines.append(
            f"| {row['trials']:,} | {row['ray']} | {row['ours']} | {row['ratio']} "
            f"| <= {MOST} | {is_met} |"
        )
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ray_function", description=__doc__)
    parser.add_argument("trials", type=int, nargs="*", default=N_TRIALS, help="(200 and 1,000)")
    parser.add_argument("--repeats", type=int, default=3, help="of each side (default 3)")
    parser.add_argument("--out", type=Path, default=PAGE)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            {"ours": _ours, "ray": _ray}[args.side](args.trials[0], Path(folder).resolve())
            print(json.dumps(time.perf_counter() - start))
        return
    load = os.getloadavg()[0]
    text = page([row_of(n, args.repeats) for n in args.trials], load)
    args.out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
