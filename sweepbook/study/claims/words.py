"""What the short forms of claims share: their checks, and the name of a claim without one."""

import dataclasses
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from sweepbook.study.claim import Claim, Direction, Kind

Settings = Mapping[str, Any]
_MADE = (  # fields of a claim that a short form makes of its arguments
    *("kind", "metric", "arms", "smallest", "reason", "name", "statement"),
    *("target", "expected", "direction", "against_metric"),
)
_LOW = ("loss", "err", "mse", "mae", "rmse", "nll", "perplexity", "seconds", "minutes", "time")
_HIGH = ("acc", "auc", "f1", "score", "precision", "recall", "r2", "reward", "iou", "dice", "bleu")


@dataclass(frozen=True)
class Given:
    """What was written in a short form, for its checks and their messages.

    Args:
        form: the function's name.
        size: what it calls `by` or `within`, as `size_name` says.
        options: further fields of the claim.
    """

    form: str
    metric: str
    settings: Any
    size: float
    because: str
    name: str | None
    statement: str
    options: Mapping[str, Any]
    size_name: str = "by"

    def __post_init__(self) -> None:
        if not isinstance(self.metric, str) or not self.metric:
            self.refuse("the metric", "be the name of a metric", self.metric)
        own = {field.name for field in dataclasses.fields(Claim)} - {*_MADE}
        if unknown := [key for key in self.options if key not in own]:
            raise ValueError(
                f"{self} has no option {unknown[0]!r}: {self._instead(unknown[0], own)}"
            )
        must = "a number >= 0, in the unit of the metric"
        if amount(self, self.size_name, self.size, must) < 0:
            self.refuse(self.size_name, f"be {must}", self.size)
        if not isinstance(self.because, str) or not self.because.strip():
            why = "say in one line why this is the smallest difference that matters"
            self.refuse("because", why, self.because)

    def __str__(self) -> str:
        shown = dict(self.settings) if isinstance(self.settings, Mapping) else self.settings
        return f"{self.form}({self.metric!r}, {shown!r:.80})"

    def _instead(self, key: str, known: Collection[str]) -> str:
        if key in ("by", "within"):
            return f"write {self.size_name}={self.options[key]!r:.20}"
        if key in _MADE:
            return "a claim that needs it is written in the long form, Claim(...)"
        return f"its further options are {', '.join(sorted(known))}"

    def refuse(self, what: str, must: str, value: object) -> NoReturn:
        """Raises a ValueError about something that was written."""
        raise ValueError(f"{what} of {self} must {must}, got {value!r:.80}")

    def claim(self, kind: Kind, arms: Sequence[Settings], tail: str = "", **made: Any) -> Claim:
        """Returns the claim; `tail` ends its name where it was given none."""
        parts = (self.form, self.metric, name_of(self.settings), tail)
        name = "-".join(filter(None, map(_slug, parts))) if self.name is None else self.name
        return Claim(
            name=name,
            statement=self.statement,
            kind=kind,
            metric=self.metric,
            arms=arms,
            smallest=amount(self, self.size_name, self.size, "a number"),
            reason=self.because,
            **{**self.options, **made},
        )


def settings_of(
    given: Given, what: str, value: Any, apart_from: Settings | None = None
) -> Settings:
    """Returns the settings of an arm, checked.

    Raises:
        ValueError: no dict; or the same as the other arm's.
    """
    if not isinstance(value, Mapping):
        given.refuse(what, "be a dict of settings, such as {'depth': 8}", value)
    if apart_from is not None and dict(value) == dict(apart_from):
        given.refuse(what, "differ from the settings that they are compared with", dict(value))
    return value


def amount(given: Given, what: str, value: Any, allowed: str) -> float:
    """Returns a finite number, checked; one of numpy's becomes Python's.

    Raises:
        ValueError: it is none; `allowed` says what it must be.
    """
    number = value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    if not is_number or not math.isfinite(number):
        given.refuse(what, f"be {allowed}", value)
    return number  # type: ignore[no-any-return]  # it has just been checked


def best_direction(given: Given) -> Direction:
    """Returns on which side a metric is best, by its name.

    Raises:
        ValueError: the name does not say so, or the claim is not about the metric's own value.
    """
    words = re.split(r"[^a-z0-9]+", given.metric.lower())
    is_value = given.options.get("quantity", "value") == "value"
    if is_value and (words[-1] == "s" or any(word.startswith(_LOW) for word in words)):
        return "lower"
    if is_value and any(word.startswith(_HIGH) for word in words):
        return "higher"
    of = given.metric if is_value else f"the {given.options['quantity']} of {given.metric}"
    raise ValueError(
        f'{given} must say direction="higher" or direction="lower", because nobody can tell from '
        f"its name on which side {of} is {given.form}"
    )


def opposite(direction: Direction) -> Direction:
    """Returns the other side."""
    return "lower" if direction == "higher" else "higher"


def name_of(value: Any) -> str:
    """Returns settings, several of them, a number or a metric as a part of a claim's name."""
    if isinstance(value, Mapping):
        return _slug(" ".join(f"{key} {one}" for key, one in value.items())) or "all"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"{len(value)}-arms"
    return _slug(str(value))


def _slug(text: str) -> str:
    """ "val_acc" -> "val-acc"; a minus before a number is said."""
    said = re.sub(r"(?<![\w.])-(?=\.?\d)", "minus ", text.lower())
    return re.sub(r"[\W_]+", "-", said).strip("-")
