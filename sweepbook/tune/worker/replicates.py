"""The replicates of a trial, stepped in turn, each in surroundings of its own."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sweepbook.doors.door import Door, open_door
from sweepbook.record.ledger import Ledger
from sweepbook.record.planned import Trial
from sweepbook.tune.worker.generator import Generator, Kept
from sweepbook.tune.worker.predicted import ARRAYS, checked_predictions
from sweepbook.tune.worker.surroundings import taken
from sweepbook.tune.worker.yielded import Step, row_of, rows_of


@dataclass
class Lockstep:
    """The steps of a trial, and what a checkpoint keeps of each of its generators.

    Args:
        kept: one per generator, to go on from; none: from the beginning.
        ledger: where the import of the trainable is booked.
        door: the trainable, where it is opened already.
    """

    trial: Trial
    kept: Sequence[Kept]
    ledger: Ledger
    door: Door | None = None
    generators: list[Generator] = field(default_factory=list, init=False)

    def steps(self) -> Iterator[Step]:
        """Yields what the generators yield, step by step, until all of them have ended.

        Raises:
            TypeError, ValueError: what is yielded is no good.
        """
        trial = self.trial
        door = self.door or open_door(trial)
        self.ledger.lap("import")
        self.door = door
        numbers, outer = trial.replicates[:1] if trial.stacked else trial.replicates, taken()
        kept = self.kept or [Kept()] * len(numbers)
        self.generators = [
            Generator(trial, door, number, own, outer)
            for number, own in zip(numbers, kept, strict=True)
        ]
        while True:
            start = time.perf_counter()
            for generator in self.generators:
                generator.advance()
            seconds = time.perf_counter() - start
            heads = [generator for generator in self.generators if not generator.has_ended]
            if not heads:
                return
            yield self._step(heads, seconds)

    def _step(self, heads: Sequence[Generator], seconds: float) -> Step:
        """What the generators that go on have just yielded."""
        trial, at = self.trial, heads[0].fidelity
        for other in heads[1:]:
            if other.fidelity != at:
                raise ValueError(
                    f"replicate {heads[0].number} is at {trial.unit} {at}, but replicate "
                    f"{other.number} at {trial.unit} {other.fidelity}: all replicates of a trial "
                    f"must yield the same {trial.unit}s; one that is done earlier just ends"
                )
        if trial.stacked:
            rows = rows_of({"time_s": seconds, **heads[0].metrics}, trial.n_replicates, trial)
        else:
            rows = [row_of(g.number, {"time_s": seconds, **g.metrics}, trial) for g in heads]
        times = [g.metrics["times"] for g in heads if "times" in g.metrics]
        return Step(at, rows, _sum(times) if times else None)

    @property
    def takes_state(self) -> bool:
        """Whether an interrupted trial goes on where it was, as far as that shows."""
        if self.door is None or self.door.takes_state is not None:
            return self.door is None or bool(self.door.takes_state)
        return all(generator.gives_state for generator in self.generators)

    def has_state(self) -> bool:
        """Whether all replicates give what a checkpoint keeps, as they stand now."""
        return all(generator.has_state for generator in self.generators)

    def state(self) -> Any:
        """Returns the state of the trial, as a checkpoint keeps it; None where one has none."""
        if not self.has_state():
            return None
        return self._of_trial([generator.state() for generator in self.generators])

    def model(self) -> Any:
        """Returns what the best model is kept as; None where a generator gives nothing."""
        if not self.has_model() and not self.has_state():
            return None
        return self._of_trial([generator.model() for generator in self.generators])

    def _of_trial(self, given: list[Any]) -> Any:
        """What the generators give, as a file keeps it: that of a stack alone, or a list."""
        return given[0] if self.trial.stacked else given

    def has_model(self) -> bool:
        """Whether the trainable gives a model apart from its state."""
        return all("model" in generator.metrics for generator in self.generators)

    def places(self) -> list[dict[str, Any]]:
        """Returns where each generator stands, with its random numbers, for a checkpoint."""
        return [
            {
                "fidelity": generator.fidelity,
                "has_ended": generator.has_ended,
                "first": generator.units.first,
                "randoms": generator.surroundings.randoms(),
            }
            for generator in self.generators
        ]

    def predictions(self) -> dict[str, Any] | None:
        """Returns the predictions of the last dicts that have some; None where none does.

        They are arrays (n,) of all their rows, and `replicate` (n,) says whose each is.

        Raises:
            TypeError, ValueError: they are no good, see `checked_predictions`.
        """
        for generator in self.generators:
            generator.recall()
        have = [generator for generator in self.generators if "predictions" in generator.metrics]
        if not have:
            return None
        stacked = self.trial.stacked
        parts = [checked_predictions(g.call("predictions"), stacked=stacked) for g in have]
        if stacked:
            return _flat(parts[0], trial=self.trial)
        found = {key: np.concatenate([one[key] for one in parts]) for key in ARRAYS}
        numbers = [generator.number for generator in have]
        whose = np.repeat(numbers, [len(one["label"]) for one in parts])
        return found | {"split": parts[0]["split"], "replicate": whose}

    def close(self) -> None:
        """Ends generators that go on: none of them is left to be ended at any time later."""
        for generator in self.generators:
            generator.close()


def _sum(times: Sequence[Mapping[str, float]]) -> dict[str, float]:
    phases = {phase for own in times for phase in own}
    return {phase: sum(own.get(phase, 0.0) for own in times) for phase in phases}


def _flat(part: Mapping[str, Any], trial: Trial) -> dict[str, Any]:
    """The predictions of a stack, (K, n), one replicate's rows after the other's."""
    n_replicates, n_rows = part["label"].shape
    found = {key: part[key].reshape(-1) for key in ARRAYS}
    whose = np.repeat(trial.first + np.arange(n_replicates), n_rows)
    return found | {"split": part["split"], "replicate": whose}
