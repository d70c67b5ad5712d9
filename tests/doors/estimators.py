"""Estimators and data of the tests of their door, and trials of them without Ray."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sweepbook import Estimator, Metric, Study
from sweepbook.doors import estimator as door
from sweepbook.doors.checked import door_problems
from sweepbook.plan.options import Options
from sweepbook.plan.plan import Plan, make_plan

HERE = sys.modules[__name__]


def blobs(n: int = 60, n_classes: int = 2, seed: int = 0) -> tuple[Any, Any]:
    """Rows of classes that lie apart a little."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    return rng.normal(y[:, None], 1.0, (n, 3)), y


def plan_of(
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[..., Any],
    load: Callable[..., Any] = blobs,
    options: Options | None = None,
    **fields: Any,
) -> Plan:
    """The plan of a study of these functions; fields: of `Estimator` and of `Study`."""
    monkeypatch.setattr(HERE, "make", make, raising=False)
    monkeypatch.setattr(HERE, "load", load, raising=False)
    door._rows.cache_clear()
    own = {key: fields.pop(key) for key in (*Estimator.__dataclass_fields__,) if key in fields}
    trainable = Estimator(f"{__name__}:make", **{"data": f"{__name__}:load", **own})
    fields = {"metric": Metric("val_accuracy", "max"), **fields}
    study = Study(name="s", question="?", trainable=trainable, **fields)
    return make_plan(study, options or Options())


def problem_of(monkeypatch: pytest.MonkeyPatch, *arguments: Any, **fields: Any) -> str:
    """The one thing that is wrong with a study, whether it is seen when it is planned or after."""
    try:
        found = door_problems(plan_of(monkeypatch, *arguments, **fields))
    except ValueError as error:
        return str(error)
    assert len(found) == 1, found
    return found[0]
