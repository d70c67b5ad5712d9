"""The lines that a program prints, and the metrics in them."""

import json
import math
import re
from collections.abc import Callable
from typing import Any

from sweepbook.doors.metrics import flat_metrics
from sweepbook.study.settings import COLUMNS, YIELDED

LONGEST = 1_000_000  # bytes of a line in which metrics are looked for
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
KEY = r"[A-Za-z_][\w./-]*"
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(nan|inf|infinity)", re.I)
# key=value, where 1,234.5 is one value; or key: value, which is no pair unless a number follows:
# what logging puts before a message looks alike, as in INFO:root:epoch=3
_PAIR = re.compile(
    rf"(?<![\w./-])(?P<key>{KEY})\s*"
    r"(?:=\s*(?P<text>[^\s,;|=]+(?:,\d[^\s,;|=]*)*)"
    rf"|:\s*(?P<number>(?:{_NUMBER.pattern})(?:/\d+)?)(?![\w.:/%-]|,\d))",
    re.I,
)
_ENDS = ",;)]}"

Read = Callable[[str], dict[str, Any] | None]


class Lines:
    """The whole lines in bytes that come in pieces; a line that is still being written waits."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._is_cut = False  # the line that goes on was too long

    def feed(self, piece: bytes) -> list[tuple[bytes, bool]]:
        """Returns the lines that a piece ends, without their ends, and whether each is whole."""
        *whole, last = piece.split(b"\n")
        found = []
        for part in whole:
            found.append((bytes(self._rest) + part, not self._is_cut))
            self._rest.clear()
            self._is_cut = False
        self._rest += last
        if len(self._rest) > LONGEST:
            found.append((bytes(self._rest), False))
            self._rest.clear()
            self._is_cut = True
        return found

    def rest(self) -> bytes:
        """Returns the line that nobody has ended, and forgets it."""
        rest = bytes(self._rest)
        self._rest.clear()
        return rest


def shown(line: bytes) -> str:
    """Returns a line as a terminal leaves it: what comes behind the last carriage return."""
    text = line.decode("utf-8", "replace").rstrip("\r")
    return _COLOUR.sub("", text.rpartition("\r")[2])


def reader(form: str) -> Read:
    """Returns the function that reads the metrics of a line: name -> value; None: there are none.

    Args:
        form: `Program.metrics`.
    """
    return {"json": _of_json, "pairs": _of_pairs}.get(form) or _of_pattern(re.compile(form))


def other_form(form: str, line: str, metric: str) -> str | None:
    """Returns the form in which a line does hold a metric; None where it does not."""
    for other, read in (("json", _of_json), ("pairs", _of_pairs)):
        if other != form and metric in (read(line) or {}):
            return other
    return None


def reads_never(form: str, name: str) -> bool:
    """Whether a form is a regular expression that has no group of a name."""
    return form not in ("json", "pairs") and name not in re.compile(form).groupindex


def number_of(text: str) -> int | float | None:
    """Returns the number that a whole text is; None: it is none."""
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    is_whole = math.isfinite(value) and text.lstrip("+-").isdigit()
    return int(text) if is_whole else value


def _of_json(line: str) -> dict[str, Any] | None:
    if not line.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return flat_metrics(_named(found))


def _of_pairs(line: str) -> dict[str, Any] | None:
    """The pairs of a line; a value that is no number stays a text, and so do two values."""
    found: dict[str, Any] = {}
    for match in _PAIR.finditer(line):
        key, text = match["key"], (match["text"] or match["number"]).rstrip(_ENDS)
        number = number_of(text)
        value = text if number is None else number
        is_other = key in found and repr(found[key]) != repr(value)  # NaN is NaN here
        found[key] = f"{found[key]} and {value}" if is_other else value
    return _named(found) or None


def _of_pattern(pattern: re.Pattern[str]) -> Read:
    def read(line: str) -> dict[str, Any] | None:
        match = pattern.search(line)
        if match is None:
            return None
        texts = {key: text for key, text in match.groupdict().items() if text is not None}
        numbers = {key: number_of(text.strip()) for key, text in texts.items()}
        return {key: texts[key] if value is None else value for key, value in numbers.items()}

    return read


def _named(found: dict[str, Any]) -> dict[str, Any]:
    """The metrics whose names no record and no generator uses otherwise."""
    return {key: value for key, value in found.items() if key not in (*COLUMNS, *YIELDED)}
