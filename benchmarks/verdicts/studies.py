"""Planted studies: the true means of the arms, and the claims that are made about them.

The unit is the standard deviation of a seed, and the smallest difference that matters is 1. The
effect is the true difference in this unit: 0, at the edge (1), or twice the smallest (2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sweepbook.study.claim import Claim

FAR = 4.0  # an arm that decides nothing


@dataclass(frozen=True, kw_only=True)
class Planted:
    """One kind of verdict.

    Args:
        means: effect -> the true mean of each arm; the first is the arm of interest.
        fields: of the claims, beside the defaults. of: the places of each claim's arms; () of
            all. twice: each arm has a second metric beside it, with which it is compared.
        truth: whether the claim is true at effects 0 and 2; at the edge nobody can tell.
        edge: the effect at which the claim is neither true nor false.
        paired, chosen, one_run: as in the product; one_run draws the target as one more seed.
    """

    name: str
    means: Callable[[float], Sequence[float]]
    fields: dict[str, Any] = field(default_factory=dict)
    of: Sequence[Sequence[int]] = ((),)
    truth: dict[float, bool] = field(default_factory=lambda: {0.0: False, 2.0: True})
    edge: float = 1.0
    paired: bool = True
    chosen: bool = False
    one_run: bool = False
    twice: bool = False

    def claims(self) -> list[tuple[Claim, Sequence[int]]]:
        """The claims, each with the places of its arms."""
        n = len(self.means(0.0))
        made = []
        for i, own in enumerate(self.of):
            places = own or range(n)
            settings = [{"arm": place} for place in places]
            known = {"kind": "direction", "smallest": 1.0, "direction": "higher", **self.fields}
            if self.twice:
                known["against_metric"] = "val_other"
            claim = Claim(
                name=f"claim-{i}",
                statement="",
                metric="val_score",
                reason="the unit of the simulation",
                arms=settings,
                family="family" if len(self.of) > 1 else "",
                **known,
            )
            made.append((claim, places))
        return made


KINDS = (
    Planted(name="direction, paired", means=lambda e: (e, 0.0)),
    Planted(name="direction, not paired", means=lambda e: (e, 0.0), paired=False),
    Planted(
        name="direction, two metrics of three arms", means=lambda e: (e, FAR, FAR), twice=True
    ),
    Planted(name="threshold", means=lambda e: (e,), fields={"kind": "threshold", "target": 0.0}),
    Planted(
        name="threshold, a printed single run",
        means=lambda e: (e,),
        fields={"kind": "threshold", "target": 0.0, "smallest": 0.0, "single_run": True},
        one_run=True,
        edge=0.0,
        truth={2.0: True},
    ),
    Planted(
        name="equivalence",
        means=lambda e: (e, 0.0),
        fields={"kind": "equivalence", "target": 0.0},
        truth={0.0: True, 2.0: False},
    ),
    Planted(
        name="winner, one near rival of three",
        means=lambda e: (e, 0.0, -FAR, -FAR),
        fields={"kind": "winner"},
    ),
    Planted(
        name="winner, three near rivals",
        means=lambda e: (e, 0.0, 0.0, 0.0),
        fields={"kind": "winner"},
    ),
    Planted(
        name="ranking, one step of three at the edge",
        means=lambda e: (0.0, FAR, FAR + e, 2 * FAR + e),
        fields={"kind": "ranking"},
    ),
    Planted(
        name="ranking, every step at the edge",
        means=lambda e: (0.0, e, 2 * e, 3 * e),
        fields={"kind": "ranking"},
    ),
    Planted(
        name="a family of five directions",
        means=lambda e: (e, 0.0) * 5,
        of=[(2 * i, 2 * i + 1) for i in range(5)],
    ),
    Planted(
        name="the best of seven, two of which are ahead",
        means=lambda e: (e, 0.0, -FAR, -FAR, -FAR, -FAR, -FAR),
        fields={"kind": "winner", "smallest": 0.0},
        chosen=True,
        edge=0.0,
        truth={2.0: True},
    ),
    Planted(
        name="the best of seven, chosen by its value",
        means=lambda e: (e, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        fields={"kind": "winner", "smallest": 0.0},
        chosen=True,
        edge=0.0,
        truth={2.0: True},
    ),
)
