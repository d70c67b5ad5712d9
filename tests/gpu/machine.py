"""A machine with GPUs, real or logical ones, and the commands that are run there."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sweepbook.record.load import Record, load_record

STUDIES = Path(__file__).with_name("placed.py")
LIMIT_S = 300  # of one command


@dataclass(frozen=True)
class Machine:
    """A machine with GPUs, and a folder in which `sweepbook` is run.

    Args:
        address: the options by which a command reaches it, as `--address ...`; none: it is this
            machine, whose GPUs are real.
        n_gpus: how many GPUs it has.
    """

    folder: Path
    n_gpus: int
    address: Sequence[str] = ()
    done: dict[str, tuple[int, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "notes").mkdir()
        shutil.copy(STUDIES, self.folder)

    @property
    def is_real(self) -> bool:
        """Whether its GPUs are real."""
        return not self.address

    def sweepbook(self, *arguments: object) -> tuple[int, str]:
        """Runs a command; returns its exit code and its output."""
        command = [sys.executable, "-m", "sweepbook", *map(str, arguments)]
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "N_GPUS": str(self.n_gpus)},
        )
        with process:
            try:
                output, _ = process.communicate(timeout=LIMIT_S)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        return process.returncode, output

    def run(self, name: str, *arguments: object) -> tuple[int, str]:
        """Runs `sweepbook run` with these arguments once; the name tells it from others."""
        if name not in self.done:
            options = () if "--max-failures" in arguments else ("--max-failures", 0)
            self.done[name] = self.sweepbook(
                "run", *arguments, *options, *self.address, "--no-cache"
            )
        return self.done[name]

    def run_placed(self) -> str:
        """Runs the studies that declare their GPUs, in one command; returns its output."""
        studies = ("ALONE", "ON_THE_CPU", "CROWDED", "TOO_LARGE")
        code, output = self.run("placed", *(f"placed.py:{study}" for study in studies))
        assert code == 1 and "too-large: 1 failed" in output, output
        return output

    def record(self, name: str) -> Record:
        """The record of this name."""
        return load_record(self.folder / "records" / name)

    def attempts(self, *cases: str) -> pd.DataFrame:
        """The notes of these studies' trials so far, a row per attempt, in the order of ends."""
        notes = [json.loads(path.read_text()) for path in self.folder.glob("notes/*.json")]
        found = pd.DataFrame([note for note in notes if note["case"] in cases])
        return found.sort_values("ended", ignore_index=True)
