"""What a study's own functions say while it is planned, each answer checked."""

import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sweepbook.record.manifest import UNNAMED
from sweepbook.study.claim import Claim
from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.forms.rows import describe_rows
from sweepbook.study.hooks import call_hook
from sweepbook.study.spaces.names import flat, nested
from sweepbook.study.study import Study

_DESCRIBED = ("name", "sha256", "rows")  # what a description of data must say


def ask_data(study: Study, config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the description of a config's data.

    Raises:
        ValueError: the data cannot be used; or the function gives no such description.
    """
    if isinstance(study.trainable, Estimator):
        return describe_rows(study.trainable, given_config(study, config))
    if study.data is None:
        return {"name": UNNAMED, "path": None, "sha256": None, "rows": {}}
    found = _asked(study, "data", study.data, given_config(study, config))
    wanted = "a dict with name, sha256 and rows"
    if not isinstance(found, Mapping):
        raise _refusal(study, "data", study.data, wanted, found)
    if missing := [key for key in _DESCRIBED if key not in found]:
        raise _refusal(
            study, "data", study.data, f"{wanted} (missing: {', '.join(missing)})", found
        )
    for key, kind, what in (
        ("name", str, "a text"),
        ("sha256", str | None, "a text, or None"),
        ("rows", Mapping, "a dict of split and number of rows"),
    ):
        if not isinstance(found[key], kind):
            raise _refusal(study, "data", study.data, f"{what} for {key}", found[key])
    return dict(found)


def ask_cost(study: Study, config: Mapping[str, Any], data: Mapping[str, Any]) -> float | None:
    """Returns the seconds that a config takes on one core; None where the study does not say.

    Raises:
        ValueError: the function gives no number >= 0.
    """
    if study.cost is None:
        return None
    cost = _asked(study, "cost", study.cost, given_config(study, config), data)
    is_number = isinstance(cost, numbers.Real) and not isinstance(cost, bool)
    if not is_number or not 0 <= cost < math.inf:
        raise _refusal(study, "cost", study.cost, "a number of seconds >= 0", cost)
    return float(cost)


def ask_single(study: Study, config: Mapping[str, Any]) -> bool:
    """Returns whether every seed gives the same model.

    Raises:
        ValueError: the function gives neither True nor False.
    """
    if study.single is None:
        return False
    found = _asked(study, "single", study.single, given_config(study, config))
    if not isinstance(found, bool | np.bool_):
        raise _refusal(study, "single", study.single, "True or False", found)
    return bool(found)


def ask_count(study: Study, path: str, config: Mapping[str, Any]) -> int:
    """Returns how many units of fidelity a config gets.

    Raises:
        ValueError: the function gives no whole number >= 1.
    """
    count = _asked(study, "count", path, given_config(study, config))
    if not isinstance(count, numbers.Integral) or isinstance(count, bool) or count < 1:
        wanted = f"a number of {study.fidelity.unit}s, whole and >= 1"
        raise _refusal(study, "count", path, wanted, count)
    return int(count)


def ask_stack_size(study: Study, path: str, config: Mapping[str, Any]) -> int:
    """Returns how many trials of a config may train in one stack.

    Raises:
        ValueError: the function gives no whole number >= 1.
    """
    size = _asked(study, "size of fused", path, given_config(study, config))
    if not isinstance(size, numbers.Integral) or isinstance(size, bool) or size < 1:
        raise _refusal(study, "size of fused", path, "a whole number >= 1", size)
    return int(size)


def ask_claims(
    study: Study, configs: Sequence[Mapping[str, Any]], files: Mapping[str, str]
) -> list[Claim]:
    """Returns the claims that are declared for what the command line brings.

    Raises:
        ValueError: the function gives something else.
    """
    if study.claims_of is None:
        return []
    found = _asked(
        study, "claims_of", study.claims_of, [given_config(study, c) for c in configs], files
    )
    claims = list(found) if isinstance(found, list | tuple) else None
    if claims is None or not all(isinstance(claim, Claim) for claim in claims):
        raise _refusal(study, "claims_of", study.claims_of, "a list of Claim values", found)
    return claims


def ask_space(study: Study, path: str) -> Mapping[str, Any]:
    """Returns the open settings of a search, as the study declares them.

    Raises:
        ValueError: the function gives no dict.
    """
    space = _asked(study, "space", path)
    if not isinstance(space, Mapping):
        raise _refusal(study, "space", path, "a dict from settings to domains of ray.tune", space)
    return space


def open_names(study: Study) -> list[str]:
    """Returns the names of the settings that a study's search leaves open.

    Raises:
        ValueError: the function of its space gives no dict.
    """
    if study.search is None:
        return []
    path = study.search.space
    if not isinstance(path, str) or not path:
        return list(study.search.domains)
    space = ask_space(study, path)
    return [*flat(space)] if study.nested else list(space)


def given_config(study: Study, config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns a config as the study's own functions get it: of a nested study nested dicts."""
    return nested(config) if study.nested else config


def _asked(study: Study, what: str, path: str, *arguments: Any) -> Any:
    return call_hook(f"study {study.name}, {what}", path, *arguments)


def _refusal(study: Study, what: str, path: str, wanted: str, got: object) -> ValueError:
    shown = repr(got)
    shown = shown if len(shown) <= 100 else f"{shown[:100]} ..."
    return ValueError(f"study {study.name}: {what} {path} must return {wanted}, got {shown}")
