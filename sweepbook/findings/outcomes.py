"""What a claim came to before its verdict: its comparisons, each with the band that it claims."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from sweepbook.findings.values import Arm
from sweepbook.stats.intervals import Difference, p_value
from sweepbook.study.claim import Claim


class Comparison(NamedTuple):
    """One comparison: its difference, and the band in which the claim is true."""

    label: str
    difference: Difference
    band: tuple[float, float]

    @property
    def inside(self) -> bool:
        """Whether the estimate lies in the band."""
        return self.band[0] <= self.difference.mean <= self.band[1]

    @property
    def edge(self) -> float:
        """The band's edge that is nearest to the estimate."""
        return min(self.band, key=lambda edge: abs(edge - self.difference.mean))

    @property
    def p(self) -> float:
        """Two-sided p of "the difference is the nearest edge"."""
        return p_value(self.difference, self.edge)

    @property
    def room(self) -> float:
        """How far inside the band the estimate lies, in standard errors; negative outside."""
        gap = abs(self.edge - self.difference.mean) * (1.0 if self.inside else -1.0)
        se = self.difference.se
        return gap / se if se > 0 else math.copysign(math.inf, gap) if se == 0 else gap


@dataclass(frozen=True)
class Outcome:
    """What a claim came to, before its verdict: arms, comparisons, and the estimate to show.

    shown: the difference that the sentence names (a winner: the margin to the best other arm, on
    replicates that did not select that arm; several comparisons: the one that is furthest from
    making the claim true). picked_anew: the winner too was chosen after seeing the values, so
    shown is of the best and the runner-up of the other replicates, each time. best, corrected,
    advantage: of a winner, the best arm's label, its mean on replicates that did not select it,
    and what selection adds.
    """

    arms: Sequence[Arm]
    tests: Sequence[Comparison] = ()
    shown: Difference | None = None
    paired: bool = False
    problem: str = ""
    verdict: str = ""  # where it does not come from the tests
    notes: Sequence[str] = field(default_factory=tuple)
    best: str = ""
    rival: str = ""
    picked_anew: bool = False
    sample: str = ""  # what the intervals are over, where that is not replicates alone
    corrected: float = math.nan
    advantage: float = math.nan

    @property
    def looks(self) -> int:
        """At how many steps it could have been decided, where early stopping chose the step."""
        return max((arm.looks for arm in self.arms), default=1)

    @property
    def p_values(self) -> list[float]:
        """The p value of each comparison, for as many looks as there are."""
        return [float(np.minimum(1.0, self.looks * test.p)) for test in self.tests]


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
