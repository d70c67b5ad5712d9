"""Claims, checked against the trials that are planned: which of them each arm means."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sweepbook.aggregates.labels import listing
from sweepbook.aggregates.trials import arm_columns, same_value
from sweepbook.checks.planned import Planned
from sweepbook.findings.arm import lacking_steps
from sweepbook.record.load import CONFIG
from sweepbook.study.claim import Claim
from sweepbook.study.texts import shortened, visible

MOST_SHOWN = 4  # values or trials in a message
MOST_NAMES = 12  # settings
MOST_LETTERS = 160  # of an arm


@dataclass(frozen=True)
class Misfit:
    """Why a claim cannot be decided: in short, and with what to write instead in the study."""

    reason: str
    advice: str


def claim_problems(claims: Sequence[Claim], planned: Planned) -> list[str]:
    """Sentences about declared claims that these trials cannot decide; [] where there is none."""
    study = planned.study.name
    counts = Counter(claim.name for claim in claims)
    found = [
        f"study {study} has {n} claims with the name {name!r}: give each claim a name of its own"
        for name, n in counts.items()
        if n > 1
    ]
    for claim in claims:
        misfit = misfit_of(claim, planned) or _beyond(claim, planned)
        if misfit:
            found.append(f"study {study}, claim {claim.name}: {misfit.reason}; {misfit.advice}")
    return found


def undecided(claims: Sequence[Claim], planned: Planned) -> list[str]:
    """Sentences on the claims that these trials leave undecided, together by their reasons."""
    reasons: dict[str, list[str]] = {}
    for claim in claims:
        if misfit := misfit_of(claim, planned):
            reasons.setdefault(misfit.reason, []).append(claim.name)
    return [
        f"study {planned.study.name}: {'a claim' if len(names) == 1 else f'{len(names)} claims'} "
        f"will not be decided in this run, because {reason}: {listing(names, most=20)}"
        for reason, names in reasons.items()
    ]


def misfit_of(claim: Claim, planned: Planned) -> Misfit | None:
    """Why these trials cannot decide a claim; None where they can, or nobody knows yet."""
    chosen: list[tuple[Mapping[str, Any], list[int]]] = []
    for arm in claim.arms:
        misfit = _unfit(arm, planned) or _several(claim, arm, planned)
        if misfit:
            return misfit
        chosen.append((arm, planned.places(arm)))
    if planned.space:
        return None
    return _twice(chosen) or _too_short(claim, chosen, planned)


def _unfit(arm: Mapping[str, Any], planned: Planned) -> Misfit | None:
    """Why no trial fits an arm; None where one does."""
    if planned.places(arm) and not {*arm} & planned.space.keys():
        return None
    for key, value in arm.items():
        if key not in planned.settings:
            near = difflib.get_close_matches(key, planned.settings, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}? " if near else ""
            names = listing(planned.settings, most=MOST_NAMES)
            return Misfit(
                f"no trial has a setting {key!r}",
                f"the arm {_shown(arm)} names it: {hint}The settings are {names}",
            )
        if key in planned.space:
            if not _is_open_to(value, planned.space[key]):
                return Misfit(
                    f"the search does not try {key}={_shown(value)}",
                    f"the arm {_shown(arm)} asks for it, and the search has {key} from "
                    f"{_domain(planned.space[key])}",
                )
        elif not planned.places({key: value}):
            known = _values(planned, key, range(len(planned.configs)))
            return Misfit(
                f"no trial has {key}={_shown(value)}",
                f"the arm {_shown(arm)} asks for it, and the trials have {key} {known}",
            )
    if planned.places(arm):
        return None
    return Misfit(
        f"no trial has the settings {_shown(arm)} together",
        f"the nearest trial has {_nearest(arm, planned)}",
    )


def _is_open_to(value: Any, domain: Mapping[str, Any]) -> bool:
    if domain["kind"] == "choice":
        return any(same_value(choice, value) for choice in domain["choices"])
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and domain["low"] <= value <= domain["high"]


def _domain(domain: Mapping[str, Any]) -> str:
    if domain["kind"] == "choice":
        return listing([_shown(choice) for choice in domain["choices"]], most=MOST_NAMES)
    return f"{domain['low']} to {domain['high']}"


def _several(claim: Claim, arm: Mapping[str, Any], planned: Planned) -> Misfit | None:
    """What to write where an arm fits several trials, and the claim needs one."""
    chooses = claim.kind != "gradients"  # a claim can say which of several trials it means
    if claim.best_by is not None and chooses or any(key in planned.space for key in arm):
        return None
    places = planned.places(arm)
    n = len(places) * planned.n_each
    if n < 2:
        return None
    reason = f"{n} trials fit its arm {_shown(arm)}, and a claim compares single trials"
    metric = planned.study.metric.name
    best = f"give best_by={metric!r}, and {metric} chooses among them"
    columns = _telling(places, planned) if planned.n_each == 1 else []
    if not columns:
        return Misfit(reason, best)
    apart = listing([f"{key} ({_values(planned, key, places)})" for key in columns])
    first = planned.configs[min(places)]
    example = {**arm, **{key: first.get(key) for key in columns}}
    advice = f"they differ in {apart}: name one of them, as in {_shown(example)}"
    return Misfit(reason, f"{advice}, or {best}" if chooses else advice)


def _telling(places: Sequence[int], planned: Planned) -> list[str]:
    """The settings that tell some trials apart, declared ones first."""
    trials = planned.trials.iloc[list(places)]
    study = planned.study
    declared = {*study.grid, *(key for point in study.points for key in point)}
    own = [CONFIG + key for key in planned.settings if key in declared]
    first = arm_columns(trials[[name for name in own if name in trials]], [])
    columns = arm_columns(trials, [name.removeprefix(CONFIG) for name in first])
    return [name.removeprefix(CONFIG) for name in columns]


def _twice(chosen: Sequence[tuple[Mapping[str, Any], list[int]]]) -> Misfit | None:
    """Two arms that mean one and the same trial: it would be compared with itself."""
    for i, (arm, places) in enumerate(chosen):
        for other, theirs in chosen[:i]:
            if len(places) == 1 and places == theirs:
                return Misfit(
                    f"its arms {_shown(other)} and {_shown(arm)} fit one and the same trial",
                    "name two trials, or leave one of the arms out",
                )
    return None


def _values(planned: Planned, key: str, places: Sequence[int]) -> str:
    """The values that some trials have of a setting, each once, numbers by size."""
    configs = [planned.configs[place] for place in places]
    known = {repr(config[key]): config[key] for config in configs if key in config}
    if all(isinstance(value, int | float) for value in known.values()):
        known = dict(sorted(known.items(), key=lambda item: item[1]))
    return listing([shortened(visible(text), 40) for text in known], most=MOST_SHOWN)


def _nearest(arm: Mapping[str, Any], planned: Planned) -> str:
    """The trial that has most of an arm's settings, as far as the arm names them."""

    def n_same(config: Mapping[str, Any]) -> int:
        return sum(same_value(config.get(key), value) for key, value in arm.items())

    config = max(planned.configs, key=n_same)
    return _shown({key: config.get(key) for key in arm})


def _too_short(
    claim: Claim, chosen: Sequence[tuple[Mapping[str, Any], list[int]]], planned: Planned
) -> Misfit | None:
    """The first arm whose trials do not get the steps that the claim needs."""
    unit = planned.study.fidelity.unit
    for arm, places in chosen:
        last = max(planned.lengths[place] for place in places)
        if needed := lacking_steps(claim, last, unit):
            return Misfit(
                f"{needed} are needed, and the trial gets {last} {unit}s",
                f"train the trial with {_shown(arm)} for longer, or ask for earlier {unit}s",
            )
    return None


def _beyond(claim: Claim, planned: Planned) -> Misfit | None:
    """A step of a claim that its trial does not get to: the last one would be taken for it."""
    step = claim.since if claim.quantity == "steps_to" else claim.fidelity
    unit = planned.study.fidelity.unit
    if not isinstance(step, int) or claim.quantity == "spread":
        return None
    for arm in claim.arms:
        last = max(planned.lengths[place] for place in planned.places(arm))
        if step > last:
            return Misfit(
                f"it is about {unit} {step}, and the trial gets {last} {unit}s",
                f"train the trial with {_shown(arm)} for longer, or ask for an earlier {unit}",
            )
    return None


def _shown(value: Any) -> str:
    shown = dict(value) if isinstance(value, Mapping) else value
    return shortened(visible(repr(shown)), MOST_LETTERS)
