"""Findings: every declared claim of a record, and what any record is asked, as computed sentences.

The rules of the verdicts are stated in claims_verdicts, those of gradients in gradients. The
questions of our own (claims_general) are: which config is best and worst, the leak (test points
whose coordinates occur in train), the gap between training and validation accuracy, training
accuracy in train and in evaluation mode, replicates that stay at chance, and the gradients of
every trial that tracked them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.aggregates.search import search_of
from sweepbook.findings.confirmed import confirmation_findings, is_confirmation, published_claims
from sweepbook.findings.counts import class_of_gradients, count_at_chance
from sweepbook.findings.declared import Declared, read_claims
from sweepbook.findings.outcomes import Outcome
from sweepbook.findings.questions import general_claims
from sweepbook.findings.search_checks import search_findings
from sweepbook.findings.sentences import in_unit, sentence, unit_of
from sweepbook.findings.values import Arm
from sweepbook.findings.verdicts import (
    OPEN,
    arm_mean,
    detectable,
    outcome,
    replicates_needed,
    verdict,
)
from sweepbook.record.load import Record
from sweepbook.stats.intervals import holm

COLUMNS = (
    *("name", "study", "statement", "claim", "reading", "sentence", "verdict", "kind", "metric"),
    *("estimate", "low", "high", "unit", "n", "sd", "p", "p_holm", "family_size", "needed_n"),
    *("detectable", "smallest", "direction", "target", "arm", "against", "arm_value"),
    *(
        "against_value",
        "steps",
        "best",
        "best_value",
        "rival",
        "rival_value",
        "corrected",
        "advantage",
        "found",
    ),
    *("reason", "note", "trial_ids", "seed", "data"),
)


def evaluate(record: Record) -> pd.DataFrame:
    """One row per finding: the declared claims in their order, then the questions of our own.

    A search is asked what to check before believing it (search_checks) instead, a confirmation
    of a search what came of its winners as well (confirmed).

    Columns, null where they do not apply:
        name: unique. statement: the published sentence, "" where none is. claim: what is decided,
        published or not; reading: how it is read, "" where that is plain. sentence: the finding as
        text, with its verdict.
        verdict: "holds", "does not hold", "undecided" or "not available".
        kind, metric, direction, smallest, reason: as declared; target too, and for a mixture the
        accuracy up to which a replicate counts as at chance.
        estimate, low, high: arm minus against (or the value itself) with its 95 % interval, in
        unit: "points" of 100, "percent", "epochs", "s", "share", "log10 per layer", or "" for
        the metric's own. n: replicates or pairs. sd: of one difference, on the tested scale.
        p: two-sided, against the edge of what the claim allows, the largest of several; p_holm:
        adjusted within its family of family_size comparisons, null for a family of one.
        needed_n: replicates that would decide an undecided one. detectable: smallest difference
        that n replicates tell from 0 with power 0.8, in unit.
        arm, against, rival, best: labels; with _value: their means in the metric's own unit.
        corrected, advantage: the best arm's mean on replicates that did not select it, and what
        selection adds. found: class of gradients, or "k of n" at chance. steps: of which fidelity
        steps. trial_ids: separated by spaces. data: the data set.

    Raises ValueError for a malformed claim in the manifest. Randomness: none.
    """
    search = search_of(record)  # of its trials each is asked nothing: they are one of many
    claims = [
        *read_claims(record.manifest.study.claims),
        *([] if search else general_claims(record)),
    ]
    confirms = is_confirmation(record)
    claims += published_claims(record) if confirms else []
    results = {c.name: outcome(record, c) for c in claims if c.kind not in _COUNTED}
    adjusted = adjust(claims, results)
    rows = [
        row
        for claim in claims
        if (row := _row(record, claim, results.get(claim.name), adjusted.get(claim.name)))
    ]
    rows += search_findings(search) if search else []
    rows += confirmation_findings(record) if confirms else []
    return pd.DataFrame(rows, columns=list(COLUMNS))


_COUNTED = {"mixture": count_at_chance, "gradients": class_of_gradients}


def adjust(
    claims: Sequence[Declared], results: dict[str, Outcome]
) -> dict[str, tuple[list[float], int]]:
    """Each claim's Holm-adjusted p values, one per comparison, and the size of its family.

    A family is what shares a claim's `family`, or one claim. Where the arm was chosen after
    seeing the results, all pairs of the arms count, also those that were not compared.
    """
    members: dict[str, list[Declared]] = defaultdict(list)
    for claim in claims:
        if claim.name in results:
            members[claim.family or f"claim {claim.name}"].append(claim)
    adjusted = {}
    for family in members.values():
        p = [[test.p for test in results[claim.name].tests] for claim in family]
        flat = [value for values in p for value in values]
        unseen = sum(
            (len(v) * (len(v) - 1)) // 2 for v, c in zip(p, family, strict=True) if c.chosen
        )
        found = holm([*flat, *[1.0] * unseen])
        size = int((~np.isnan(found)).sum())
        start = 0
        for claim, values in zip(family, p, strict=True):
            adjusted[claim.name] = (found[start : start + len(values)].tolist(), size)
            start += len(values)
    return adjusted


def _row(
    record: Record,
    claim: Declared,
    result: Outcome | None,
    adjusted: tuple[list[float], int] | None,
) -> dict[str, Any] | None:
    common = {
        "name": claim.name,
        "study": record.study,
        "statement": claim.statement,
        "claim": claim.statement or claim.claim or claim.reading,
        "reading": claim.reading,
        "kind": claim.kind,
        "metric": claim.metric,
        "smallest": claim.smallest,
        "direction": claim.direction,
        "target": claim.target,
        "reason": claim.reason,
        "seed": record.manifest.seed,
        "data": record.data_name,
    }
    if result is None or adjusted is None:
        counted = _COUNTED[claim.kind](record, claim)
        if claim.name.startswith("mixture-") and not counted.mixed:
            return None  # of our own, and nothing to tell
        notes = _notes(record, Outcome(()), "", 1)
        text = _whole(claim, counted.sentence, notes)
        return common | {"verdict": counted.verdict, "sentence": text} | counted.row
    p, size = adjusted
    found = verdict(result, p)
    needed = replicates_needed(result, p) if found == OPEN else None
    text = sentence(claim, result, found, needed, record.unit)
    notes = [*result.notes, *_notes(record, result, found, size)]
    row = _numbers(claim, result, p, size, record.unit)
    return common | {
        **row,
        "verdict": found,
        "sentence": _whole(claim, text, notes),
        "needed_n": needed,
        "note": "; ".join([*([result.problem] if result.problem else []), *notes]),
    }


def _whole(claim: Declared, text: str, notes: Sequence[str]) -> str:
    """The sentence with what is decided before the numbers, and notes before the full stop."""
    said = claim.statement or claim.claim or claim.reading
    reading = claim.reading if claim.reading != said else ""  # of what nobody has stated
    if reading:
        said = f"{said}” (read as: {reading}"
    notes_text = f" ({'; '.join(notes)})" if notes else ""
    closing = ")" if reading else "”"
    return f"{f'“{said}{closing}: ' if said else ''}{text.removesuffix('.')}{notes_text}."


def _notes(record: Record, result: Outcome, found: str, size: int) -> list[str]:
    notes = []
    if found == OPEN and size > 1 and verdict(result, [t.p for t in result.tests]) != OPEN:
        notes.append(f"the interval alone would decide it, {size} comparisons together do not")
    if record.manifest.is_scaled:
        notes.append(f"{record.unit}s scaled by {record.manifest.scale:g}")
    return notes


def _numbers(
    claim: Declared, result: Outcome, p: Sequence[float], size: int, unit: str
) -> dict[str, Any]:
    arms = result.arms
    ids = dict.fromkeys(arm.trial_id for arm in arms if arm.trial_id)
    row: dict[str, Any] = {
        "unit": unit_of(claim, unit),
        "arm": arms[0].label,
        "arm_value": arm_mean(arms[0]),
        "against": claim.against_metric or (arms[1].label if len(arms) == 2 else None),
        "steps": next((arm.steps for arm in arms if arm.steps), None),
        "trial_ids": " ".join(ids),
    }
    if len(arms) == 2:
        row["against_value"] = arm_mean(arms[1])
    shown = result.shown
    if shown is None:
        return row
    if claim.against_metric and len(arms) == 1:
        row["against_value"] = row["arm_value"] - shown.mean
    tested = [value for value in (test.p for test in result.tests) if value == value]
    known = [value for value in p if value == value]
    row |= {
        "estimate": in_unit(claim, shown.mean),
        "low": in_unit(claim, shown.low),
        "high": in_unit(claim, shown.high),
        "n": shown.n,
        "sd": shown.sd,
        "p": max(tested) if tested else None,
        "p_holm": max(known) if known and size > 1 else None,
        "family_size": size,
        "detectable": in_unit(claim, detectable(result)),
        "best": result.best or None,
        "best_value": _mean_of(arms, result.best),
        "rival": result.rival or None,
        "rival_value": _mean_of(arms, result.rival),
    }
    if math.isfinite(result.corrected):
        row |= {"corrected": result.corrected, "advantage": result.advantage}
    return row


def _mean_of(arms: Sequence[Arm], label: str) -> float | None:
    return next((arm_mean(arm) for arm in arms if arm.label == label), None) if label else None
