"""What a study's figures show and its claims state, in a sentence each, before any result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sweepbook.aggregates.labels import is_share, listing
from sweepbook.figures.kinds import KEYS
from sweepbook.findings.amounts import behind, declared_number
from sweepbook.findings.values import arm_label
from sweepbook.findings.wording.units import unit_of
from sweepbook.plan.plan import Plan
from sweepbook.study.claim import Claim

_MOST = 8  # arms in a sentence


def figure_rows(plan: Plan, of_confirmation: bool = False) -> list[tuple[str, str]]:
    """Name and sentence of each figure that a study declares.

    of_confirmation: those that a search declares for the confirmation of its winners.
    """
    search = plan.study.search
    confirmed = search.confirm_figures if search else ()
    figures = confirmed if of_confirmation else plan.study.figures
    specs = [spec for spec in figures if isinstance(spec, Mapping)]
    rows = [(str(spec.get("name", "")), figure_sentence(spec)) for spec in specs]
    if of_confirmation:
        return rows
    if search:
        automatic = ", ".join(kind for kind, keys in KEYS.items() if keys.of == "search")
        return [*rows, ("for every search", automatic)]
    metric = plan.study.metric.name
    name = plan.study.name
    automatic_rows = [
        (f"{name}-{kind}", f"{kind}: All trials ({metric})") for kind in ("curves", "table")
    ]
    return rows or automatic_rows


def claim_rows(plan: Plan, of_confirmation: bool = False) -> list[tuple[str, str]]:
    """Name and sentence of each claim, as `figure_rows`."""
    search = plan.study.search
    confirmed = search.confirm_claims if search else ()
    claims = confirmed if of_confirmation else plan.study.claims
    unit = plan.study.fidelity.unit
    return [(claim.name, claim_sentence(claim, unit)) for claim in claims]


def figure_sentence(spec: Mapping[str, Any]) -> str:
    """The kind of a figure, its title, and what it shows.

    >>> figure_sentence({"kind": "curves", "name": "a", "metrics": ["val_acc"], "by": ["lr"]})
    'curves: val_acc by lr'
    """
    kind = str(spec.get("kind"))
    models, arms = spec.get("models"), spec.get("arms")
    parts = [
        _listed(spec.get("metrics")),
        f"against {spec['x']}" if spec.get("x") else "",
        f"by {by}" if (by := _listed(spec.get("by"))) else "",
        f"where {_settings(spec['where'])}" if isinstance(spec.get("where"), Mapping) else "",
        f"at {_listed(at)}" if (at := _steps(spec.get("at"))) else "",
        f"of {len(arms)} named trials" if isinstance(arms, list | tuple) else "",
        f"of {len(models)} models" if isinstance(models, list | tuple) else "",
    ]
    shown = " ".join(part for part in parts if part)
    title = spec.get("title")
    if isinstance(title, str):
        return f"{kind}: {title}{f' ({shown})' if shown else ''}"
    if not shown and kind in KEYS:
        shown = KEYS[kind].shows.removesuffix(".")
    return f"{kind}: {shown}" if shown else kind


def claim_sentence(claim: Claim, unit: str) -> str:
    """What a claim states, with its arms.

    unit: of the study's fidelity.

    >>> claim = Claim(name="a", statement="", kind="direction", metric="val_acc", smallest=0.005,
    ...               reason="any", arms=({"lr": 0.1}, {"lr": 1}), labels=("slow", "fast"))
    >>> print(claim_sentence(claim, "epoch"))
    val_acc of "slow" is higher than of "fast", by at least 0.5 points (mean of the last 5 epochs)
    """
    said, when = _stated(claim, unit), _when(claim, unit)
    return f"{said} ({when})" if when else said


def _stated(claim: Claim, unit: str) -> str:
    arms = [f'"{arm_label(claim, i)}"' for i in range(len(claim.arms))]
    first, others = arms[0], listing(arms[1:], most=_MOST)
    what, at_least = _quantity(claim, unit), _at_least(claim, unit)
    if claim.kind == "mixture":
        does = "gets above chance" if claim.expected == "learns" else "stays at chance"
        return f"the {claim.metric} of {first} {does} in at least 80 % of the seeds"
    if claim.kind == "gradients":
        return f"the gradients of {first} are {claim.expected}"
    if claim.quantity == "steps_to":
        level = f"the {claim.metric} that {arms[1]} has at {unit} {claim.since}"
        return f"{first} reaches {level} after {_after(claim, unit)}"
    if claim.against_metric:
        same = f"the same as {claim.against_metric}, {_give_or_take(claim, unit)}"
        other = f"{claim.direction} than {claim.against_metric}{at_least}"
        held = same if claim.kind == "equivalence" and not claim.target else other
        return f"{what} of {listing(arms, most=_MOST)} is {held}"
    if claim.kind == "winner":
        way, side = ("highest", "above") if claim.direction == "higher" else ("lowest", "below")
        by = at_least.removeprefix(",")
        return f"{first} has the {way} {what}, {side} {others}{by}"
    if claim.kind == "ranking":
        way = "rises" if claim.direction == "higher" else "falls"
        return f"{what} {way} from {' to '.join(arms)}{at_least and f'{at_least} at each step'}"
    if len(arms) == 1:
        return f"{what} of {first} is {_level(claim, unit)}"
    if claim.kind != "equivalence":
        return f"{what} of {first} is {claim.direction} than of {others}{at_least}"
    if not claim.target:
        return f"{what} of {first} and of {others} is the same, {_give_or_take(claim, unit)}"
    side = "higher" if claim.target > 0 else "lower"
    size = _amount(claim, abs(claim.target), unit)
    return f"{what} of {first} is {size} {side} than of {others}, {_give_or_take(claim, unit)}"


def _quantity(claim: Claim, unit: str) -> str:
    if claim.quantity == "change":
        until = claim.fidelity if isinstance(claim.fidelity, int) else "the last"
        return f"the change of {claim.metric} from {unit} {claim.since} to {until}"
    if claim.quantity == "spread":
        return f"the scatter of {claim.metric} about its trend"
    return claim.metric


def _when(claim: Claim, unit: str) -> str:
    """The steps that count; "" where the claim says so itself."""
    if claim.quantity in ("change", "steps_to"):
        return ""
    if claim.quantity == "spread":
        return f"from {unit} {claim.since} on" if claim.since else ""
    if isinstance(claim.fidelity, int):
        return f"{unit} {claim.fidelity}"
    return {
        "last": f"last {unit}",
        "last5": f"mean of the last 5 {unit}s",
        "every": f"at every {unit}",
    }[claim.fidelity]


def _after(claim: Claim, unit: str) -> str:
    """The length until a level is reached: "50 epochs, give or take 5 epochs"."""
    length = _amount(claim, claim.target or 0.0, unit)
    if claim.kind == "equivalence":
        return f"{length}, {_give_or_take(claim, unit)}"
    side = "more" if claim.direction == "higher" else "fewer"
    return f"{side} than {length}{_at_least(claim, unit)}"


def _level(claim: Claim, unit: str) -> str:
    """What one value is held against: "higher than 90 %, by at least 1 points"."""
    percent = is_share(claim.metric) and claim.quantity == "value" and not claim.relative
    size = declared_number(claim.target or 0.0, unit_of(claim, unit))
    target = f"{size} %" if percent else _amount(claim, claim.target or 0.0, unit)
    if claim.kind == "equivalence":
        return f"{target}, {_give_or_take(claim, unit)}"
    return f"{claim.direction} than {target}{_at_least(claim, unit)}"


def _amount(claim: Claim, value: float, unit: str) -> str:
    name = unit_of(claim, unit)
    shown = declared_number(value, name)
    return f"{shown}{behind(name, shown)}"


def _at_least(claim: Claim, unit: str) -> str:
    return f", by at least {_amount(claim, claim.smallest, unit)}" if claim.smallest else ""


def _give_or_take(claim: Claim, unit: str) -> str:
    return f"give or take {_amount(claim, claim.smallest, unit)}"


def _listed(values: Any) -> str:
    if isinstance(values, list | tuple):
        return listing([str(value) for value in values], most=_MOST)
    return str(values) if values else ""


def _steps(at: Any) -> list[str]:
    """Steps of a table in words: its last one is the end."""
    steps = at if isinstance(at, list | tuple) else []
    return ["the end" if step == "last" else str(step) for step in steps]


def _settings(where: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value!r}" for key, value in where.items())
