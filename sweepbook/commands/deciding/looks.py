"""What a command says of its looks and its budget."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

LOOKS = (5, 10, 15, 20, 30, 40, 60)
MOST = 60  # replicates of a trial
NO_END: Literal["none"] = "none"
_UNITS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_BUDGET = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|m|h)\s*")


def budget_s(text: str | None) -> float | None:
    """Returns the seconds of a budget such as "90s", "30m" or "1h30m"; None of None.

    Raises:
        ValueError: it is nothing of this kind, or no time at all.
    """
    if text is None:
        return None
    parts = _BUDGET.findall(text)
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if _BUDGET.sub("", text).strip() or seconds <= 0:
        raise ValueError(
            f"--budget must be a time with its unit, such as 90s, 30m or 1h30m, got {text!r}"
        )
    return seconds


def numbers_of(text: str | None) -> tuple[int, ...] | None:
    """Returns the numbers of "5,10,15"; None of None.

    Raises:
        ValueError: one is no whole number of at least 1, or none rises above the one before it.
    """
    if text is None:
        return None
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        found = ()
    if not found or found[0] < 1 or any(b <= a for a, b in zip(found, found[1:], strict=False)):
        raise ValueError(
            f"--looks must be whole numbers of replicates that increase, such as 5,10,20, got "
            f"{text!r}"
        )
    return found


@dataclass(frozen=True)
class Looks:
    """The numbers of replicates at which claims are judged.

    Args:
        numbers: increasing; the first is what the record has. has_end: False: looks go on behind
            the last of them, until nothing is open.
    """

    numbers: tuple[int, ...]
    has_end: bool = True

    def __str__(self) -> str:
        return ", ".join(map(str, self.numbers)) + ("" if self.has_end else ", ...")


def most_of(text: str | None) -> int | Literal["none"] | None:
    """Returns the most replicates of "60", "none" of "none", and None of None.

    Raises:
        ValueError: it is nothing of this kind.
    """
    if text is None:
        return None
    if text == NO_END:
        return NO_END
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(
            f"--most must be a number of replicates, such as {MOST}, or none, got {text!r}"
        )
    return int(text)


def looks_of(n: int, given: Sequence[int] | None, most: int | Literal["none"] | None) -> Looks:
    """Returns the numbers of replicates at which the claims of a record are judged.

    Args:
        n: replicates that the record has, which are those of the first look.
        given: as asked for, increasing; None: the usual ones.
        most: of the last look; "none": there is no last one; None: the last one given, or 60.

    Raises:
        ValueError: they are below what the record has, or above `most`.
    """
    has = f"the record has {n} replicates of each trial"
    if given is not None and given[0] < n:
        raise ValueError(f"--looks must begin at {n} or later, because {has}, got {given[0]}")
    has_end = most != NO_END
    last = most if isinstance(most, int) else (given or (*LOOKS, MOST))[-1]
    if last <= n and has_end:
        raise ValueError(f"--most must be more than {n}, because {has}, got {last}")
    if given is not None and given[-1] > last:
        raise ValueError(f"--looks end at {given[-1]}, which is more than --most {last}")
    further = [look for look in (*(given or LOOKS), last) if n < look <= last]
    return Looks((n, *dict.fromkeys(further)), has_end)
