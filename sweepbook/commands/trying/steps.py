"""Some steps of a trial in this process, and whether it goes on from a state as if unbroken."""

import contextlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sweepbook.record.ledger import Ledger
from sweepbook.record.planned import Trial
from sweepbook.record.storage.packing import packed, unpacked
from sweepbook.tune.worker.generator import Kept
from sweepbook.tune.worker.replicates import Lockstep
from sweepbook.tune.worker.yielded import Step

STEPS_TO_COMPARE = 2  # from so many on, the last one is trained once more, from a state


@dataclass
class Tried:
    """What some steps of a trial have shown.

    Args:
        columns: the names that were yielded, special ones too.
        sizes: "state", "model" -> bytes of the file that keeps it.
        predictions: as `Lockstep.predictions` gives them; None: there are none.
        has_ended: the training was over before its last step.
    """

    trial: Trial
    columns: set[str] = field(default_factory=set)
    sizes: dict[str, int] = field(default_factory=dict)
    predictions: Mapping[str, Any] | None = None
    takes_state: bool = True
    has_ended: bool = False
    last: Step | None = None
    before_last: bytes | None = None  # the file of the state before the last step

    def steps(self, n_steps: int) -> Iterator[Step]:
        """Yields up to so many steps, and looks at what could be kept after the last of them.

        Raises:
            BaseException: whatever the training raises, or TypeError, ValueError: what it yields
                is no good.
        """
        lockstep = Lockstep(self.trial, [], Ledger())
        made = lockstep.steps()
        with contextlib.closing(lockstep):
            for number in range(n_steps):
                before = _file_of(lockstep) if number and lockstep.takes_state else None
                if (step := next(made, None)) is None:
                    self.has_ended, self.before_last = True, None
                    break
                self.last, self.takes_state = step, lockstep.takes_state
                self.before_last = before
                for generator in lockstep.generators:
                    self.columns |= {*generator.metrics, *generator.metrics.get("replicates", ())}
                yield step
                if step.fidelity >= self.trial.max_fidelity:
                    break
            self._look(lockstep)
            if self.trial.ends_itself and not self._goes_further():
                next(made, None)  # what stands behind its last yield runs as well

    def _goes_further(self) -> bool:
        return self.last is None or self.last.fidelity < self.trial.max_fidelity

    def _look(self, lockstep: Lockstep) -> None:
        """Takes what the last step gives beside its metrics, as a study would."""
        if lockstep.has_state():
            self.sizes["state"] = len(packed({"state": lockstep.state()}))
        if lockstep.has_model():
            self.sizes["model"] = len(packed({"state": lockstep.model()}))
        self.predictions = lockstep.predictions()

    def last_again(self) -> Step | None:
        """Returns the last step as it is after a break, from the state before it.

        Raises:
            BaseException: as `steps`.
        """
        kept = unpacked(self.before_last or b"")
        state, places = kept["state"], kept["places"]
        states = [state] if self.trial.stacked else state
        begins = [Kept(state=own, **place) for own, place in zip(states, places, strict=True)]
        lockstep = Lockstep(self.trial, begins, Ledger())
        with contextlib.closing(lockstep):
            return next(lockstep.steps(), None)


def differences(without: Step, with_break: Step) -> list[str]:
    """Returns where two steps differ, in words; their seconds do not count."""
    found = []
    for calm, again in zip(without.rows, with_break.rows, strict=True):
        for name in dict.fromkeys([*calm, *again]):
            values = calm.get(name), again.get(name)
            if not name.endswith("_s") and not _is_same(*values):
                found.append(
                    f"{name} is {values[0]!r} without a break, and {values[1]!r} after it"
                )
    return found


def _is_same(one: Any, other: Any) -> bool:
    nans = [isinstance(value, float) and math.isnan(value) for value in (one, other)]
    return all(nans) or bool(one == other)


def _file_of(lockstep: Lockstep) -> bytes | None:
    """The content of the file that would keep the training as it stands; None: it has no state."""
    state = lockstep.state()
    if state is None:
        return None
    return packed({"state": state, "places": lockstep.places()})
