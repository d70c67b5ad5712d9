"""One replicate of a program: its steps as dicts, and what a checkpoint keeps of it."""

import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sweepbook.doors.programs.command import (
    environment_of,
    executable,
    settings_file,
    words_of,
)
from sweepbook.doors.programs.counting import Counting
from sweepbook.doors.programs.files import Files, StillChangingError, packed_files, unpack_files
from sweepbook.doors.programs.lines import reader
from sweepbook.doors.programs.process import Line, Process
from sweepbook.doors.programs.told import ended_badly, quoted, ran_too_long, said_nothing
from sweepbook.record.planned import Trial, replicate_of
from sweepbook.study.forms.program import Program


class Replicate:
    """The program of one replicate, from its beginning or from a checkpoint.

    A program writes its checkpoint folder when it likes, so what is kept at a step are files that
    are no newer than the step: of this moment where nothing has been written since the step's
    line, else of an earlier one. What the program then repeats after a resume is left out.

    Args:
        state: as `state` gave it; None: from the beginning.
        folder: an empty one of its own.
    """

    def __init__(
        self,
        program: Program,
        trial: Trial,
        config: Mapping[str, Any],
        state: Mapping[str, Any] | None,
        folder: Path,
    ) -> None:
        self.program, self.trial = program, trial
        kept: Mapping[str, Any] = state or {}
        self.kept_at = int(kept.get("fidelity", 0))  # where it goes on
        self.at = self.kept_at
        self.values: dict[int, float | None] = dict(kept.get("values", {}))  # of its steps so far
        self.widest = int(kept.get("widest", 0))  # distance of its steps
        self.counting = Counting(program, trial, kept.get("counts"), int(kept.get("first", 1)))
        self.files: Files = {key: kept.get(key, {}) for key in ("files", "times")}
        self.files_at = int(kept.get("files_at", 0))  # the last step before them
        self.began_ns = int(kept.get("began_ns", 0))  # when its first step of all was read
        self.read_ns = 0  # when the last one was
        self._has_gone_on = self.kept_at == 0
        self.read = reader(program.metrics)
        self.checkpoints = folder / "checkpoint"
        self.checkpoints.mkdir()
        unpack_files(self.files, self.checkpoints)
        self.process = self._started(config, folder)

    def _started(self, config: Mapping[str, Any], folder: Path) -> Process:
        program, trial = self.program, self.trial
        number = replicate_of(trial, config["seed"])
        file = settings_file(program, config, folder)
        given = {"seed": str(config["seed"]), "replicate": str(number)}
        given |= {"checkpoint_dir": str(self.checkpoints), "config_file": str(file)}
        words = words_of(program, config, given)
        found = executable(words[0], program.place)
        if found is None:
            raise FileNotFoundError(f"there is no program {words[0]!r} in PATH on this machine")
        try:
            return Process(
                [found, *words[1:]],
                program.place,
                environment_of(program, config, number, os.environ),
                own_folder=folder,
                stream=program.stream,
                mark=f"[{number}] " if trial.n_replicates > 1 else "",
                limit_s=program.timeout_s,
            )
        except OSError as error:
            raise OSError(
                f"the program {words[0]!r} cannot be started ({error.strerror}): it must be "
                "something that this machine can execute; of a script, write the interpreter "
                f"first, as in `sh {words[0]}`"
            ) from error

    def steps(self) -> Iterator[dict[str, Any]]:
        """Yields a dict for each metric line; the program stands still while nobody asks.

        Raises:
            ChildProcessError: it ended with an error.
            TimeoutError: it ran for longer than it may.
            ValueError: what it prints is no good.
        """
        trial, unit = self.trial, self.trial.unit
        while (line := self._next_line()) is not None:
            metrics = self.read(line.text)
            if metrics is None or trial.metric not in metrics:
                continue
            at = self.counting.fidelity(metrics, self.at, line.text)
            if at is None or self._is_repeated(at, metrics[trial.metric]):
                continue
            if self.at >= trial.max_fidelity:
                if at <= self.at:
                    continue  # a summary
                self.counting.check_last(at)
                return  # it knows no end, and has had all its steps
            self._check_rises(at, line)
            self.process.stand_still()
            self.values[at] = _finite(metrics[trial.metric])
            self.widest, self.at = max(self.widest, at - self.at), at
            self.read_ns = line.read_ns
            self.began_ns = self.began_ns or line.read_ns
            extra = {"state": self.state} if self.program.takes_checkpoints else {}
            yield {**self._kept(metrics), unit: at, **extra}
        self._check_end()

    def _kept(self, metrics: dict[str, Any]) -> dict[str, Any]:
        """The metrics that are recorded: of pairs, only numbers."""
        if self.program.metrics != "pairs":
            return metrics
        return {name: value for name, value in metrics.items() if not isinstance(value, str)}

    def _next_line(self) -> Line | None:
        try:
            return self.process.next_line()
        except TimeoutError:
            self.process.end()
            text = ran_too_long(self.process, self.program, self.trial, self.at)
            raise TimeoutError(text) from None

    def _is_repeated(self, at: int, value: Any) -> bool:
        """Whether a step is one that the record holds already; checks where a resume goes on."""
        if self._has_gone_on:
            return False
        unit, kept = self.trial.unit, self.kept_at
        has_progress = max(self.files["times"].values(), default=0) > self.began_ns
        if at == min(self.values) and self.files_at > at and has_progress:
            raise ValueError(
                f"the program began again at {unit} {at}, although its checkpoint folder held "
                f"{len(self.files['files'])} files of {unit} {self.files_at}: it must load what "
                "lies in {checkpoint_dir} and go on from there, or leave {checkpoint_dir} out of "
                "the command (a resume then begins anew)"
            )
        if at <= kept:
            before = self.values.get(at)
            if before != _finite(value):
                print(
                    f"{unit} {at} had {self.trial.metric} {before} before the resume, and has "
                    f"{value} now: the program does not repeat itself"
                )
            return True
        if at - kept > self.widest:
            raise ValueError(
                f"the program went on with {unit} {at} after a resume at {unit} {kept}: what it "
                f"keeps in {{checkpoint_dir}} must be written before the line with the metrics of "
                f"that {unit} is printed, and not later than that"
            )
        self._has_gone_on = True
        return False

    def _check_rises(self, at: int, line: Line) -> None:
        if 0 < at <= self.at:
            raise ValueError(
                f"{self.trial.unit} {at} came after {self.trial.unit} {self.at}, in the line "
                f"{quoted(line.text)}: each line with {self.trial.metric} must be of a later "
                f"{self.trial.unit}; where some are none, choose the lines by a regular "
                "expression, metrics=r'...'"
            )

    def _check_end(self) -> None:
        """Keeps what it leaves.

        Raises:
            ChildProcessError, ValueError: it ended with an error, or without a step.
        """
        if self.process.exit_code:
            raise ChildProcessError(ended_badly(self.process, self.program, self.trial))
        if not self.at:
            raise ValueError(said_nothing(self.process, self.program, self.trial))
        if self.program.takes_checkpoints:
            self.files, self.files_at = packed_files(self.checkpoints), self.at

    def state(self) -> dict[str, Any]:
        """Returns what a resume needs: files that are no newer than the last step."""
        is_next_there = any(self._is_metric_line(line) for line in self.process.lines)
        if self.process.exit_code is None and not is_next_there:
            try:
                family = self.process.family()
                self.files = packed_files(self.checkpoints, self.read_ns, family)
                self.files_at = self.at
            except StillChangingError:
                pass  # those of an earlier step: the program repeats the steps since then
        return {
            **self.files,
            "fidelity": self.at,
            "files_at": self.files_at,
            "began_ns": self.began_ns,
            "values": dict(self.values),
            "widest": self.widest,
            "first": self.counting.first,
            "counts": self.counting.is_said,
        }

    def _is_metric_line(self, line: Line) -> bool:
        return self.trial.metric in (self.read(line.text) or {})


def _finite(value: Any) -> float | None:
    """A metric's value as it can be compared: NaN and nothing are the same."""
    is_number = isinstance(value, int | float) and math.isfinite(value)
    return float(value) if is_number else None
