"""Claims that are decided by counting replicates or by the class of gradients, not by means."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

from sweepbook.aggregates.gradients import classify, gradient_table, slopes
from sweepbook.findings.arms import find_trial
from sweepbook.findings.comparable.steps import needed_step
from sweepbook.findings.finding import (
    FAILS,
    HOLDS,
    MISSING,
    OPEN,
    Finding,
)
from sweepbook.findings.sentences import gradient_sentence, mixture_sentence
from sweepbook.findings.values import arm_label, arm_values
from sweepbook.record.load import Record
from sweepbook.stats.intervals import mixture
from sweepbook.study.claim import Claim


class Counted(NamedTuple):
    """The finding, whose sentence lacks what is decided; whether its replicates disagree."""

    finding: Finding
    mixed: bool = False


def chance_level(record: Record) -> float:
    """Share of the largest class: of the training rows by the data card, else of the predictions'
    labels; NaN where neither is recorded. A property of the data, never tuned on results.
    """
    card = record.manifest.data.card
    share = (card.get("largest_class") or {}).get("share")
    if share is not None:
        return float(share)
    shares = (card.get("class_shares") or {}).get("train") or {}
    if shares:
        return float(max(shares.values()))
    labels = record.predictions()["label"]
    return float(labels.value_counts(normalize=True).max()) if len(labels) else math.nan


def count_at_chance(record: Record, claim: Claim, asked: Finding) -> Counted:
    """Decides a "mixture" claim: does no replicate get above chance by the smallest difference?

    A diverged replicate has not learned. One replicate decides nothing.
    """
    arm = arm_values(record, claim, 0)
    chance = chance_level(record)
    problem = arm.problem or ("" if chance == chance else "the largest class's share is unknown")
    if problem:
        text = f"Replicates of {arm_label(claim, 0)} at chance: {MISSING}: {problem}."
        return Counted(replace(asked, sentence=text, note=problem))
    threshold = chance + claim.smallest
    found = mixture(arm.values.to_numpy(), threshold)
    diverged = int(arm.values.isna().sum())
    verdict = OPEN
    if found.n > 1 and found.k in (0, found.n):
        verdict = HOLDS if found.k else FAILS
    text = mixture_sentence(arm.label, claim.metric, found.k, found.n, threshold, arm.steps)
    finding = replace(
        asked,
        verdict=verdict,
        sentence=f"{text}: {_ending(verdict, found.n, found.mixed, diverged)}.",
        estimate=found.k / found.n,
        low=found.low,
        high=found.high,
        unit="share",
        n=found.n,
        target=threshold,
        arm=arm.label,
        arm_value=float(arm.values.mean(skipna=False)),
        steps=arm.steps,
        found=f"{found.k} of {found.n}",
        trial_ids=arm.trial_id,
    )
    return Counted(finding, found.mixed or diverged > 0)


def _ending(verdict: str, n: int, mixed: bool, diverged: int) -> str:
    ending = f"{verdict} at 1 seed" if n < 2 else verdict
    if mixed:
        ending += ": a mixture, which no mean describes"
    return f"{ending} ({diverged} diverged)" if diverged else ending


def class_of_gradients(record: Record, claim: Claim, asked: Finding) -> Counted:
    """Decides a "gradients" claim: is the class, by the rule of gradients.py, the expected one?"""
    label = arm_label(claim, 0)
    trial, problem = find_trial(record, claim.arms[0], reached=needed_step(claim))
    table = gradient_table(record)
    if trial is not None:
        table = table[table["trial_id"] == trial["trial_id"]]
        problem = "" if len(table) else "no gradients were tracked"
    if problem or trial is None:
        text = f"Gradients of {label}: {MISSING}: {problem}."
        return Counted(replace(asked, sentence=text, note=problem))
    last = table["step"].max()
    step = min(claim.fidelity, last) if isinstance(claim.fidelity, int) else last
    found = classify(slopes(table[table["step"] == step]), claim.smallest)
    steps = f"{record.unit} {int(step)}"
    asked = replace(asked, trial_ids=str(trial["trial_id"]))
    if found["class"] == MISSING:
        why = "not every magnitude is finite"
        text = f"Gradients of {label} ({steps}): {MISSING}: {why}."
        return Counted(replace(asked, sentence=text, note=why))
    verdict = HOLDS if found["class"] == claim.expected else FAILS
    if found["class"] == OPEN:
        verdict = OPEN
    text = f"{gradient_sentence(label, steps, found)}; claimed {claim.expected}: {verdict}."
    finding = replace(
        asked,
        verdict=verdict,
        sentence=text,
        estimate=float(found["slope"]),
        low=float(found["low"]),
        high=float(found["high"]),
        unit="log10 per layer",
        n=int(found["n"]),
        arm=label,
        arm_value=float(found["zero_share"]),
        steps=steps,
        found=str(found["class"]),
        note=f"{found['n_vanished']} of {found['n']} replicates with over a tenth at zero",
    )
    return Counted(finding)
