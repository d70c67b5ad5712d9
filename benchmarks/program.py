"""What it costs to run a command as a Program: 40 commands, beside a shell loop over them.

`python -m benchmarks.program` runs both in turn and prints their ratio. A command computes for
0.3 s and prints five lines of metrics; one runs at a time on either side.
"""

import argparse
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

N_COMMANDS = 40
REPEATS = 3
STEPS = 5
SCRIPT = f"""
import sys, time
for epoch in range(1, {STEPS} + 1):
    end = time.process_time() + 0.06
    while time.process_time() < end:
        pass
    print(f"epoch={{epoch}} val_loss={{1 / (epoch + int(sys.argv[1]))}}", flush=True)
"""


@dataclass(frozen=True)
class Cost:
    """Seconds of all commands of one side.

    Args:
        wall_s: from nothing to the end, with the start and the end of Ray on our side.
        further_s: from the end of the first command to the end of the last one.
    """

    wall_s: float
    further_s: float


def measure_loop(n_commands: int, folder: Path) -> Cost:
    """A shell runs the commands one after the other, their output in a file each."""
    python, script = shlex.quote(sys.executable), shlex.quote(str(_script(folder)))
    loop = f"for i in $(seq 0 {n_commands - 1}); do {python} {script} $i > {folder}/$i.txt; done"
    first = folder / "0.txt"
    start = time.time()
    subprocess.run(["sh", "-c", loop], check=True, cwd=folder)
    end = time.time()
    return Cost(end - start, end - first.stat().st_mtime)


def measure_ours(n_commands: int, folder: Path) -> Cost:
    """A study of as many trials, in a driver process of its own, one trial at a time."""
    command = [sys.executable, "-m", "benchmarks.program", "--only-ours", str(folder)]
    _script(folder)
    start = time.time()
    ended = subprocess.run(
        [*command, "--commands", str(n_commands)], capture_output=True, text=True
    )
    wall_s = time.time() - start
    if ended.returncode != 0:
        raise RuntimeError(f"the study failed:\n{ended.stdout}\n{ended.stderr}")
    return Cost(wall_s, float(ended.stdout.splitlines()[-1]))


def _script(folder: Path) -> Path:
    script = folder / "train.py"
    script.write_text(SCRIPT)
    return script


def run_study(n_commands: int, folder: Path) -> float:
    """Runs the study and returns the seconds from its first trial's end to its last one's."""
    from rich.console import Console

    from sweepbook import Fidelity, Metric, Program, Study
    from sweepbook.commands.run import run_studies
    from sweepbook.record.writer import RecordWriter
    from sweepbook.tune.placement import Placement

    endings: list[float] = []
    end_trial = RecordWriter.end_trial

    def ended(self: RecordWriter, *args: Any, **rest: Any) -> str:
        endings.append(time.time())
        return end_trial(self, *args, **rest)

    RecordWriter.end_trial = ended  # type: ignore[method-assign]  # looked at, not changed
    study = Study(
        name="commands",
        question="What does a program cost?",
        trainable=Program("python train.py {cell} {epochs}", metrics="pairs", folder=str(folder)),
        metric=Metric("val_loss", "min"),
        fidelity=Fidelity("epoch", "epochs"),
        grid={"cell": list(range(n_commands))},
        fixed={"epochs": STEPS},
        replicates=1,
    )
    with (folder / "output.txt").open("w") as output:
        ((_, counts),) = run_studies(
            [study],
            storage=folder / "records",
            console=Console(file=output),
            placement=Placement(max_concurrent=1),
        ).items()
    if counts != {"finished": n_commands}:
        raise RuntimeError(f"trials ended as {counts}")
    return endings[-1] - endings[0]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.program", description=__doc__)
    parser.add_argument("--commands", type=int, default=N_COMMANDS, help="how many (default 40)")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="of both sides (default 3)")
    parser.add_argument("--only-ours", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    if args.only_ours:
        print(run_study(args.commands, args.only_ours))
        return
    for _ in range(args.repeats):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            loop = measure_loop(args.commands, Path(one))
            ours = measure_ours(args.commands, Path(other))
        print(
            f"loop {loop.wall_s:.1f} s, ours {ours.wall_s:.1f} s: "
            f"{ours.wall_s / loop.wall_s:.2f} with the start of Ray, "
            f"{ours.further_s / loop.further_s:.2f} from the first command's end on",
            flush=True,
        )


if __name__ == "__main__":
    main()
