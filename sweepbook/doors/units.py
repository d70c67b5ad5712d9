"""Where foreign code's reports say that its training stands, as a record has it: from 1."""

from collections.abc import Mapping
from typing import Any

from sweepbook.record.planned import Trial


class Units:
    """The units of a replicate's reports.

    Code whose first report of all says unit 0 is recorded from 1, as programs are.

    Args:
        done: the unit where a checkpoint goes on; 0: from the beginning.
        first: 0 where the code counts from 0; None: nobody has seen a report yet.
    """

    def __init__(self, trial: Trial, done: int = 0, first: int | None = None) -> None:
        self.trial, self.done = trial, done
        self.first = 1 if done and first is None else first

    def from_one(self, metrics: Mapping[str, Any]) -> dict[str, Any]:
        """Returns a report's metrics with the unit counted from 1, where they say it.

        Raises:
            ValueError: there is a unit too many, for the code counts from 0.
        """
        unit = self.trial.unit
        said = number_in(metrics.get(unit))
        if self.first is None:
            self.first = 0 if said == 0 else 1
        if self.first or said is None:
            return dict(metrics)
        self.check_last(metrics)
        return {**metrics, unit: said + 1}

    def check_last(self, metrics: Mapping[str, Any]) -> None:
        """Checks that code that counts from 0 has not trained a unit more than the trial has.

        Raises:
            ValueError: it has, so its first report was of no unit.
        """
        unit, last = self.trial.unit, self.trial.max_fidelity
        is_beyond = self.first == 0 and number_in(metrics.get(unit)) == last
        if is_beyond and self.trial.ends_itself:
            raise ValueError(
                f"{unit} 0 to {unit} {last} were reported, {last + 1} reports for {last} {unit}s: "
                f"report nothing before the first {unit}, or end at {unit} {last - 1}"
            )


def number_in(value: Any) -> float | None:
    """Returns the number that a value is, or that its array or tensor holds; None for others."""
    if hasattr(value, "item"):
        try:
            value = value.item()
        except (TypeError, ValueError, RuntimeError):  # it holds several
            return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else None
