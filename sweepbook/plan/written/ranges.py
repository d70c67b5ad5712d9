"""The ranges of a space that is written in YAML: {loguniform: [1e-4, 1e-1]}."""

import difflib
from collections.abc import Mapping
from typing import Any

from sweepbook.plan.written.documents import Document, Place
from sweepbook.study.spaces.domains import WRITTEN, Written

_FORMS = (*WRITTEN, "grid_search")
_BOUNDS = {"low", "high"}


def with_ranges(value: Any, document: Document, place: Place) -> Any:
    """Returns a space with its written ranges and choices as `Written` values.

    Raises:
        ValueError: a range that is not written as one, with what to write.
    """
    if not isinstance(value, Mapping) or "grid_search" in value:
        return value
    forms = [key for key in value if key in WRITTEN]
    if forms and len(value) > 1:
        others = ", ".join(repr(key) for key in value if key != forms[0])
        raise document.error(
            f"{place[-1]} has {others} beside {forms[0]}: write {forms[0]} alone, such as "
            f"{place[-1]}: {{loguniform: [1e-4, 1e-1]}}",
            *place,
        )
    if forms:
        return Written(forms[0], value[forms[0]])
    _check_meant(value, document, place)
    return {key: with_ranges(one, document, (*place, key)) for key, one in value.items()}


def _check_meant(value: Mapping[str, Any], document: Document, place: Place) -> None:
    """Refuses a dict that looks like a range: it would be a dict of constants."""
    if _BOUNDS <= value.keys():
        raise document.error(
            f"{place[-1]} has low and high: write the range as uniform: [low, high], or as "
            f"one of {', '.join(WRITTEN)}; a dict of constants stands in fixed",
            *place,
        )
    if len(value) == 1 and len(place) > 1:
        (name, inner), *_ = value.items()
        near = difflib.get_close_matches(name.lower().replace("_", ""), _FORMS, cutoff=0.75)
        if isinstance(inner, list) and near:
            raise document.error(
                f"{place[-1]} has {name!r}, which is no range: did you mean {near[0]}?", *place
            )
