"""One comparison, looked at again and again: by the rule of `decide`, naively, or once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sweepbook.findings.arm import Arm
from sweepbook.findings.deciding.comparisons import comparisons
from sweepbook.findings.deciding.outcomes import Comparison
from sweepbook.findings.deciding.verdicts import ALPHA
from sweepbook.findings.finding import FAILS, HOLDS
from sweepbook.findings.sequential.compared import OPEN, Compared
from sweepbook.findings.sequential.design import Design
from sweepbook.findings.sequential.seen import Seen, seen_of
from sweepbook.stats import eprocess, sequential
from sweepbook.stats.sequential import spending_of
from sweepbook.stats.unusual import unusual_seeds
from sweepbook.study.claim import Claim

LOOKS = (5, 10, 15, 20, 30, 40, 60)
CLAIM = Claim(
    name="c",
    statement="",
    kind="threshold",
    metric="val_score",
    target=0.0,
    smallest=0.0,
    reason="the unit of the simulation",
    arms=({"arm": 0},),
)
RULES = (
    "once, at 5 seeds",
    "once, at 60 seeds",
    "at every look, t test alone",
    "decide",
    "decide, no maximum, 60 seeds",
)


def design_for(unlimited: bool = False) -> Design:
    """The looks of the command's default, for one claim."""
    frozen = {"claims": {"c": {}}, "families": {"c": ["c"]}}
    boundaries = {} if unlimited else {"boundaries": spending_of(LOOKS).as_json()}
    return Design(
        looks=LOOKS,
        alpha=ALPHA,
        spending=eprocess.RULE if unlimited else sequential.RULE,
        claims_sha256="",
        frozen=frozen | boundaries,
    )


def ended(
    rule: str, values: np.ndarray, others: np.ndarray, designs: list[Design]
) -> tuple[str, int]:
    """The verdict of one path by a rule, and the number of seeds at which it ended.

    values: (60,) from the edge. others: (n_others, 60), of the study's other trials.
    """
    if rule.startswith("once"):
        n = 5 if "5 seeds" in rule else 60
        test = _test(values[:n], others[:, :n])
        return (_side(test) if test.guarded_p <= ALPHA else OPEN), n
    if rule.startswith("at every look"):
        for n in LOOKS:
            test = _test(values[:n], others[:0])
            if test.p <= ALPHA:
                return _side(test), n
        return OPEN, LOOKS[-1]
    design, looks = designs["no maximum" in rule], list[list[Seen]]()
    for n in LOOKS:
        n_seen = unusual_seeds([values[:n]], list(others[:, :n])).n
        looks.append([seen_of(_test(values[:n], others[:, :n]), n, n_seen)])
        state = Compared(design, looks).ending(1)["state"]
        if state != OPEN:
            return state, n
    return OPEN, LOOKS[-1]


def _test(values: np.ndarray, others: np.ndarray) -> Comparison:
    arm = Arm("arm 0", "t0", pd.Series(values))
    unusual = unusual_seeds([values], list(others))
    return comparisons(CLAIM, [arm], unusual=unusual)[0]


def _side(test: Comparison) -> str:
    return HOLDS if test.inside else FAILS
