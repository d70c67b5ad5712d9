"""Claims on trials that the study's scheduler may stop: a stopped trial has no value to judge."""

from __future__ import annotations

from collections.abc import Sequence

from sweepbook.aggregates.labels import listing
from sweepbook.checks.claims import misfit_of
from sweepbook.checks.planned import Planned
from sweepbook.study.claim import Claim


def stoppable(claims: Sequence[Claim], planned: Planned) -> list[str]:
    """One sentence on the claims that early stopping may leave without a verdict; [] of none.

    Claims that have no trials at all are left to `undecided`. An arm that fits several trials has
    the best of them that finished, so it needs no single one.
    """
    names = [
        claim.name
        for claim in claims
        if misfit_of(claim, planned) is None and _needs_a_stoppable_trial(claim, planned)
    ]
    if not names:
        return []
    many = len(names) > 1
    return [
        f"study {planned.study.name}: {f'{len(names)} claims need' if many else 'a claim needs'} "
        f"trials that ASHA may stop: {listing(names, most=20)}. A claim has no verdict if one of "
        "its trials is stopped; --no-scheduler trains every trial to its end"
    ]


def _needs_a_stoppable_trial(claim: Claim, planned: Planned) -> bool:
    scheduler = planned.study.scheduler
    is_alone = len(planned.configs) == 1  # the first at a rung passes
    if scheduler is None or is_alone or planned.n_each > 1 or planned.space:
        return False
    chosen = [planned.places(arm) for arm in claim.arms]
    single = [places[0] for places in chosen if len(places) == 1]
    # a trial that reaches its last step has finished, whatever rung is there
    return any(scheduler.rungs(planned.lengths[place] - 1) for place in single)
