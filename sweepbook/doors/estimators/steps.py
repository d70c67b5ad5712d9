"""Estimators that can be trained step by step: by partial_fit, or as growing ensembles."""

import inspect
from typing import Any

import numpy as np

from sweepbook.doors.estimators.made import is_classifier, seed_all
from sweepbook.study.forms.rows import Rows

Places = np.ndarray[Any, Any]


def last_step(made: Any) -> Any:
    """Returns the last estimator of a Pipeline; any other is its own."""
    return last_step(made.steps[-1][1]) if hasattr(made, "steps") else made


def growing_setting(last: Any) -> str | None:
    """Returns the parameter by which an estimator goes on from where it was; None: there is none.

    A larger `max_iter` is more of the same only where iterations are members of an ensemble: other
    estimators begin their search for the optimum anew.
    """
    known = last.get_params(deep=False)
    if "warm_start" not in known:
        return None
    if "n_estimators" in known:
        return "n_estimators"
    is_ensemble = type(last).__name__.startswith("HistGradientBoosting")
    return "max_iter" if is_ensemble and "max_iter" in known else None


class Steps:
    """An estimator that is trained on the same rows step after step.

    Args:
        made: an estimator, or a Pipeline whose earlier steps are fitted once.
        seed: of the replicate.
    """

    def __init__(self, made: Any, seed: int, rows: Rows, train: Places) -> None:
        self.made, self.seed, self.rows, self.train = made, seed, rows, train
        self.last = last_step(made)
        self.targets = rows.y[train]
        self.inputs = self._transformed(made, rows.inputs(train))

    def _transformed(self, made: Any, inputs: Any) -> Any:
        """The inputs of the last step: each step before it is fitted, and stays as it is."""
        while hasattr(made, "steps"):
            made.memory = None  # with it, a copy would be fitted
            *_, (_, last) = made.steps
            if len(made.steps) > 1:
                inputs = made[:-1].fit_transform(inputs, self.targets)
            made = last
        return inputs

    def fit(self, at: int) -> Any:
        """Trains the next step, number `at` from 1, and returns the whole estimator."""
        if hasattr(self.last, "partial_fit"):
            seed_all(self.last, self.seed, at)  # else each step would shuffle alike
            self.last.partial_fit(self.inputs, self.targets, **self._classes())
        else:
            growing = growing_setting(self.last) or ""
            self.last.set_params(**{"warm_start": True, growing: at})
            self.last.fit(self.inputs, self.targets)
        return self.made

    def _classes(self) -> dict[str, Any]:
        """Which classes there are: a first step need not meet all of them."""
        takes = "classes" in inspect.signature(self.last.partial_fit).parameters
        return {"classes": np.unique(self.rows.y)} if takes and is_classifier(self.last) else {}


def steps_of(made: Any, seed: int, rows: Rows, train: Places) -> Steps:
    """Returns an estimator to be trained step by step.

    Raises:
        ValueError: it cannot be.
    """
    if why := refusal(made):
        raise ValueError(why)
    return Steps(made, seed, rows, train)


def refusal(made: Any) -> str:
    """Returns why an estimator cannot be trained step by step; "" where it can."""
    last = last_step(made)
    if hasattr(last, "partial_fit") or growing_setting(last):
        return ""
    return (
        f"{type(last).__name__} cannot be trained step by step, because it has neither "
        "partial_fit nor warm_start with n_estimators: leave fidelity out, and it is fitted once"
    )
