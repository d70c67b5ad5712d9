"""An estimator of scikit-learn as a generator: one fold, fitted at once or step by step.

scikit-learn is imported inside functions alone: nobody else needs it.
"""

import functools
import json
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from sweepbook.doors.estimators.checks import problems as problems
from sweepbook.doors.estimators.fitted import kept, put_back
from sweepbook.doors.estimators.made import WHOLE, is_classifier, make_estimator, seed_all
from sweepbook.doors.estimators.scores import predictions_of, scores_of
from sweepbook.doors.estimators.splits import split_rows
from sweepbook.doors.estimators.steps import steps_of
from sweepbook.record.planned import Trial, replicate_of
from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.forms.rows import Rows, load_rows, takes_config

Places = np.ndarray[Any, Any]


def generator_of(estimator: Estimator, trial: Trial) -> Callable[..., Iterator[Any]]:
    """Returns the generator function that trains a replicate, and scores the rows left out.

    The data are loaded here, before any replicate has random numbers of its own: a process that
    has them already trains as one that has not.
    """
    given = trial.given_config() if takes_config(estimator.data) else {}
    rows = _rows(estimator, json.dumps(given))

    def train(config: Mapping[str, Any], state: Any = None) -> Iterator[Any]:
        settings = {key: value for key, value in config.items() if key != "seed"}
        seed = int(config["seed"])
        made = make_estimator(estimator, settings)
        number = replicate_of(trial, seed)
        sides = split_rows(estimator, rows, is_classifier(made), trial.seed, number)
        scored = _Scored(estimator, trial, rows, *sides)
        seed_all(made, seed)
        if trial.unit == WHOLE:
            yield scored.of(1, functools.partial(_fit, made, scored))
            return
        steps = steps_of(made, seed, rows, sides[0])
        done = 0
        if state is not None:
            done = int(state["at"])
            put_back(steps.last, state["fitted"])
        has_state = True
        for at in range(done + 1, trial.max_fidelity + 1):
            metrics = scored.of(at, functools.partial(steps.fit, at))
            has_state = has_state and (at > done + 1 or kept(steps.last) is not None)
            state_of = {"state": functools.partial(_state, at, steps.last)} if has_state else {}
            yield metrics | state_of

    return train


def _state(at: int, fitted: Any) -> dict[str, Any]:
    return {"at": at, "fitted": kept(fitted)}


@functools.lru_cache(maxsize=1)
def _rows(estimator: Estimator, settings: str) -> Rows:
    """The data, which a process loads once for as long as they stay the same."""
    return load_rows(estimator, json.loads(settings))


def _fit(made: Any, scored: "_Scored") -> Any:
    made.fit(scored.rows.inputs(scored.train), scored.rows.y[scored.train])
    return made


class _Scored:
    """A fold: fits are scored on the rows that they have not seen."""

    def __init__(
        self, estimator: Estimator, trial: Trial, rows: Rows, train: Places, val: Places
    ) -> None:
        self.estimator, self.trial, self.rows = estimator, trial, rows
        self.train, self.val = train, val

    def of(self, at: int, fit: Callable[[], Any]) -> dict[str, Any]:
        """Fits, and returns what is yielded of it.

        Raises:
            ValueError: a score is NaN, or infinite.
        """
        from sklearn.exceptions import ConvergenceWarning

        start = time.perf_counter()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ConvergenceWarning)
            fitted = fit()
        middle = time.perf_counter()
        for warning in caught:  # they are in the trial's output
            warnings.showwarning(
                warning.message, warning.category, warning.filename, warning.lineno
            )
        converged = not any(issubclass(one.category, ConvergenceWarning) for one in caught)
        found: dict[str, Any] = {self.trial.unit: at}
        found |= scores_of(self.estimator, self.trial, fitted, self.rows, "val", self.val)
        if self.estimator.train_scores:
            found |= scores_of(self.estimator, self.trial, fitted, self.rows, "train", self.train)
        if self.trial.unit == WHOLE:
            found["converged"] = converged
        if is_classifier(fitted):
            found["predictions"] = functools.partial(predictions_of, fitted, self.rows, self.val)
        seconds = {"train": middle - start, "evaluate": time.perf_counter() - middle}
        return found | {"times": seconds}
