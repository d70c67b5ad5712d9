"""Short forms of the usual claims: each function returns an ordinary `Claim`."""

from collections.abc import Mapping, Sequence
from typing import Any

from sweepbook.study.claim import Claim, Direction
from sweepbook.study.claims.words import (
    Given,
    Settings,
    amount,
    best_direction,
    name_of,
    opposite,
    settings_of,
)


def higher(
    metric: str,
    settings: Settings | Sequence[Settings],
    *,
    than: Settings | float | str,
    by: float,
    because: str,
    name: str | None = None,
    statement: str = "",
    **options: Any,
) -> Claim:
    """Claims that a metric is higher with some settings than with others.

    Example:
        >>> claim = higher(
        ...     "val_acc", {"depth": 8}, than={"depth": 4}, by=0.005, because="half a point"
        ... )
        >>> claim.kind, claim.name
        ('direction', 'higher-val-acc-depth-8-than-depth-4')

    Args:
        metric: a metric that the trainable yields, on validation data unless the statement is
            about training or test data.
        settings: of one trial, a dict; a list of dicts where `than` is a metric.
        than: the settings to compare with; or a number; or another metric of the same trial.
        by: smallest difference that matters, >= 0, in the unit of the metric: 0.005 of an
            accuracy is half a point.
        because: why this is the smallest difference that matters, in one line.
        name: letters, digits and hyphens; None: a name made of the metric and the settings.
        statement: the sentence to be decided; "": the report names metric and settings.
        options: further fields of `Claim`, such as labels, fidelity, best_by or relative.

    Returns:
        A claim of the kind "direction", or "threshold" where `than` is a number.

    Raises:
        ValueError: naming what was written, and what to write instead.
    """
    given = Given("higher", metric, settings, by, because, name, statement, options)
    return _compared("higher", given, than)


def lower(
    metric: str,
    settings: Settings | Sequence[Settings],
    *,
    than: Settings | float | str,
    by: float,
    because: str,
    name: str | None = None,
    statement: str = "",
    **options: Any,
) -> Claim:
    """Claims that a metric is lower with some settings than with others.

    Example:
        >>> claim = lower(
        ...     "val_loss", {"lr": 0.1}, than={"lr": 0.01}, by=0.05, because="visible in a curve"
        ... )
        >>> claim.direction, claim.name
        ('lower', 'lower-val-loss-lr-0-1-than-lr-0-01')

    Args:
        metric, settings, than, by, because, name, statement, options: as for `higher`.

    Returns:
        A claim of the kind "direction", or "threshold" where `than` is a number.

    Raises:
        ValueError: as `higher`.
    """
    given = Given("lower", metric, settings, by, because, name, statement, options)
    return _compared("lower", given, than)


def best(
    metric: str,
    settings: Settings,
    *,
    among: Sequence[Settings],
    by: float,
    because: str,
    direction: Direction | None = None,
    name: str | None = None,
    statement: str = "",
    **options: Any,
) -> Claim:
    """Claims that some settings are the best of several.

    Example:
        >>> rates = [{"lr": 0.1}, {"lr": 0.01}, {"lr": 0.001}]
        >>> claim = best("val_acc", {"lr": 0.01}, among=rates, by=0.0, because="any difference")
        >>> claim.direction, claim.name
        ('higher', 'best-val-acc-lr-0-01-of-3')

    Args:
        settings: of the trial that is claimed to be best.
        among: the settings of all trials that are compared, or of the others alone.
        direction: "higher" or "lower": which side of the metric is best. None: "lower" for a
            loss, an error and seconds, "higher" for an accuracy and a score; of other metrics it
            must be said.
        options: further fields of `Claim`. labels: one for each of `among`, in its order; if
            `among` leaves `settings` out, their label comes first.
        metric, by, because, name, statement: as for `higher`.

    Returns:
        A claim of the kind "winner".

    Raises:
        ValueError: as `higher`.
    """
    given = Given("best", metric, settings, by, because, name, statement, options)
    return _extreme(given, among, direction or best_direction(given))


def worst(
    metric: str,
    settings: Settings,
    *,
    among: Sequence[Settings],
    by: float,
    because: str,
    direction: Direction | None = None,
    name: str | None = None,
    statement: str = "",
    **options: Any,
) -> Claim:
    """Claims that some settings are the worst of several.

    Example:
        >>> claim = worst(
        ...     "val_acc", {"lr": 1.0}, among=[{"lr": 0.1}], by=0.0, because="any difference"
        ... )
        >>> claim.direction
        'lower'

    Args:
        direction: "higher" or "lower": which side of the metric is worst. None: the other one
            than for `best`.
        metric, settings, among, by, because, name, statement, options: as for `best`.

    Returns:
        A claim of the kind "winner".

    Raises:
        ValueError: as `higher`.
    """
    given = Given("worst", metric, settings, by, because, name, statement, options)
    return _extreme(given, among, direction or opposite(best_direction(given)))


def same(
    metric: str,
    settings: Settings,
    other: Settings | float,
    *,
    within: float,
    because: str,
    name: str | None = None,
    statement: str = "",
    **options: Any,
) -> Claim:
    """Claims that a metric is the same with two settings, or as large as a number.

    Example:
        >>> claim = same(
        ...     "val_acc", {"width": 32}, {"width": 64}, within=0.005, because="half a point"
        ... )
        >>> claim.kind, claim.target, claim.name
        ('equivalence', 0.0, 'same-val-acc-width-32-as-width-64')

    Args:
        settings: of one trial.
        other: the settings of another trial, or a number.
        within: largest difference that does not matter, >= 0, in the unit of the metric.
        because: why a difference of that size does not matter, in one line.
        metric, name, statement, options: as for `higher`.

    Returns:
        A claim of the kind "equivalence".

    Raises:
        ValueError: as `higher`.
    """
    given = Given("same", metric, settings, within, because, name, statement, options, "within")
    arm = settings_of(given, "the settings", settings)
    if isinstance(other, Mapping):
        arms = (arm, settings_of(given, "the other settings", other, apart_from=arm))
        return given.claim("equivalence", arms, f"as-{name_of(other)}", target=0.0)
    target = amount(given, "what it is the same as", other, "settings (a dict) or a number")
    return given.claim("equivalence", (arm,), f"as-{name_of(target)}", target=target)


def learns(
    metric: str,
    settings: Settings,
    *,
    by: float,
    because: str,
    name: str | None = None,
    statement: str = "",
    **options: Any,
) -> Claim:
    """Claims that at least 80 % of the seeds of a trial learn.

    A seed learns if its accuracy is above the share of the largest class by more than `by`.

    Example:
        >>> claim = learns("val_acc", {"depth": 100}, by=0.05, because="five points above chance")
        >>> claim.kind, claim.expected
        ('mixture', 'learns')

    Args:
        metric: an accuracy that the trainable yields.
        settings: of one trial.
        by: how far above chance an accuracy must be to count as learning, >= 0.
        because: why that is the least that you call learning, in one line.
        name, statement, options: as for `higher`.

    Returns:
        A claim of the kind "mixture". With `expected="fails"` instead, the long form claims that
        at least 80 % of the seeds do not learn.

    Raises:
        ValueError: as `higher`.
    """
    given = Given("learns", metric, settings, by, because, name, statement, options)
    return given.claim(
        "mixture", (settings_of(given, "the settings", settings),), expected="learns"
    )


def _compared(direction: Direction, given: Given, than: Settings | float | str) -> Claim:
    several = isinstance(given.settings, Sequence) and not isinstance(given.settings, str)
    if isinstance(than, str):
        arms = [*given.settings] if several else [given.settings]
        arms = [settings_of(given, "each of the settings", arm) for arm in arms]
        further: dict[str, Any] = {"direction": direction, "against_metric": than}
        return given.claim("direction", tuple(arms), f"than-{name_of(than)}", **further)
    arm = settings_of(given, "the settings", given.settings)
    if isinstance(than, Mapping):
        arms = [arm, settings_of(given, "than", than, apart_from=arm)]
        tail = f"than-{name_of(than)}"
        return given.claim("direction", tuple(arms), tail, direction=direction)
    expected = "settings (a dict), a number or the name of a metric"
    target = amount(given, "than", than, expected)
    tail = f"than-{name_of(target)}"
    return given.claim("threshold", (arm,), tail, direction=direction, target=target)


def _extreme(given: Given, among: Sequence[Settings], direction: Direction) -> Claim:
    """A claim of the kind "winner": its first arm is the one that is claimed to be extreme."""
    arm = settings_of(given, "the settings", given.settings)
    if isinstance(among, Mapping | str) or not isinstance(among, Sequence):
        given.refuse("among", "be a list of settings, one dict for each trial", among)
    listed = [settings_of(given, "each of among", one) for one in among]
    if any(dict(one) in [dict(other) for other in listed[:i]] for i, one in enumerate(listed)):
        given.refuse("among", "name each trial once", among)
    place = next((i for i, one in enumerate(listed) if dict(one) == dict(arm)), None)
    rivals = [one for i, one in enumerate(listed) if i != place]
    if not rivals:
        given.refuse("among", "have at least one dict beside the settings", among)
    options: dict[str, Any] = {}
    labels = given.options.get("labels", ())
    if place is not None and isinstance(labels, list | tuple) and len(labels) == len(listed):
        options["labels"] = (labels[place], *labels[:place], *labels[place + 1 :])
    tail = f"of-{len(rivals) + 1}"
    return given.claim("winner", (arm, *rivals), tail, direction=direction, **options)
