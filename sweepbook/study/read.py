"""A study read back from the plain values that a record's manifest keeps of it."""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from sweepbook.study.asha import ASHA
from sweepbook.study.claim import Claim
from sweepbook.study.forms.fused import Fused
from sweepbook.study.forms.trainable import trainable_of
from sweepbook.study.option import Option
from sweepbook.study.published import Published, PublishedValue
from sweepbook.study.search import Search
from sweepbook.study.study import Fidelity, Metric, Study

T = TypeVar("T")


def study_of(content: Mapping[str, Any]) -> Study:
    """Returns the study whose `dataclasses.asdict` this is, checked as at its declaration.

    Fields that this version does not know are left out; those that an earlier version did not
    have yet take their defaults.

    Raises:
        ValueError: a field is missing, or has a value that no study can have.
    """
    metric, fidelity = (_mapping(content, key) for key in ("metric", "fidelity"))
    scheduler, search = content.get("scheduler"), content.get("search")
    fused = content.get("fused")
    return built(
        Study,
        {
            **content,
            "grid": {k: _listed(values) for k, values in (content.get("grid") or {}).items()},
            "trainable": trainable_of(content.get("trainable")),
            "metric": built(Metric, metric),
            "fidelity": built(Fidelity, {"setting": "", **fidelity}),
            "fused": built(Fused, fused) if fused else None,
            "scheduler": built(ASHA, scheduler) if scheduler else None,
            "search": _search(search) if search else None,
            "claims": _claims(content.get("claims")),
            "options": tuple(built(Option, o) for o in content.get("options") or ()),
            "published": _published(content.get("published")),
        },
    )


def built(kind: type[T], content: Mapping[str, Any]) -> T:
    """Returns a dataclass built from the keys that it knows; None stands for its default.

    Raises:
        ValueError: a field without a default is missing, or its checks refuse a value.
    """
    if not isinstance(content, Mapping):
        raise ValueError(f"{kind.__name__} must be an object, got {content!r}")
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]  # only dataclasses are given
    given = {f.name: content[f.name] for f in fields if content.get(f.name) is not None}
    try:
        return kind(**given)
    except TypeError as error:
        raise ValueError(
            f"a {kind.__name__} cannot be made of {dict(content)}: {error}"
        ) from error


def _listed(values: Any) -> Any:
    """A setting's values; earlier versions kept what was no list as a text: "range(2, 4)"."""
    return [values] if isinstance(values, str) else values


def _search(content: Mapping[str, Any]) -> Search:
    read = {
        "confirm_claims": _claims(content.get("confirm_claims")),
        "confirm_published": _published(content.get("confirm_published")),
    }
    return built(Search, {**content, **read})


def _claims(content: Any) -> tuple[Claim, ...]:
    return tuple(built(Claim, claim) for claim in content or ())


def _published(content: Mapping[str, Any] | None) -> Published | None:
    if not content:
        return None
    values = tuple(built(PublishedValue, value) for value in content.get("values") or ())
    return built(Published, {**content, "values": values})


def _mapping(content: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = content.get(key)
    if not isinstance(found, Mapping):
        raise ValueError(f"{key} of a study must be an object, got {found!r}")
    return found
