"""The JSON of a manifest as plain values: refused where no table or page could hold it."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from sweepbook.record.schema.limits import (
    MOST_BYTES,
    MOST_INTEGER,
    MOST_ITEMS,
    MOST_LETTERS,
    MOST_LEVELS,
)
from sweepbook.study.texts import visible

_HALF = re.compile("[\ud800-\udfff]")  # of a character: no table holds it
# may name a file whose name is no UTF-8; a command line can hold such a name
_OF_A_MACHINE = ("command", "resumed", "import_paths")


def parsed(content: bytes) -> Any:
    """Returns what a JSON file says.

    Raises:
        ValueError: no JSON in UTF-8, a key that an object has twice, or a value that is nested
            too deeply, is too long, or that no table can hold. It names the value.
    """
    if len(content) > MOST_BYTES:
        raise ValueError(f"has {len(content):,} bytes, and may have {MOST_BYTES:,} at most")
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_object)
    except RecursionError:
        raise ValueError(_too_deep("its content")) from None
    except ValueError as error:
        raise ValueError(f"cannot be read as JSON: {error}") from error
    for names, one in _each(value):
        if problem := _problem(one, names):
            raise ValueError(problem)
    return value


def named(names: Sequence[str | int]) -> str:
    """Returns a value's place in words: trials[3].config.rate."""
    text = ""
    for name in names:
        text += f"[{name}]" if isinstance(name, int) else f".{visible(name)[:60]}"
    return text.removeprefix(".") or "its content"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has the key {twice!r:.60} twice")
    return found


def _each(value: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value within a value, itself included, with its place; keys count as values."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while waiting:
        names, one = waiting.pop()
        yield names, one
        if len(names) > MOST_LEVELS:
            continue
        if isinstance(one, dict):
            yield from ((names, key) for key in one)
            waiting += [((*names, key), inner) for key, inner in one.items()]
        elif isinstance(one, list):
            waiting += [((*names, at), inner) for at, inner in enumerate(one)]


def _problem(value: Any, names: tuple[str | int, ...]) -> str:
    if len(names) > MOST_LEVELS:
        return _too_deep(named(names[:3]))
    if isinstance(value, str):
        if len(value) > MOST_LETTERS:
            return (
                f"{named(names)} is a text of {len(value):,} letters, more than {MOST_LETTERS:,}"
            )
        if _HALF.search(value) and names[:1] not in [(one,) for one in _OF_A_MACHINE]:
            return f"{named(names)} is no text that a table can hold: '{visible(value)[:60]}'"
    elif isinstance(value, dict | list) and len(value) > MOST_ITEMS:
        return f"{named(names)} has {len(value):,} items, more than {MOST_ITEMS:,}"
    elif isinstance(value, int) and not -MOST_INTEGER / 2 <= value < MOST_INTEGER:
        return f"{named(names)} is a whole number beyond 64 bits, {str(value)[:30]}"
    return ""


def _too_deep(name: str) -> str:
    return f"{name} has more than {MOST_LEVELS} levels of lists and objects within each other"
