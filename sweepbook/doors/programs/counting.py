"""Where a program's metric lines say that the training stands."""

import math
import re
from typing import Any

from sweepbook.doors.programs.lines import number_of, reads_never
from sweepbook.doors.programs.told import quoted
from sweepbook.record.planned import Trial
from sweepbook.study.forms.program import Program
from sweepbook.study.texts import shortened

_OF_MANY = re.compile(r"(\d+)/\d+")  # epoch=3/10


class Counting:
    """The unit of fidelity in metric lines, or their number where none is said.

    A program that counts from 0 is recorded from 1.

    Args:
        is_said: whether its lines say the unit; None: nobody has seen one yet.
        first: what its first line has said.
    """

    def __init__(self, program: Program, trial: Trial, is_said: bool | None, first: int) -> None:
        self.program, self.trial, self.is_said, self.first = program, trial, is_said, first

    def fidelity(self, metrics: dict[str, Any], before: int, line: str) -> int | None:
        """Returns the unit of a metric line; None: it is no step, such as a summary.

        Args:
            metrics: of the line; numbers in them become such.
            before: the unit of the line before.

        Raises:
            ValueError: it says what is no number, or nothing where it must.
        """
        unit, metric = self.trial.unit, self.trial.metric
        for name in (metric, unit):
            if isinstance(text := metrics.get(name), str):
                number = number_of(text)
                of_many = _OF_MANY.fullmatch(text) if name == unit else None
                metrics[name] = int(of_many[1]) if of_many else text if number is None else number
            if isinstance(metrics.get(name), str):
                raise ValueError(
                    f"{name} was printed as {shortened(metrics[name], 40)!r}, which is no number, "
                    f"in the line {quoted(line)}: print the number alone, or take it out by a "
                    rf"regular expression, such as metrics=r'{name}=(?P<{name}>[\d.]+)'"
                )
        value = metrics.get(unit)
        if self.is_said is None:
            self._begin(value, line)
        if not self.is_said:
            self._check_unnamed(value, line)
            return before + 1
        if value is None:
            return None
        if not _is_whole(value):
            raise ValueError(f"{unit} is {value}, but must be a whole number, in {quoted(line)}")
        return int(value) + (self.first == 0)

    def check_last(self, beyond: int) -> None:
        """Checks that a program goes on since it knows no end.

        Raises:
            ValueError: it counts from 0 to the last unit, so the line of 0 was of no step; or it
                says no unit, and prints more lines than there are units.
        """
        unit, last = self.trial.unit, self.trial.max_fidelity
        if not self.is_said and self.trial.ends_itself:
            raise ValueError(
                f"the program printed {beyond} metric lines or more for {last} {unit}s, and none "
                f"says which {unit} it is of: print {unit}=1, 2, ... with the metric, once for "
                f"each {unit}, or choose the lines of whole {unit}s by a regular expression, "
                "metrics=r'...'"
            )
        if self.first == 0 and beyond == last + 1 and self.trial.ends_itself:
            raise ValueError(
                f"the program printed {unit} 0 to {unit} {last}, {last + 1} lines for {last} "
                f"{unit}s: print no line before the first {unit}, or end at {unit} {last - 1}"
            )

    def _begin(self, value: Any, line: str) -> None:
        """Takes the first line of all."""
        unit = self.trial.unit
        self.is_said = value is not None
        self.first = int(value) if _is_whole(value) else 1
        if not self.is_said and self.program.takes_checkpoints:
            raise ValueError(
                f"the metric line {quoted(line)} does not say which {unit} it is, and a program "
                f"with {{checkpoint_dir}} must: print {unit}=1, 2, ... with it, or leave "
                "{checkpoint_dir} out of the command (a resume then begins anew)"
            )

    def _check_unnamed(self, value: Any, line: str) -> None:
        """Checks that a line which is counted says no unit in words that nobody reads.

        Raises:
            ValueError: it names the unit. Of a regular expression without a group for it, which
                its author may have meant so, a number must follow.
        """
        unit = self.trial.unit
        is_left_out = reads_never(self.program.metrics, unit)
        number = r"\W*\d" if is_left_out else ""
        if value is None and not re.search(rf"(?<!\w){re.escape(unit)}(?!\w){number}", line, re.I):
            return
        raise ValueError(
            f"the line {quoted(line)} names {unit}, but {unit}=N with a whole number N is not "
            f"read in it, or in a metric line before it: print {unit}=1, 2, ... with each metric, "
            rf"or read the number by a regular expression, metrics=r'...(?P<{unit}>\d+)...'"
        )


def _is_whole(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and value == int(value)
