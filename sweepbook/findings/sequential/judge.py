"""The judgement of one look: which claims are decided, given up or open, and what they need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sweepbook.aggregates.kept import lookup
from sweepbook.findings.deciding.of_record import outcome
from sweepbook.findings.deciding.other_trials import OtherTrials
from sweepbook.findings.deciding.outcomes import Outcome
from sweepbook.findings.deciding.verdicts import ALPHA
from sweepbook.findings.finding import FAILS
from sweepbook.findings.question import Question
from sweepbook.findings.sequential.at_look import at_look
from sweepbook.findings.sequential.compared import MISSING, OPEN, Compared
from sweepbook.findings.sequential.counted import counted_ending, says_above
from sweepbook.findings.sequential.design import COUNTED, Design, questions_of
from sweepbook.findings.sequential.seen import Seen, seen_in, seen_of
from sweepbook.record.load import Record
from sweepbook.stats.multiple import holm_factors
from sweepbook.study.claim import Claim

_OTHER_TESTS = "it makes other comparisons than at the first look"
_NEVER = "some seeds never reach the level"


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What one look decided.

    Args:
        look: from 1. n: replicates at this look.
        endings: claim -> plain values: state ("holds", "does not hold", "given up", "open" or "not
            available"), look and n (at which it ended, or of this look), estimate, low, high (the
            repeated interval) on the tested scale, t and boundary (|t| that decides) of the shown
            comparison (label, edge), sequential_p, factor (Holm's and Bonferroni's), why, and
            comparisons (what the look saw, for the next ones).
        wanted: trials whose further replicates the open claims need; empty after the last look.
    """

    look: int
    n: int
    endings: Mapping[str, Mapping[str, Any]]
    wanted: frozenset[str]


def judge(record: Record, design: Design, past: Sequence[Judged]) -> Judged:
    """Judges the next look after those of `past`, on the replicates 0..n-1 of each trial.

    What has ended in `past` stays as it ended. Pure, nothing random.

    Raises:
        ValueError: there is no further look, the record declares other claims than the design
            was made of, or a value of `past` is missing.
    """
    look = len(past) + 1
    n = design.n_at(look)
    if n is None:
        raise ValueError(f"look must be at most {len(design.looks)}, got {look}")
    record = at_look(record, n)
    questions = questions_of(record, design)
    done = _final(past[-1].endings if past else {})
    trials = OtherTrials(record)
    endings: dict[str, dict[str, Any]] = {}
    open_means: dict[str, Compared] = {}
    for question in questions:
        name, at = question.claim.name, {"look": look, "n": n}
        before = [one.endings[name] for one in past]
        if name in done:
            endings[name] = done[name]
        elif problem := design.frozen["claims"][name].get("problem"):
            endings[name] = at | {"state": MISSING, "why": problem}
        elif question.claim.kind in COUNTED:
            found = counted_ending(record, question.claim, design, before, n, trials)
            endings[name] = at | found
        else:
            result = outcome(record, question.claim, chosen=question.chosen, trials=trials)
            looks = _looks(result, before, n)
            endings[name] = at | _without_tests(design, question, result, before, bool(looks))
            if looks:
                open_means[name] = Compared(design, looks, result.looks)
    _decide_families(design, done, open_means, endings)
    wanted = _wanted(record, design, questions, endings, look)
    return Judged(look=look, n=n, endings=endings, wanted=wanted)


def _final(endings: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What has ended, without what a look saw, which the endings of its own look keep."""
    return {
        name: {key: value for key, value in ending.items() if key != "comparisons"}
        for name, ending in endings.items()
        if ending["state"] != OPEN
    }


def _looks(result: Outcome, before: Sequence[Mapping[str, Any]], n: int) -> list[list[Seen]]:
    """What all looks so far saw of a claim's comparisons; [] where there is nothing to compare."""
    if result.problem or result.verdict or not result.tests:
        return []
    kept = [[seen_in(one) for one in ending.get("comparisons") or ()] for ending in before]
    n_seen = result.n_seeds + n * min(len(result.arms), 2)
    return [*(look for look in kept if look), [seen_of(test, n, n_seen) for test in result.tests]]


def _without_tests(
    design: Design,
    question: Question,
    result: Outcome,
    before: Sequence[Mapping[str, Any]],
    has_tests: bool,
) -> dict[str, Any]:
    """The ending as far as it does not come from comparisons of means."""
    name = question.claim.name
    ids = _trials_of(result)
    if result.problem:
        return {"state": MISSING, "why": result.problem, "trial_ids": ids}
    frozen = int(design.frozen["claims"][name].get("n_comparisons", 0))
    if has_tests and frozen and frozen != len(result.tests):
        return {"state": MISSING, "why": _OTHER_TESTS, "trial_ids": ids}
    state, why, k = OPEN, "", 0
    if not has_tests:  # replicates that never reach a level
        arm = result.arms[0]
        k, own = arm.n_missing, len(arm.values)
        ks = [*(int(one.get("k", 0)) for one in before), k]
        ns = [*(int(one["n"]) for one in before), own]
        tail = ALPHA / 2 / len(design.family_of(name))
        most = says_above(design, ks, ns, 0.5, tail)
        state, why = (FAILS, "") if most and result.verdict == FAILS else (OPEN, _NEVER)
    return {"state": state, "why": why, "k": k, "trial_ids": ids}


def _decide_families(
    design: Design,
    done: Mapping[str, Mapping[str, Any]],
    compared: Mapping[str, Compared],
    endings: dict[str, dict[str, Any]],
) -> None:
    """Adds to the endings what the comparisons of means come to, family by family."""
    for names in (design.frozen.get("families") or {}).values():
        p = [
            compared[name].p
            if name in compared
            else float(done.get(name, {}).get("sequential_p") or 1.0)
            for name in names
        ]
        factors = holm_factors(p, ALPHA).tolist()
        for name, factor in zip(names, factors, strict=True):
            if name in compared and endings[name]["state"] == OPEN:
                found = compared[name].ending(int(factor))
                saw = [seen.as_json() for seen in compared[name].looks[-1]]
                endings[name] |= {**found, "comparisons": saw, "family_size": len(names)}


def _wanted(
    record: Record,
    design: Design,
    questions: Iterable[Question],
    endings: Mapping[str, Mapping[str, Any]],
    look: int,
) -> frozenset[str]:
    """The trials of open claims, all from which validation may choose included."""
    if design.n_at(look + 1) is None:
        return frozenset()
    still = [one.claim for one in questions if endings[one.claim.name]["state"] == OPEN]
    own = [str(endings[claim.name].get("trial_ids") or "").split() for claim in still]
    chosen = [_choice_of(record, claim) for claim in still]
    return frozenset(name for ids in [*own, *chosen] for name in ids)


def _choice_of(record: Record, claim: Claim) -> list[str]:
    if not claim.best_by:
        return []
    rows = [row for arm in claim.arms for row in lookup(record).trials(arm)]
    return [str(row["trial_id"]) for row in rows if row["status"] == "finished"]


def _trials_of(result: Outcome) -> str:
    """The trials of a claim that another seed would change."""
    ids = [name for arm in result.arms if not arm.same_for_all for name in arm.trial_id.split()]
    return " ".join(dict.fromkeys(ids))
