"""In which unit the numbers of a claim are told."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sweepbook.aggregates.labels import is_share
from sweepbook.aggregates.shares import holds_shares
from sweepbook.findings.amounts import amount, behind, level
from sweepbook.findings.arm import Arm
from sweepbook.findings.comparable.notes import split_note
from sweepbook.findings.question import Question
from sweepbook.record.load import Record
from sweepbook.stats.intervals import t_interval
from sweepbook.study.claim import Claim


def unit_of(claim: Claim, step: str = "epoch", of_share: bool = True) -> str:
    """Unit of a claim's estimate: "points", "percent", "epochs", "s" or "" (nats, norms).

    of_share: False where a metric that is called an accuracy is recorded in percent.
    """
    if claim.kind == "mixture":
        return "share"
    if claim.relative:
        return "percent"
    if claim.quantity == "steps_to":
        return f"{step}s"
    if is_share(claim.metric):
        return "points" if of_share else ""
    return "s" if claim.metric.endswith("_s") else ""


def in_unit(claim: Claim, value: float, of_share: bool = True) -> float:
    """A number of the tested scale in the unit of `unit_of`: percent from logs, points from 0..1.

    >>> claim = Claim(name="a", statement="", kind="threshold", metric="val_acc", target=0.9,
    ...               smallest=0, reason="any", arms=({},))
    >>> round(in_unit(claim, 0.025), 6)
    2.5
    """
    if claim.relative:
        return 100 * math.expm1(min(value, 700.0))
    return 100 * value if unit_of(claim, of_share=of_share) == "points" else value


def arm_mean(arm: Arm) -> float:
    """Mean over the replicates; NaN where one is missing."""
    return float(t_interval(arm.values.to_numpy()).mean) if len(arm.values) else math.nan


@dataclass(frozen=True)
class Terms:
    """What the sentences about one claim have in common.

    claim: what is decided. step: the fidelity's unit. of_share: as in `unit_of`. own: whether the
    question is our own, which nobody has claimed. split: "for this split", or "".
    """

    claim: Claim
    step: str = "epoch"
    of_share: bool = True
    own: bool = False
    split: str = ""

    @property
    def unit(self) -> str:
        """Unit of the estimate."""
        return unit_of(self.claim, self.step, self.of_share)

    def mean(self, arm: Arm) -> str:
        """An arm's mean as text."""
        of_share = self.of_share and is_share(self.claim.metric)
        return level(arm_mean(arm), of_share and self.claim.quantity == "value")

    def number(self, value: float, signed: bool) -> str:
        """A number of the tested scale, without its unit."""
        return amount(in_unit(self.claim, value, self.of_share), self.unit, "+" * signed)

    def behind(self, is_level: bool = False, shown: str = "") -> str:
        """What follows a number: levels of a share are in percent, differences in points."""
        name = "%" if self.unit == "points" and is_level else self.unit
        return behind(name, shown)


def terms_of(record: Record, question: Question) -> Terms:
    """What the sentences about a question put to a record have in common."""
    claim = question.claim
    of_share, split = holds_shares(record, claim.metric), split_note(record, claim)
    return Terms(claim, record.unit, of_share, own=bool(question.said), split=split)
