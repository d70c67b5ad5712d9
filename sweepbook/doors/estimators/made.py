"""An estimator as the user's function makes it: an unfitted copy, with the replicate's seed."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.hooks import call_hook

WHOLE = "fit"  # the unit of a study whose estimators are fitted at once


def make_estimator(estimator: Estimator, settings: Mapping[str, Any]) -> Any:
    """Returns an unfitted copy of what a study's `make` returns for a config.

    A copy, so that trials and replicates share nothing.

    Raises:
        ValueError: it fails, or returns no unfitted estimator.
    """
    from sklearn.base import clone

    made = call_hook("the estimator", estimator.make, settings)
    what = f"the estimator {estimator.make}"
    if isinstance(made, type):
        raise ValueError(
            f"{what} returned the class {made.__name__}: return an instance, {made.__name__}()"
        )
    if not hasattr(made, "fit") or not hasattr(made, "get_params"):
        kind = "nothing" if made is None else f"a {type(made).__name__}"
        raise ValueError(
            f"{what} returned {kind}: it must return an estimator of scikit-learn, or a Pipeline"
        )
    if fitted := _fitted_part(made):
        raise ValueError(
            f"{what} returned an estimator that is fitted already ({fitted}): return a new one, "
            "for it is fitted on the rows of each fold alone"
        )
    try:
        return clone(made)
    except (TypeError, RuntimeError) as error:
        raise ValueError(
            f"{what} returned a {type(made).__name__} that scikit-learn cannot copy: "
            f"{' '.join(str(error).split())}"
        ) from error


def parts_of(made: Any) -> dict[str, Any]:
    """Returns the estimators that one is made of, by their names in it; "" is itself."""
    inner = {key: v for key, v in made.get_params(deep=True).items() if hasattr(v, "get_params")}
    return {"": made} | {key: v for key, v in inner.items() if not isinstance(v, type)}


def _fitted_part(made: Any) -> str:
    """What is fitted in an estimator, by an attribute that only `fit` sets; "" for nothing."""
    for part in parts_of(made).values():
        if type(part).__name__ == "FrozenEstimator":
            return ""  # it says that what it holds is to stay fitted
        own = [name for name in vars(part) if name.endswith("_") and not name.startswith("_")]
        if own:
            return f"{type(part).__name__}.{own[0]}"
    return ""


def seed_all(made: Any, *seed: int) -> None:
    """Sets every `random_state` of an estimator and its parts; each gets a number of its own."""
    keys = sorted(key for key in made.get_params() if key.split("__")[-1] == "random_state")
    numbers = np.random.SeedSequence(list(seed)).generate_state(len(keys)) >> 1
    made.set_params(**{key: int(one) for key, one in zip(keys, numbers, strict=True)})


def is_classifier(made: Any) -> bool:
    """Whether an estimator predicts classes."""
    from sklearn.base import is_classifier as is_one

    return bool(is_one(made))
