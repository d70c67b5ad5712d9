"""A program as a generator: its process stands still between its steps, as a generator does."""

import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sweepbook.doors.programs.problems import problems
from sweepbook.doors.programs.replicate import Replicate
from sweepbook.record.planned import Trial
from sweepbook.study.forms.program import Program

__all__ = ["generator_of", "problems"]


def generator_of(program: Program, trial: Trial) -> Callable[..., Iterator[Any]]:
    """Returns the generator function that trains a replicate."""

    def train(config: Any, state: Any = None) -> Iterator[Any]:
        if not program.place.is_dir():
            raise FileNotFoundError(
                f"the program's folder {program.folder} does not exist on {socket.gethostname()}: "
                "with several machines, it must be at the same place on each of them"
            )
        with tempfile.TemporaryDirectory(
            prefix="sweepbook-program-", ignore_cleanup_errors=True
        ) as folder:
            replicate = Replicate(program, trial, config, state, Path(folder))
            try:
                yield from replicate.steps()
            finally:
                replicate.process.end()

    return train
