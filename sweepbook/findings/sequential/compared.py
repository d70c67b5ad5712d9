"""Claims about means: from what all looks so far saw of their comparisons to an ending.

A comparison crosses an edge where its sequential p, the smallest alpha at which any look so far
decides, is at most alpha. The two directions of each edge have alpha / 2 each. A claim holds
where every comparison has crossed every edge of its band inwards, at whatever looks
(intersection-union). It does not hold where one has crossed one outwards, by the first step of
Holm's method over its comparisons. Claims of one family are Holm-corrected by their sequential p
(Maurer and Bretz 2013).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sweepbook.findings.deciding.verdicts import ALPHA
from sweepbook.findings.finding import FAILS, HOLDS
from sweepbook.findings.sequential.design import Design
from sweepbook.findings.sequential.seen import (
    LEAST_SEEN,
    Edge,
    Seen,
    left_by_all,
    level_of,
    limit_of,
    repeated_interval,
    sequential_p,
)
from sweepbook.stats.giving_up import FROM, LEAST, conditional_power
from sweepbook.stats.intervals import t_quantile

OPEN, GIVEN_UP, MISSING = "open", "given up", "not available"
DECIDED = (HOLDS, FAILS)
OVERTURNED = "another seed like the worst one would overturn it"
CROSSES = "the repeated interval still reaches across the edge"
FEW = f"only {{n}} seeds show how seeds fail, and a verdict waits for {LEAST_SEEN}"
NO_SPREAD = "the seeds show no spread, so that more of them decide nothing"
TOO_UNLIKELY = "less than 1 in 10 chance by {n_max}"


@dataclass(frozen=True)
class Compared:
    """The comparisons of a claim over all looks so far.

    Args:
        looks: one sequence of `Seen` per look, the same comparisons in each, at least one look.
        n_steps: at how many steps early stopping could have made the comparison.
    """

    design: Design
    looks: Sequence[Sequence[Seen]]
    n_steps: int = 1

    def _past(self, place: int) -> list[Seen]:
        return [look[place] for look in self.looks]

    def _crossed(self, inside: bool) -> list[list[float]]:
        """The sequential p of each edge of each comparison, in one direction."""
        rule = self.design.rule
        return [
            [sequential_p(rule, self._past(i), j, inside) for j in range(len(seen.edges))]
            for i, seen in enumerate(self.looks[-1])
        ]

    @property
    def p_holds(self) -> float:
        """The sequential p of "the claim is false", at most 1."""
        worst = max(max(edges) for edges in self._crossed(True))
        return min(worst * self.n_steps, 1.0)

    @property
    def p_fails(self) -> float:
        """The sequential p of "the claim is true", at most 1."""
        least = min(min(edges) for edges in self._crossed(False))
        return min(least * len(self.looks[-1]) * self.n_steps, 1.0)

    @property
    def p(self) -> float:
        """The smaller one: at the edge it is at most alpha in at most alpha of all studies."""
        return min(self.p_holds, self.p_fails)

    def ending(self, factor: int) -> dict[str, Any]:
        """The claim's state at this look, with the comparison that decides or is in the way.

        factor: Holm's, by how much its sequential p counts more in its family.
        """
        state = OPEN
        if self.p * factor <= ALPHA:
            state = HOLDS if self.p_holds <= self.p_fails else FAILS
        place = self._shown(state)
        outwards = state == FAILS or (state == OPEN and not self.looks[-1][place].is_inside)
        all_made = factor * self.n_steps * (len(self.looks[-1]) if outwards else 1)
        told = self._told(place, ALPHA / all_made, state != OPEN)
        why = "" if state != OPEN else self._why(place, ALPHA / all_made)
        if state == OPEN and (reason := self._hopeless(factor)):
            state, why = GIVEN_UP, reason
        return {"state": state, **told, "sequential_p": self.p, "factor": all_made, "why": why}

    def _shown(self, state: str) -> int:
        """The least certain comparison of a claim that holds, the most certain one against it."""
        last = self.looks[-1]
        inwards, outwards = self._crossed(True), self._crossed(False)
        places = range(len(last))
        if state == HOLDS or (state == OPEN and all(seen.is_inside for seen in last)):
            return max(places, key=lambda i: (max(inwards[i]), last[i].nearest.p))
        out = [i for i in places if state == FAILS or not last[i].is_inside]
        return min(out, key=lambda i: (min(outwards[i]), last[i].nearest.p))

    def _told(self, place: int, alpha: float, is_decided: bool) -> dict[str, Any]:
        seen = self.looks[-1][place]
        edge = seen.nearest
        low, high = repeated_interval(self.design.rule, seen, alpha)
        if is_decided and any(low < one.edge < high for one in seen.edges):  # by earlier looks
            low, high = left_by_all(self.design.rule, self._past(place), alpha)
        return {
            "label": seen.label,
            "estimate": _known(seen.mean),
            "low": _known(low),
            "high": _known(high),
            "edge": _known(edge.edge),
            "t": _known(seen.t(edge.edge)),
            "boundary": _known(limit_of(self.design.rule, seen, alpha)),
            "p": _known(edge.p),
        }

    def _why(self, place: int, alpha: float) -> str:
        seen = self.looks[-1][place]
        if seen.n < 2:
            return "a spread needs two seeds"
        if seen.n_seen < LEAST_SEEN:
            return FEW.format(n=seen.n_seen)
        rule = self.design.rule
        plain = [level_of(rule, seen, edge.p) for edge in seen.edges]
        guarded = [level_of(rule, seen, edge.guarded) for edge in seen.edges]
        reached = max if seen.is_inside else min
        return OVERTURNED if reached(plain) <= alpha < reached(guarded) else CROSSES

    def _hopeless(self, factor: int) -> str:
        """Why more seeds are not worth their time, or ""."""
        last, n_max = self.looks[-1], self.design.n_max
        if all(math.isnan(seen.se) for seen in last) and last[0].n > 1:
            return NO_SPREAD
        if n_max is None or not FROM <= last[0].n < n_max:
            return ""
        chance = max(self._chance(factor, True), self._chance(factor, False))
        return TOO_UNLIKELY.format(n_max=n_max) if chance < LEAST else ""

    def _chance(self, factor: int, inside: bool) -> float:
        """About how likely the claim is to be decided in one direction by the last look."""
        last = self.looks[-1]
        alpha = ALPHA / (factor * self.n_steps * (1 if inside else len(last)))
        crossed = self._crossed(inside)
        chances = [
            1.0 if crossed[i][j] <= alpha else self._power(seen, edge, alpha, inside)
            for i, seen in enumerate(last)
            for j, edge in enumerate(seen.edges)
        ]
        return min(chances) if inside else max(chances)

    def _power(self, seen: Seen, edge: Edge, alpha: float, inside: bool) -> float:
        n_max = self.design.looks[-1]
        nominal = self.design.rule.nominal(n_max, alpha)
        critical = t_quantile(1 - nominal, seen.df * (n_max - 1) / (seen.n - 1))
        gap = abs(seen.mean - edge.edge) * (1 if edge.inside == inside else -1)
        power = conditional_power(gap, seen.seeds_se, seen.se, seen.n, n_max, critical)
        return 0.0 if math.isnan(power) else power


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
