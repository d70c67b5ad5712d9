"""What a finding says of its arms: labels, means, steps and trials."""

from __future__ import annotations

from dataclasses import replace

from sweepbook.findings.deciding.outcomes import Outcome
from sweepbook.findings.finding import Finding
from sweepbook.findings.wording.units import Terms, arm_mean
from sweepbook.study.claim import Claim


def with_arms(finding: Finding, claim: Claim, result: Outcome, terms: Terms) -> Finding:
    """The finding with what its arms are and scored."""
    arms = result.arms
    first, other = arms[0], arms[1] if len(arms) == 2 else None
    value = arm_mean(first)
    against_value = arm_mean(other) if other else None
    if len(arms) == 1 and result.others:
        against_value = arm_mean(result.others[0])
    return replace(
        finding,
        unit=terms.unit,
        arm=first.label,
        arm_value=value,
        against=claim.against_metric or (other.label if other else None),
        against_value=against_value,
        steps=next((arm.steps for arm in arms if arm.steps), None),
        trial_ids=" ".join(dict.fromkeys(name for arm in arms for name in arm.trial_id.split())),
    )
