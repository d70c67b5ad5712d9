"""One generator per replicate, stepped in turn, each in surroundings of its own."""

import contextlib
import copy
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sweepbook.record.ledger import Ledger
from sweepbook.record.planned import Trial
from sweepbook.study.configs import made_config
from sweepbook.study.hooks import config_type, load_object
from sweepbook.tune.worker.surroundings import Randoms, Surroundings, taken
from sweepbook.tune.worker.yielded import (
    Step,
    check_form,
    fidelity_of,
    iterator_of,
    row_of,
    rows_of,
)


@dataclass(frozen=True)
class Kept:
    """Where a generator goes on: at its beginning, or where a checkpoint left it."""

    fidelity: int = 0
    state: Any = None
    randoms: Randoms | None = None


@dataclass
class Lockstep:
    """The steps of a trial, and what a checkpoint keeps of each of its generators.

    Args:
        kept: one per generator, to go on from; none: from the beginning.
        ledger: where the import of the trainable is booked.
    """

    trial: Trial
    kept: Sequence[Kept]
    ledger: Ledger
    generators: list["Generator"] = field(default_factory=list, init=False)

    def steps(self) -> Iterator[Step]:
        """Yields what the generators yield, step by step, until all of them have ended.

        Raises:
            TypeError, ValueError: what is yielded is no good.
        """
        trial = self.trial
        trainable = load_object(trial.trainable)
        self.ledger.lap("import")
        count, outer = 1 if trial.stacked else trial.n_replicates, taken()
        kept = self.kept or [Kept()] * count
        self.generators = [
            Generator(trial, trainable, number, own, outer)
            for number, own in zip(range(count), kept, strict=True)
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

    def _step(self, heads: Sequence["Generator"], seconds: float) -> Step:
        """What the generators that go on have just yielded."""
        trial, at = self.trial, heads[0].fidelity
        for other in heads[1:]:
            if other.fidelity != at:
                raise ValueError(
                    f"replicate {heads[0].number} is at {trial.unit} {at}, and replicate "
                    f"{other.number} at {trial.unit} {other.fidelity}: all replicates of a trial "
                    f"count alike; one that is done earlier ends"
                )
        if trial.stacked:
            rows = rows_of({"time_s": seconds, **heads[0].metrics}, trial.n_replicates, trial)
        else:
            rows = [row_of(g.number, {"time_s": seconds, **g.metrics}, trial) for g in heads]
        times = [g.metrics["times"] for g in heads if "times" in g.metrics]
        return Step(at, rows, _sum(times) if times else None)

    def has_state(self) -> bool:
        """Whether the trainable gives what a checkpoint keeps."""
        return any(generator.has("state") for generator in self.generators)

    def state(self) -> Any:
        """Returns the state of the trial, as a checkpoint keeps it; None where it has none.

        Raises:
            ValueError: some replicates have one, and others do not.
        """
        if not self._all_have("state"):
            return None
        states = [generator.state() for generator in self.generators]
        return states[0] if self.trial.stacked else states

    def predictions(self) -> Mapping[str, Any] | None:
        """Returns the predictions of the last dicts, arrays (K, n); None where there are none.

        Raises:
            ValueError: some replicates have them, and others do not.
        """
        if not self._all_have("predictions"):
            return None
        parts = [generator.call("predictions") for generator in self.generators]
        return parts[0] if self.trial.stacked else _stack(parts)

    def _all_have(self, key: str) -> bool:
        have = [generator.has(key) for generator in self.generators]
        if any(have) and not all(have):
            raise ValueError(
                f"replicate {have.index(True)} yielded {key!r}, and replicate "
                f"{have.index(False)} did not: all of them do, or none; one that had ended when "
                "its state was kept yields its last dict once more"
            )
        return any(have)

    def close(self) -> None:
        """Ends generators that go on: none of them is left to be ended at any time later."""
        for generator in self.generators:
            generator.close()

    def places(self) -> list[dict[str, Any]]:
        """Returns where each generator stands, with its random numbers, for a checkpoint."""
        return [
            {"fidelity": g.fidelity, "randoms": g.surroundings.randoms()} for g in self.generators
        ]


class Generator:
    """The generator of one replicate, or of a stack of them.

    Args:
        number: of the replicate.
        kept: where it goes on.
        outer: what the process is otherwise.
    """

    def __init__(
        self,
        trial: Trial,
        trainable: Callable[..., Any],
        number: int,
        kept: Kept,
        outer: dict[str, Any],
    ) -> None:
        self.trial, self.trainable, self.number, self.kept = trial, trainable, number, kept
        self.fidelity, self.has_ended = kept.fidelity, False
        self.metrics: Mapping[str, Any] = {}  # the last dict that it has yielded
        self.surroundings = Surroundings(replicate_seed(trial.seed, number), outer, kept.randoms)
        self._iterator: Iterator[Any] | None = None

    def advance(self) -> None:
        """Steps it to its next dict, or to its end."""
        if self.has_ended:
            return
        with self.surroundings.entered():
            if self._iterator is None:
                self._iterator = self._begin()
            while True:
                try:
                    metrics = next(self._iterator)
                except StopIteration:
                    self.has_ended = True
                    self._check_begun()
                    return
                check_form(metrics, self.trial)
                is_again = not self.metrics and self._is_kept_one(metrics)
                self.metrics = dict(metrics)
                if not is_again:
                    self.fidelity = fidelity_of(metrics, self.fidelity, self.trial)
                    return

    def _check_begun(self) -> None:
        if not self.fidelity:
            which = "the trainable" if self.trial.stacked else f"replicate {self.number}"
            raise ValueError(
                f"{which} ended without a yield: the trainable must yield a dict after each "
                f"{self.trial.unit}"
            )

    def _is_kept_one(self, metrics: Mapping[str, Any]) -> bool:
        """Whether it is where a checkpoint left it: a generator that had ended may yield again."""
        return self.kept.fidelity > 0 and bool(metrics[self.trial.unit] == self.kept.fidelity)

    def _begin(self) -> Iterator[Any]:
        config = copy.deepcopy(self.trial.config)
        kind = config_type(self.trainable)
        takes_seed = self.trial.n_replicates > 1 or "seed" in config or not kind
        if takes_seed and not self.trial.stacked:
            config["seed"] = self.surroundings.seed
        settings = made_config(kind, config) if kind else config
        state = self.kept.state
        made = self.trainable(settings) if state is None else self.trainable(settings, state=state)
        return iterator_of(made, self.trial.trainable.partition(":")[2], self.trial)

    def has(self, key: str) -> bool:
        """Whether its last dict has a function of this name; one that had ended has its state."""
        has_kept = key == "state" and not self.metrics and self.kept.state is not None
        return key in self.metrics or has_kept

    def state(self) -> Any:
        """Returns its state now."""
        return self.call("state") if "state" in self.metrics else self.kept.state

    def call(self, key: str) -> Any:
        """Returns what a function of its last dict gives; its random numbers do not move on."""
        with self.surroundings.entered(keep=False):
            return self.metrics[key]()

    def close(self) -> None:
        """Ends it where it waits at a yield; what its own clearing up raises is not told."""
        ends = getattr(self._iterator, "close", None)
        if ends is not None and not self.has_ended:
            with self.surroundings.entered(), contextlib.suppress(Exception):
                ends()


def _sum(times: Sequence[Mapping[str, float]]) -> dict[str, float]:
    phases = {phase for own in times for phase in own}
    return {phase: sum(own.get(phase, 0.0) for own in times) for phase in phases}


def replicate_seed(seed: int, replicate: int) -> int:
    """Returns the seed below 2**31 of a replicate: of (study seed, replicate) alone."""
    sequence = np.random.SeedSequence(seed, spawn_key=(replicate,))
    return int(sequence.generate_state(1)[0] >> 1)


def _stack(parts: list[Mapping[str, Any]]) -> dict[str, Any]:
    shared = {"split": parts[0]["split"]}
    return shared | {k: np.stack([p[k] for p in parts]) for k in parts[0] if k != "split"}
