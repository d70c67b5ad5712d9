"""What a later version wrote into the objects of a manifest: it is kept when we write again."""

import copy
import dataclasses
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sweepbook.record.schema.typed import Others, hints_of, object_of

Kept = tuple[tuple[tuple[str | int, ...], Any], ...]  # where it stands, and what it is
_CALLED = ("trial_id", "name", "setting")  # what tells the items of a list apart


def unknown(content: Mapping[str, Any], kind: type, others: Others) -> Kept:
    """Returns what the objects within an object hold beside the fields of their dataclasses.

    The object's own further keys are left out. An item of a list is known by what it is called,
    so that it is found again where the list has changed, else by its place.
    """
    return tuple(
        found
        for field, hint in hints_of(kind).items()
        for found in _within(
            content.get(field.name), others.get((kind, field.name), hint), (field.name,), others
        )
    )


def with_kept(content: dict[str, Any], kept: Kept) -> dict[str, Any]:
    """Returns a manifest's content with what `unknown` found, if its objects are still there."""
    if not kept:
        return content
    whole = copy.deepcopy(content)
    for names, value in kept:
        target: Any = whole
        for name in names[:-1]:
            target = _inside(target, name)
        if isinstance(target, dict):
            target.setdefault(names[-1], value)
    return whole


def _within(
    value: Any, hint: Any, names: tuple[str | int, ...], others: Others
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    inner = typing.get_args(hint)
    if isinstance(value, Mapping):
        kind = object_of(value, [hint, *inner])
        if kind is None:
            return
        known = {field.name for field in dataclasses.fields(kind)}
        yield from (((*names, key), one) for key, one in value.items() if key not in known)
        for path, one in unknown(value, kind, others):
            yield (*names, *path), one
    elif isinstance(value, Sequence) and not isinstance(value, str) and inner:
        for at, one in enumerate(value):
            yield from _within(one, inner[0], (*names, _called(one, at)), others)


def _called(item: Any, at: int) -> str | int:
    found = [item[key] for key in _CALLED if key in item] if isinstance(item, Mapping) else []
    return found[0] if found and isinstance(found[0], str) else at


def _inside(target: Any, name: str | int) -> Any:
    """What an object or a list holds of that name; None: nothing."""
    if isinstance(target, dict):
        return target.get(name)
    if isinstance(target, list | tuple):
        return next((item for at, item in enumerate(target) if _called(item, at) == name), None)
    return None
