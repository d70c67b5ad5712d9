"""From the comparisons of claims to verdicts.

Every comparison has a band of differences that would make the claim true: at or above the
smallest difference that matters (direction, threshold, winner, ranking), or target give or take
it (equivalence). On the t interval of the difference:

* **holds**: the interval lies wholly inside the band;
* **does not hold**: it lies wholly outside;
* **undecided**: it crosses the band's edge, or there is one replicate only, or one more seed that
  is as unusual as the most unusual one of the study would make it cross;
* **not available**: a trial is missing, failed or diverged, or a value is.

So one edge decides both ways, and two repetitions of a study contradict each other only where
both intervals miss the truth. A claim of several comparisons (a winner against every other arm, a
ranking, several arms) holds where all hold, each at 95 %: all of them would have to err together
(intersection-union test; a winner that was chosen after seeing the values: Gutmann and Maymin
1987). It does not hold where one does not; one of many does by chance, so there Holm's correction
counts the comparisons. Claims of one declared family are Holm-corrected, too. The interval that is
shown is that of the comparison which decides, at the level at which it is decided, so that
interval and verdict agree.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sweepbook.findings.deciding.outcomes import Comparison, Outcome
from sweepbook.findings.finding import FAILS, HOLDS, MISSING, OPEN
from sweepbook.findings.question import Question
from sweepbook.stats.multiple import holm, holm_factors
from sweepbook.stats.power import Range, detectable_difference, needed_range

ALPHA = 0.05


@dataclass(frozen=True)
class Decision:
    """A verdict, and the comparison that decides it, or that is in the way of one.

    Args:
        factor: by how much its p value counts more, since comparisons are made together: it is
            decided at the level 1 - ALPHA / factor.
        n_family: how many comparisons, or claims of a family, are made together.
        overturned: one more unusual seed would make its interval cross the edge.
    """

    verdict: str
    test: Comparison | None = None
    factor: int = 1
    n_family: int = 1
    overturned: bool = False

    @property
    def level(self) -> float:
        """Level of the interval that decides, for example 0.95."""
        return 1 - ALPHA / self.factor

    @property
    def p_adjusted(self) -> float:
        """The p value that is held against ALPHA, at most 1; NaN without a comparison."""
        return min(self.test.guarded_p * self.factor, 1.0) if self.test else math.nan

    @property
    def alone(self) -> bool:
        """Whether the comparison's own 95 % interval would decide it, and the factor does not."""
        p = self.test.guarded_p if self.test else math.nan
        return ALPHA / self.factor < p <= ALPHA


def decide(questions: Sequence[Question], results: Mapping[str, Outcome]) -> dict[str, Decision]:
    """The decision of each claim that has an outcome, by its name.

    A family is what shares a claim's `family`, or one claim.
    """
    families: dict[str, list[str]] = defaultdict(list)
    for question in questions:
        claim = question.claim
        if claim.name in results:
            families[claim.family or f"claim {claim.name}"].append(claim.name)
    decisions = {}
    for names in families.values():
        known = [name for name in names if results[name].tests]
        factors = holm_factors([_claim_p(results[name]) for name in known], ALPHA)
        by_name = dict(zip(known, factors.tolist(), strict=True))
        for name in names:
            decisions[name] = _decided(results[name], by_name.get(name, 1), len(known))
    return decisions


def _claim_p(result: Outcome) -> float:
    """The p value of a claim: all comparisons hold, or the one that most clearly does not."""
    p = [test.guarded_p for test in result.tests]
    if all(test.inside for test in result.tests):
        largest = max(p) if not any(math.isnan(one) for one in p) else 1.0
        return min(largest * result.looks, 1.0)
    adjusted = [one for one, test in zip(holm(p), result.tests, strict=True) if not test.inside]
    least = min((float(one) for one in adjusted if not math.isnan(one)), default=1.0)
    return min(least * result.looks, 1.0)


def _decided(result: Outcome, family_factor: int, n_claims: int) -> Decision:
    if result.problem or result.verdict or not result.tests:
        return Decision(MISSING if result.problem else result.verdict or OPEN)
    family_factor *= result.looks
    p = [test.guarded_p for test in result.tests]
    unknown = [math.isnan(one) for one in p]
    within = holm_factors(p, ALPHA / family_factor).tolist()
    if all(test.inside for test in result.tests):
        place = max(range(len(p)), key=lambda i: (unknown[i], 0.0 if unknown[i] else p[i]))
        factor, verdict = family_factor, HOLDS
    else:
        outside = [i for i, test in enumerate(result.tests) if not test.inside]
        place = min(outside, key=lambda i: (unknown[i], p[i]))
        factor, verdict = family_factor * within[place], FAILS
    test = result.tests[place]
    bound = ALPHA / factor
    decided = p[place] <= bound  # NaN decides nothing
    n_family = n_claims if n_claims > 1 else factor // result.looks
    plain = [one.p for one in result.tests] if verdict == HOLDS else [test.p]
    overturned = not decided and all(one <= bound for one in plain)
    return Decision(verdict if decided else OPEN, test, factor, n_family, overturned)


def replicates_needed(decision: Decision) -> Range:
    """About how many replicates would decide the comparison that is in the way."""
    if decision.test is None:
        return Range(None, None, None)
    found = decision.test.difference
    gap = found.mean - decision.test.edge
    needed = needed_range(gap, found.sd, found.n, decision.level, found.overlap)
    more = found.n + 1
    return Range(*(None if n is None else max(n, more) for n in needed))


def detectable(decision: Decision) -> float:
    """Smallest difference that this many replicates tell from 0 (power 0.8), tested scale."""
    if decision.test is None:
        return math.nan
    found = decision.test.difference
    return detectable_difference(found.sd, found.n, overlap=found.overlap)
