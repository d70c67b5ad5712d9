"""What is fixed before the first further seed: looks, boundaries, claims and their families."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sweepbook.findings.deciding.of_record import outcome
from sweepbook.findings.deciding.other_trials import OtherTrials
from sweepbook.findings.deciding.verdicts import ALPHA
from sweepbook.findings.question import Question
from sweepbook.findings.sequential.at_look import at_look
from sweepbook.record.load import Record
from sweepbook.record.registration import claim_hashes
from sweepbook.stats import eprocess, sequential
from sweepbook.stats.eprocess import Unlimited
from sweepbook.stats.sequential import Spending, check_looks, spending_of
from sweepbook.study.claim import Claim
from sweepbook.study.read import built

COUNTED = ("mixture", "gradients")
Rule = Spending | Unlimited
LEAST_N = 2  # replicates that show a spread: a first look at one decides nothing


@dataclass(frozen=True, kw_only=True)
class Design:
    """How a sequential study decides, as its manifest keeps it.

    Args:
        looks: numbers of replicates, increasing; the last one is n_max. Without a maximum, the
            last gap repeats itself (`n_at`).
        alpha: chance that a family of claims has any wrong verdict, over all looks.
        spending: the rule in words; "e-process" without a maximum.
        claims_sha256: of the claims as declared.
        frozen: plain values as at look 1. "claims": name -> `chosen` (its arms were ordered by
            their values), `n_comparisons`, `edges`, `paired`, `problem` (why it was not available
            then, or ""), and `claim` where the study does not declare it; "families": name ->
            names of its claims; "boundaries": those of `Spending`, where there is a maximum.
    """

    looks: tuple[int, ...]
    alpha: float
    spending: str
    claims_sha256: str
    frozen: Mapping[str, Any]

    @property
    def unlimited(self) -> bool:
        """Whether there is no last look."""
        return self.spending == eprocess.RULE

    @property
    def n_max(self) -> int | None:
        """Replicates of the last look; None without a maximum."""
        return None if self.unlimited else self.looks[-1]

    def n_at(self, look: int) -> int | None:
        """Replicates of a look, counted from 1; None where there is no such look."""
        if look <= len(self.looks):
            return self.looks[look - 1]
        if not self.unlimited:
            return None
        before = self.looks[-2] if len(self.looks) > 1 else 0
        return self.looks[-1] + (look - len(self.looks)) * (self.looks[-1] - before)

    @cached_property
    def rule(self) -> Rule:
        """The boundaries; raises ValueError where the design lacks them."""
        if self.unlimited:
            return Unlimited()
        return Spending.from_json(self.frozen.get("boundaries") or {})

    def family_of(self, name: str) -> tuple[str, ...]:
        """The claims that are decided together with this one, itself included."""
        families = self.frozen.get("families") or {}
        return next((tuple(names) for names in families.values() if name in names), (name,))

    def as_json(self) -> dict[str, Any]:
        """The design as plain values."""
        return {**dataclasses.asdict(self), "looks": list(self.looks)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Design:
        """The design of `as_json`; raises ValueError where a value is missing."""
        return built(cls, {**content, "looks": tuple(content.get("looks") or ())})


def design_of(
    record: Record,
    claims: Sequence[Claim | Question],
    *,
    looks: Sequence[int],
    unlimited: bool = False,
) -> Design:
    """The design of a study that has looked once, at the first of its looks.

    Args:
        claims: of the study, or questions of our own, such as `general_questions` makes.
        looks: numbers of replicates; the first is what the record has of each compared trial.
        unlimited: no maximum: the t e-process decides.

    Raises:
        ValueError: looks that do not rise, no claim, or two of the same name.
    """
    rising = _checked_looks(looks)
    questions = [one if isinstance(one, Question) else Question(claim=one) for one in claims]
    names = [question.claim.name for question in questions]
    if not names or len(set(names)) != len(names):
        raise ValueError(f"claims must be at least one, each with its own name, got {names}")
    first = at_look(record, rising[0])
    frozen: dict[str, Any] = {"claims": _frozen_claims(first, questions)}
    frozen["families"] = _families(questions, frozen["claims"])
    if not unlimited:
        frozen["boundaries"] = spending_of(_deciding(rising)).as_json()
    return Design(
        looks=rising,
        alpha=ALPHA,
        spending=eprocess.RULE if unlimited else sequential.RULE,
        claims_sha256=_sha256(question.claim for question in questions),
        frozen=frozen,
    )


def questions_of(record: Record, design: Design) -> list[Question]:
    """The claims of a design, in their order, each as it was frozen.

    Raises:
        ValueError: the record declares other claims than those that the design was made of.
    """
    declared = {claim.name: claim for claim in record.manifest.study.claims}
    found = []
    for name, frozen in design.frozen["claims"].items():
        claim = built(Claim, frozen["claim"]) if "claim" in frozen else declared.get(name)
        if claim is None:
            raise ValueError(f"claim {name} of the design is not declared by the record")
        found.append(Question(claim=claim, said=frozen["said"], chosen=frozen["chosen"]))
    if _sha256(question.claim for question in found) != design.claims_sha256:
        raise ValueError("the record's claims are not those that the looks were planned for")
    return found


def _checked_looks(looks: Sequence[int]) -> tuple[int, ...]:
    given = tuple(looks)
    if given[:1] == (1,) and len(given) > 1:
        return (1, *check_looks(given[1:]))
    return check_looks(given)


def _deciding(looks: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for n in looks if n >= LEAST_N)


def _frozen_claims(record: Record, questions: Sequence[Question]) -> dict[str, Any]:
    trials = OtherTrials(record)
    declared = record.manifest.study.claims
    frozen = {}
    for question in questions:
        claim = question.claim
        known: dict[str, Any] = {"chosen": question.chosen, "said": question.said}
        if claim not in declared:
            known["claim"] = json.loads(json.dumps(dataclasses.asdict(claim)))
        if claim.kind not in COUNTED:
            result = outcome(record, claim, chosen=question.chosen, trials=trials)
            known |= {
                "problem": result.problem,
                "n_comparisons": len(result.tests),
                "edges": [sorted({*test.band}) for test in result.tests][:1],
                "paired": result.paired,
            }
            known["edges"] = [edge for edge in sum(known["edges"], []) if abs(edge) < 1e300]
        frozen[claim.name] = known
    return frozen


def _families(
    questions: Sequence[Question], frozen: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[str]]:
    """What shares a claim's `family`, or one claim; without those that are not available."""
    families: dict[str, list[str]] = defaultdict(list)
    for question in questions:
        claim = question.claim
        if not frozen[claim.name].get("problem"):
            alone = not claim.family or claim.kind in COUNTED
            families[f"claim {claim.name}" if alone else claim.family].append(claim.name)
    return dict(families)


def _sha256(claims: Any) -> str:
    hashes = json.dumps(claim_hashes(claims), sort_keys=True)
    return hashlib.sha256(hashes.encode()).hexdigest()
