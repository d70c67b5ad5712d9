"""Numbers and paths of an SVG, written short."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"[A-Za-z]|-?[\d.]+(?:e-?\d+)?")
_NUMBER = re.compile(r"-?\d*\.?\d+(?:e-?\d+)?")
_POINTS = {"M": 1, "L": 1, "Q": 2, "C": 3}
_UNIT = 100  # a hundredth of a point: what a script reads back has four digits


def short(value: float) -> str:
    """A number with two decimals at most.

    >>> short(0.5), short(-12.0), short(3.14159)
    ('.5', '-12', '3.14')
    """
    return _of_units(round(value * _UNIT))


def short_numbers(text: str) -> str:
    """A text, such as a transformation, with every number in it written short."""
    return _NUMBER.sub(lambda found: short(float(found[0])), text)


def short_path(d: str, dx: float = 0.0, dy: float = 0.0) -> str:
    """A path of matplotlib, moved by (dx, dy): lines as steps from the point before.

    >>> short_path("M 10 10 L 11 9.5 L 12 9.5 z")
    'M10 10l1-.5 1 0z'
    """
    tokens, written, at, i, last = _TOKEN.findall(d), [], (0, 0), 0, ""
    while i < len(tokens):
        command = tokens[i]
        i += 1
        n = 2 * _POINTS.get(command, 0)
        places = [
            round((float(t) + (dx, dy)[k % 2]) * _UNIT) for k, t in enumerate(tokens[i : i + n])
        ]
        i += n
        if command == "L":
            numbers = [places[0] - at[0], places[1] - at[1]]
            written.append(_joined(numbers, "" if last == "L" else "l", after=last == "L"))
        else:
            written.append(_joined(places, command if n else "z", after=False))
        at, last = (places[-2], places[-1]) if n else at, command
    return "".join(written)


def _joined(numbers: list[int], command: str, *, after: bool) -> str:
    """Numbers after a command, or after other numbers; a minus sign needs no space before it."""
    text = command
    for place, number in enumerate(numbers):
        written = _of_units(number)
        needs_space = (place or after) and not written.startswith("-")
        text += f" {written}" if needs_space else written
    return text


def _of_units(units: int) -> str:
    whole, rest = divmod(abs(units), _UNIT)
    decimals = f".{rest:02d}".rstrip("0") if rest else ""
    text = f"{whole}{decimals}" if whole or not decimals else decimals
    return f"-{text}" if units < 0 else text
