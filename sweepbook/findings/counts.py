"""Claims that are decided by counting replicates or by the class of gradients, not by means."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from sweepbook.aggregates.gradients import classify, gradient_table, slopes
from sweepbook.findings.arms import find_trial
from sweepbook.findings.declared import Declared
from sweepbook.findings.sentences import gradient_sentence, mixture_sentence
from sweepbook.findings.values import arm_label, arm_values
from sweepbook.findings.verdicts import FAILS, HOLDS, MISSING, OPEN
from sweepbook.record.load import Record
from sweepbook.stats.intervals import mixture


class Counted(NamedTuple):
    """Verdict, sentence (with its ending), and the columns of the row that differ from null."""

    verdict: str
    sentence: str
    row: dict[str, Any]
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


def count_at_chance(record: Record, claim: Declared) -> Counted:
    """Decides a "mixture" claim: does no replicate get above chance by the smallest difference?

    A diverged replicate has not learned. One replicate decides nothing.
    """
    arm = arm_values(record, claim, 0)
    chance = chance_level(record)
    problem = arm.problem or ("" if chance == chance else "the largest class's share is unknown")
    if problem:
        text = f"Replicates of {arm_label(claim, 0)} at chance: {MISSING}: {problem}."
        return Counted(MISSING, text, {"note": problem})
    threshold = chance + claim.smallest
    found = mixture(arm.values.to_numpy(), threshold)
    verdict = OPEN
    if found.n > 1 and found.k in (0, found.n):
        verdict = HOLDS if found.k else FAILS
    ending = f"{verdict} at 1 seed" if found.n < 2 else verdict
    if found.mixed:
        ending += ": a mixture, which no mean describes"
    diverged = int(arm.values.isna().sum())
    if diverged:
        ending += f" ({diverged} diverged)"
    text = mixture_sentence(arm.label, claim.metric, found.k, found.n, threshold, arm.steps)
    row = {
        "estimate": found.k / found.n,
        "low": found.low,
        "high": found.high,
        "unit": "share",
        "n": found.n,
        "target": threshold,
        "arm": arm.label,
        "arm_value": float(arm.values.mean(skipna=False)),
        "steps": arm.steps,
        "found": f"{found.k} of {found.n}",
        "trial_ids": arm.trial_id,
    }
    return Counted(verdict, f"{text}: {ending}.", row, found.mixed or diverged > 0)


def class_of_gradients(record: Record, claim: Declared) -> Counted:
    """Decides a "gradients" claim: is the class, by the rule of gradients.py, the expected one?"""
    label = arm_label(claim, 0)
    trial, problem = find_trial(record, claim.arms[0])
    table = gradient_table(record)
    if trial is not None:
        table = table[table["trial_id"] == trial["trial_id"]]
        problem = "" if len(table) else "no gradients were tracked"
    if problem or trial is None:
        text = f"Gradients of {label}: {MISSING}: {problem}."
        return Counted(MISSING, text, {"note": problem})
    last = table["step"].max()
    step = min(claim.fidelity, last) if isinstance(claim.fidelity, int) else last
    found = classify(slopes(table[table["step"] == step]), claim.smallest)
    verdict = HOLDS if found["class"] == claim.expected else FAILS
    if found["class"] in (OPEN, MISSING):
        verdict = str(found["class"])
    steps = f"{record.unit} {int(step)}"
    if found["class"] == MISSING:
        why = "not every magnitude is finite"
        text = f"Gradients of {label} ({steps}): {MISSING}: {why}."
        return Counted(MISSING, text, {"note": why, "trial_ids": trial["trial_id"]})
    text = f"{gradient_sentence(label, steps, found)}; claimed {claim.expected}: {verdict}."
    row = {
        "estimate": found["slope"],
        "low": found["low"],
        "high": found["high"],
        "unit": "log10 per layer",
        "n": found["n"],
        "arm": label,
        "arm_value": found["zero_share"],
        "steps": steps,
        "found": found["class"],
        "note": f"{found['n_vanished']} of {found['n']} replicates with over a tenth at zero",
        "trial_ids": trial["trial_id"],
    }
    return Counted(verdict, text, row)
