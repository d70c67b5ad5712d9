"""Claims that are decided by counting replicates or by the class of gradients, not by means."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from sweepbook.aggregates.gradients import classify
from sweepbook.aggregates.labels import count
from sweepbook.findings.arms import find_trial
from sweepbook.findings.comparable.steps import needed_step
from sweepbook.findings.deciding.other_trials import OtherTrials
from sweepbook.findings.deciding.verdicts import ALPHA
from sweepbook.findings.finding import (
    FAILS,
    HOLDS,
    MISSING,
    MIXED,
    OPEN,
    Finding,
)
from sweepbook.findings.values import arm_label, arm_values
from sweepbook.findings.wording.counted import gradient_sentences, mixture_sentences
from sweepbook.findings.wording.ending import OVERTURNED, told_verdict
from sweepbook.record.load import Record
from sweepbook.stats.shares import MOST, Share, at_chance
from sweepbook.study.claim import Claim

_TOO_FEW = "these are too few to say what 80 % of all seeds do"


class Counted(NamedTuple):
    """The finding without its text; whether its replicates disagree; the text's sentences."""

    finding: Finding
    mixed: bool
    told: list[str]


def count_at_chance(record: Record, claim: Claim, asked: Finding, trials: OtherTrials) -> Counted:
    """Decides a "mixture" claim: do at least 80 % of the seeds stay at chance (or learn)?

    A seed is at chance where it does not get above the largest class's share by the smallest
    difference; a diverged one is. See `counted_verdict` for the rule.
    """
    arm = arm_values(record, claim, 0)
    chance = trials.chance
    diverged = _n_diverged(record, arm.trial_id)
    problem = arm.problem or ("" if chance == chance else "the largest class's share is unknown")
    if not problem and int(arm.values.isna().sum()) > diverged:
        problem = f"{claim.metric} was not evaluated at all of these steps"
    if problem:
        return _missing(asked, problem)
    threshold = chance + claim.smallest
    share = at_chance(arm.values.to_numpy(), threshold)
    verdict = counted_verdict(share, learns=claim.expected == "learns")
    told = mixture_sentences(arm.label, claim.metric, share, threshold, arm.steps)
    finding = replace(
        asked,
        verdict=verdict,
        why=_TOO_FEW if verdict == OPEN else "",
        estimate=share.k / share.n,
        low=share.low,
        high=share.high,
        level=1 - ALPHA,
        unit="share",
        n=share.n,
        target=threshold,
        arm=arm.label,
        arm_value=float(arm.values.mean(skipna=False)),
        steps=arm.steps,
        found=f"{share.k} of {share.n}",
        trial_ids=arm.trial_id,
    )
    told += _ending(claim, verdict, share, diverged)
    return Counted(finding, share.is_mixed or diverged > 0, told)


def _missing(asked: Finding, problem: str) -> Counted:
    return Counted(replace(asked, note=problem), False, [f"{MISSING}: {problem}"])


def _n_diverged(record: Record, trial_id: str) -> int:
    trials = record.trials
    if "n_diverged" not in trials:
        return 0
    counts = trials.loc[trials["trial_id"] == trial_id, "n_diverged"].fillna(0)
    return int(counts.sum())


def counted_verdict(share: Share, learns: bool = False) -> str:
    """The verdict of a claim that at least 80 % of the seeds fail, or that they learn.

    By the exact interval of the share that fails, each end of which errs in at most 2.5 %: 17 of
    17 decide that at least 80 % do. Where it is open and some seeds fail and some learn, this
    alone is certain: the verdict is "mixed".
    """
    low, high = (1 - share.high, 1 - share.low) if learns else (share.low, share.high)
    if low >= MOST:
        return HOLDS
    if high < MOST:
        return FAILS
    return MIXED if share.is_mixed else OPEN


def _ending(claim: Claim, verdict: str, share: Share, diverged: int) -> list[str]:
    what = "get above chance" if claim.expected == "learns" else "stay at chance"
    told = [f"{diverged} of them diverged"] if diverged else []
    if share.is_mixed:
        told.append("some seeds learn and some do not, which no mean describes")
    told.append(f"claimed: at least 80 % of the seeds {what}")
    if verdict == OPEN:
        return [*told, f"{OPEN} at {count(share.n, 'seed')}: {_TOO_FEW}"]
    return [*told, told_verdict(verdict)]


def class_of_gradients(
    record: Record,
    claim: Claim,
    asked: Finding,
    trials: OtherTrials,
    level: float = 1 - ALPHA,
) -> Counted:
    """Decides a "gradients" claim: is the class, by the rule of gradients.py, the expected one?

    level: of the intervals of the slope and of the share of gradients that are zero.
    """
    label = arm_label(claim, 0)
    trial, problem = find_trial(record, claim.arms[0], reached=needed_step(claim))
    every = trials.slopes
    own = every.head(0)
    if trial is not None:
        own = every[every["trial_id"] == trial["trial_id"]]
        problem = "" if len(own) else "no gradients were tracked"
    if problem or trial is None:
        return _missing(asked, problem)
    last = own["step"].max()
    step = min(claim.fidelity, last) if isinstance(claim.fidelity, int) else last
    rest = every[(every["step"] == step) & (every["trial_id"] != trial["trial_id"])]
    others = [some["slope"].to_numpy("float64") for _, some in rest.groupby("trial_id")]
    fits = own[own["step"] == step]
    found = classify(fits, claim.smallest, others, level)
    steps = f"{record.unit} {int(step)}"
    asked = replace(asked, trial_ids=str(trial["trial_id"]))
    if found["class"] == MISSING:
        why = "not every magnitude is finite" if len(fits) else "that step was not tracked"
        return _missing(asked, why)
    overturned = found["class"] == OPEN and (
        classify(fits, claim.smallest, level=level)["class"] != OPEN
    )
    verdict = HOLDS if found["class"] == claim.expected else FAILS
    if found["class"] == OPEN:
        verdict = OPEN
    told = [*gradient_sentences(label, steps, found), f"claimed: {claim.expected}"]
    why = f"{OPEN} at {count(int(found['n']), 'seed')}{f': {OVERTURNED}' if overturned else ''}"
    told.append(why if verdict == OPEN else told_verdict(verdict))
    finding = replace(
        asked,
        verdict=verdict,
        why=OVERTURNED if overturned else "",
        estimate=float(found["slope"]),
        low=float(found["low"]),
        high=float(found["high"]),
        level=level,
        overturned=overturned,
        unit="log10 per layer",
        n=int(found["n"]),
        arm=label,
        arm_value=float(found["zero_share"]),
        steps=steps,
        found=str(found["class"]),
        note=f"{found['n_vanished']} of {found['n']} replicates with over a tenth at zero",
    )
    return Counted(finding, False, told)
