"""The generator of one replicate: begun, stepped, asked for its state, closed."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sweepbook.doors.door import Door
from sweepbook.doors.units import Units
from sweepbook.record.planned import Trial, replicate_seed
from sweepbook.study.configs import made_config
from sweepbook.study.settings import YIELDED
from sweepbook.tune.worker.states.given_state import given_state, plain_state
from sweepbook.tune.worker.surroundings import Randoms, Surroundings
from sweepbook.tune.worker.yielded import check_callable, check_form, fidelity_of


@dataclass(frozen=True)
class Kept:
    """Where a generator goes on: at its beginning, or where a checkpoint left it."""

    fidelity: int = 0
    state: Any = None
    randoms: Randoms | None = None
    has_ended: bool = False  # it had nothing more to yield
    first: int | None = None  # see `Units`


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
        door: Door,
        number: int,
        kept: Kept,
        outer: dict[str, Any],
    ) -> None:
        self.trial, self.door, self.number, self.kept = trial, door, number, kept
        self.fidelity, self.has_ended = kept.fidelity, kept.has_ended
        self.units = Units(trial, kept.fidelity, kept.first)
        self.metrics: Mapping[str, Any] = {}  # the last dict that it has yielded
        self.surroundings = Surroundings(replicate_seed(trial.seed, number), outer, kept.randoms)
        self._iterator: Iterator[Any] | None = None
        self.gives_state = kept.state is not None  # also where it is None in some dicts
        self._has_gone_on = False  # up to a first yield

    def advance(self) -> None:
        """Steps it to its next dict, or to its end.

        Raises:
            TypeError, ValueError: what it yields is no good.
        """
        if self.has_ended:
            return
        with self.surroundings.entered():
            metrics = self._next()
            if metrics is not None and not self.metrics and self._is_kept_one(metrics):
                self.metrics = metrics  # it had ended already, and says so once more
                metrics = self._next()
                if metrics is not None:
                    raise ValueError(
                        f"{self.trial.unit} {self.fidelity} was yielded again after a resume: a "
                        f"trainable that is given a state must continue with {self.trial.unit} "
                        f"{self.fidelity + 1}"
                    )
        if metrics is None:
            self.has_ended = True
            self._check_begun()
        else:
            self.fidelity = fidelity_of(metrics, self.fidelity, self.trial)
            self.metrics = metrics | {self.trial.unit: self.fidelity}

    def _next(self) -> dict[str, Any] | None:
        """Its next dict, without what is None of the keys that are no metrics; None at its end."""
        if self._iterator is None:
            self._iterator = self._begin()
        try:
            metrics = next(self._iterator)
        except StopIteration:
            return None
        finally:
            self._has_gone_on = True
        check_form(metrics, self.trial)
        self.gives_state |= "state" in metrics
        return {k: v for k, v in metrics.items() if v is not None or k not in YIELDED}

    def _check_begun(self) -> None:
        if not self.fidelity:
            which = "the trainable" if self.trial.stacked else f"replicate {self.number}"
            raise ValueError(
                f"{which} ended without yielding: the trainable must yield a dict after each "
                f"{self.trial.unit}"
            )

    def _is_kept_one(self, metrics: Mapping[str, Any]) -> bool:
        """Whether it is where a checkpoint left it."""
        return self.kept.fidelity > 0 and bool(metrics[self.trial.unit] == self.kept.fidelity)

    def _begin(self) -> Iterator[Any]:
        config = self.trial.given_config()
        kind = self.door.kind
        takes_seed = self.trial.n_replicates > 1 or "seed" in config or not kind
        if takes_seed and not self.trial.stacked:
            config["seed"] = self.surroundings.seed
        settings = made_config(kind, config) if kind else config
        units = {"units": self.units} if self.door.takes_units else {}
        state = given_state(self.kept.state, self._recall_randoms)
        if state is None:
            return self.door.train(settings, **units)
        if state is not self.kept.state:  # up to its reading, all is as it was the first time
            self.surroundings.seed_randoms()
        return self.door.train(settings, state=state, **units)

    def _recall_randoms(self) -> None:
        """Puts the random numbers back to where the checkpoint left them, before a first step."""
        if not self._has_gone_on:
            self.surroundings.recall_randoms()

    def recall(self) -> None:
        """Has one that had ended when it was kept yield its last dict once more, if it does."""
        if not self.kept.has_ended or self.metrics or self._iterator is not None:
            return
        with self.surroundings.entered():
            metrics = self._next()
        if metrics is not None and self._is_kept_one(metrics):
            self.metrics = metrics

    @property
    def has_state(self) -> bool:
        """Whether it can be kept as it is now."""
        return "state" in self.metrics or (not self.metrics and self.kept.state is not None)

    def state(self) -> Any:
        """Returns its state now."""
        return plain_state(self.call("state")) if "state" in self.metrics else self.kept.state

    def model(self) -> Any:
        """Returns what its best model is kept as: its `model`, or else its state."""
        return plain_state(self.call("model")) if "model" in self.metrics else self.state()

    def call(self, key: str) -> Any:
        """Returns what a function of its last dict gives; its random numbers do not move on."""
        give = self.metrics[key]
        with self.surroundings.entered(keep=False):
            check_callable(key, give)
            return give()

    def close(self) -> None:
        """Ends it where it waits at a yield; what its own clearing up raises is not told."""
        ends = getattr(self._iterator, "close", None)
        if ends is not None:
            with self.surroundings.entered(), contextlib.suppress(Exception):
                ends()
