"""What a claim came to before its verdict: its comparisons, each with the band that it claims."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sweepbook.findings.arm import Arm
from sweepbook.stats.intervals import Difference, interval_at, p_value
from sweepbook.stats.unusual import reach
from sweepbook.study.claim import Claim


class Comparison(NamedTuple):
    """One comparison: its difference, and the band in which the claim is true.

    with_one_more: the difference with one more seed, as unusual as the most unusual ones of the
    study, in each place where one might be. seeds_se: the standard error that comes from the
    seeds alone, where test rows add to it; NaN elsewhere.
    """

    label: str
    difference: Difference
    band: tuple[float, float]
    with_one_more: Sequence[Difference] = ()
    seeds_se: float = math.nan

    @property
    def inside(self) -> bool:
        """Whether the estimate lies in the band."""
        return self._is_inside(self.difference)

    @property
    def p(self) -> float:
        """Two-sided p of "the difference is the edge of the band that is nearest to it"."""
        return p_value(self.difference, self._edge(self.difference))

    @property
    def guarded_p(self) -> float:
        """The largest p, that with one more seed included; 1 where it moves to the other side."""
        if any(self._is_inside(one) != self.inside for one in self.with_one_more):
            return 1.0
        return max([self.p, *(p_value(one, self._edge(one)) for one in self.with_one_more)])

    @property
    def edge(self) -> float:
        """The band's edge that is nearest to the estimate."""
        return self._edge(self.difference)

    def interval(self, level: float) -> tuple[float, float]:
        """The interval of the difference at another level."""
        return interval_at(self.difference, level)

    def guarded_interval(self, level: float) -> tuple[float, float]:
        """All that the interval reaches, with one more seed or without."""
        return reach(self.difference, self.with_one_more, level)

    def without_spread(self) -> Comparison:
        """The same where the replicates tell no spread: the estimate alone."""
        nothing = self.difference._replace(low=math.nan, high=math.nan, sd=math.nan, se=math.nan)
        return self._replace(difference=nothing, with_one_more=())

    def _is_inside(self, one: Difference) -> bool:
        return self.band[0] <= one.mean <= self.band[1]

    def _edge(self, one: Difference) -> float:
        return min(self.band, key=lambda edge: abs(edge - one.mean))


@dataclass(frozen=True)
class Outcome:
    """What a claim came to, before its verdict: its arms and comparisons.

    others: the same arms' values of the claim's against_metric. problem: why there is nothing to
    compare, or "". verdict: where it does not come from the tests. sample: what the intervals are
    over, where that is not replicates alone. n_seeds: of trials that are not compared, which show
    how seeds fail in this study. best, corrected, advantage: of a winner, the best arm's label,
    its mean on replicates that did not select it, and what selection adds.
    """

    arms: Sequence[Arm]
    tests: Sequence[Comparison] = ()
    others: Sequence[Arm] = ()
    paired: bool = False
    problem: str = ""
    verdict: str = ""
    notes: Sequence[str] = field(default_factory=tuple)
    sample: str = ""
    n_seeds: int = 0
    best: str = ""
    corrected: float = math.nan
    advantage: float = math.nan

    @property
    def looks(self) -> int:
        """At how many steps the comparison could have been made, where early stopping chose."""
        return max((arm.looks for arm in self.arms), default=1)


def band(claim: Claim) -> tuple[float, float]:
    """Differences (or values) that make the claim true, on the scale that is tested."""
    d = claim.smallest
    if claim.kind == "equivalence":
        edges = ((claim.target or 0.0) - d, (claim.target or 0.0) + d)
    elif claim.direction == "higher":
        edges = ((claim.target or 0.0) + d, math.inf)
    else:
        edges = (-math.inf, (claim.target or 0.0) - d)
    if not claim.relative:
        return edges
    low, high = (math.log1p(max(e, -1 + 1e-12)) if math.isfinite(e) else e for e in edges)
    return low, high
