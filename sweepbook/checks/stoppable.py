"""Claims on trials that the study's scheduler may stop: a stopped trial has no final value."""

from __future__ import annotations

from collections.abc import Sequence

from sweepbook.aggregates.labels import listing
from sweepbook.checks.claims import misfit_of
from sweepbook.checks.planned import Planned
from sweepbook.findings.comparable.steps import compares_arms, needed_step
from sweepbook.study.claim import Claim


def stoppable(claims: Sequence[Claim], planned: Planned) -> list[str]:
    """What early stopping may do to claims: decide them earlier, or not at all; [] of none.

    Claims that have no trials at all are left to `undecided`. An arm that fits several trials has
    the best of them that finished, so it needs no single one.
    """
    found = [
        (claim, places)
        for claim in claims
        if misfit_of(claim, planned) is None and (places := _stoppable_places(claim, planned))
    ]
    earlier, never = list[str](), list[str]()
    for claim, places in found:
        lengths = {planned.lengths[place] for place in places}
        (earlier if compares_arms(claim) and len(lengths) == 1 else never).append(claim.name)
    unit = planned.study.fidelity.unit
    ends = {
        "A claim has no verdict if one of its trials is stopped": never,
        f"If one of its trials is stopped, a claim compares them at the last {unit} that all of "
        "them have, at a stricter level": earlier,
    }
    return [
        f"study {planned.study.name}: {_need(names)} trials that ASHA may stop: "
        f"{listing(names, most=20)}. {end}; --no-scheduler trains every trial to its end"
        for end, names in ends.items()
        if names
    ]


def _need(names: Sequence[str]) -> str:
    return f"{len(names)} claims need" if len(names) > 1 else "a claim needs"


def _stoppable_places(claim: Claim, planned: Planned) -> list[int]:
    """The places of a claim's trials, if one of them may be stopped before the claim's step."""
    scheduler = planned.study.scheduler
    is_alone = len(planned.configs) == 1  # the first at a rung passes
    if scheduler is None or is_alone or planned.n_each > 1 or planned.space:
        return []
    chosen = [planned.places(arm) for arm in claim.arms]
    single = [(i, places[0]) for i, places in enumerate(chosen) if len(places) == 1]
    for i, place in single:
        # a trial that reaches its last step has finished, whatever rung is there
        last, needed = planned.lengths[place], needed_step(claim, i)
        if scheduler.rungs(min(last, needed or last) - 1):
            return [place for _, place in single]
    return []
