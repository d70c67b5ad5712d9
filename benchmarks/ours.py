"""The learning-rate study by the command line, from its start to its record."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class CommandTimes:
    """Of one command: wall seconds, and the core seconds that its trials spent in epochs."""

    wall_s: float
    training_s: float
    n_replicate_epochs: int

    @property
    def per_replicate_epoch_s(self) -> float:
        return self.wall_s / self.n_replicate_epochs


def measure_command(n_replicates: int, n_epochs: int, storage: Path) -> CommandTimes:
    """Runs `sweepbook run learning-rate` in a process of its own."""
    from sweepbook.record.load import load_record

    name = f"epochs-{n_epochs}"
    command = [
        *(str(Path(sys.executable).with_name("sweepbook")), "run", "learning-rate", "--no-cache"),
        *("--replicates", str(n_replicates), "--epochs", str(n_epochs)),
        *("--storage", str(storage), "--name", name),
    ]
    start = time.perf_counter()
    ended = subprocess.run(command, capture_output=True, text=True)
    wall_s = time.perf_counter() - start
    if ended.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{ended.stdout}\n{ended.stderr}")
    reports = load_record(storage / name).reports
    n_trials = reports["trial_id"].nunique()
    if len(reports) != n_trials * n_replicates * n_epochs:
        raise RuntimeError(f"the record has {len(reports)} rows")
    first = reports[reports["replicate"] == 0]  # an epoch's seconds are those of the whole stack
    return CommandTimes(wall_s, float(first["time_s"].sum()), len(reports))
