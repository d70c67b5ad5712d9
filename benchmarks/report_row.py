"""The row of results.md on the report: CPU seconds of the command, beside what it may take."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.goal import Goal
from benchmarks.measure import Timing, children_cpu_s
from benchmarks.report import N_EPOCHS, N_SEEDS, N_TRIALS, ROOT, write_made_up

MOST_S, MOST_S_OF_GIVEN = 10, 20  # of one core: the made-up record's report, eight given records'
_BEGINNING = "`sweepbook report` of "


def measure_report(records: Sequence[Path], n_repeats: int = 3) -> Timing:
    """CPU seconds of the whole command, imports included, on one thread; of a made-up record
    where none is given."""
    seconds = []
    with tempfile.TemporaryDirectory() as name:
        given = [path.resolve() for path in records] or [Path(name) / "large"]
        if not records:
            write_made_up(given[0], N_TRIALS, N_SEEDS, N_EPOCHS)
        command = [sys.executable, "-m", "sweepbook", "report", *map(str, given)]
        for i in range(n_repeats):
            before = children_cpu_s()
            subprocess.run(
                [*command, "--out", str(Path(name) / f"report-{i}")],
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                cwd=ROOT,
                check=True,
                capture_output=True,
            )
            seconds.append(children_cpu_s() - before)
    return Timing(tuple(seconds))


def report_goal(seconds: Timing, n_records: int) -> Goal:
    """The row of results.md; n_records: how many were given, 0 for the made-up one."""
    size = f"{N_TRIALS} trials, {N_SEEDS} seeds, {N_EPOCHS} epochs"
    what = f"{n_records} given records" if n_records else f"a record of {size}"
    allowed = MOST_S_OF_GIVEN if n_records else MOST_S
    return Goal(
        f"{_BEGINNING}{what}, beside what it may take: CPU seconds of one core, imports included; "
        f"ratio ours / allowed (measured on {datetime.now(UTC):%Y-%m-%d})",
        f"{seconds.median:.1f} s",
        f"{allowed} s",
        seconds.median / allowed,
        f"{min(seconds.values):.1f}..{max(seconds.values):.1f} s, {len(seconds.values)} times",
        at_most=1,
    )


def with_row(page: str, goal: Goal) -> str:
    """results.md with this row at the end of its main table, in place of an earlier one."""
    lines = [line for line in page.split("\n") if not line.startswith(f"| {_BEGINNING}")]
    head = next(i for i, line in enumerate(lines) if line.startswith("|---"))
    end = next(i for i in range(head, len(lines)) if not lines[i].startswith("|"))
    return "\n".join([*lines[:end], goal.row(), *lines[end:]])
