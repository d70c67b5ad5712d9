"""The findings of two records of the same study side by side, what changed first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sweepbook.aggregates.labels import told_apart
from sweepbook.findings.repeat import changes, compare
from sweepbook.record.load import Record
from sweepbook.record.registration import claim_hashes

OPPOSITE, MOVED, OTHER, SAME = "opposite", "moved", "other verdict", "the same"
ONLY_A, ONLY_B = "only in A", "only in B"
_ORDER = (OPPOSITE, MOVED, OTHER, SAME, ONLY_A, ONLY_B)
_OF_EACH = ("verdict", "estimate", "low", "high", "level", "n", "arm", "against", "rival")
COLUMNS = (
    *("study", "name", "claim", "declared", "change", "verdict", "verdict_again"),
    *("estimate", "low", "high", "unit", "n", "estimate_again", "low_again", "high_again"),
    *("n_again", "level", "level_again", "predicted_low", "predicted_high", "inside"),
    *("arm", "arm_again", "against", "against_again", "rival", "rival_again"),
)


def compared_frame(
    first: Record, second: Record, findings: tuple[pd.DataFrame, pd.DataFrame], only_seed: bool
) -> pd.DataFrame:
    """One row per finding of either record; those whose verdict changed come first.

    findings: of the first and of the second, as `findings_frame` gives them. A claim that the two
    declare differently is in two rows, since it is not the same question. Columns: declared: "A",
    "B", "both", or "" of what nobody declared; change: "opposite", "moved" (to or from undecided),
    "other verdict", "the same", "only in A" or "only in B"; verdict, estimate, low, high (the
    interval, of level), n and arm of the first, and of the second with _again; predicted_low,
    predicted_high: where a second estimate is expected with 95 %, and inside: whether it is
    there; both only where the records differ in nothing but the seed.
    """
    ours, theirs = (frame.assign(study=first.study) for frame in findings)
    declared = [claim_hashes(record.manifest.study.claims) for record in (first, second)]
    changed = {
        name for name in declared[0].keys() & declared[1].keys()
        if declared[0][name] != declared[1][name]
    }  # fmt: skip
    shared = set(ours["name"]) & set(theirs["name"]) - changed
    table = compare(ours[ours["name"].isin(shared)], theirs[theirs["name"].isin(shared)])
    compared = {row["name"]: row for row in table.to_dict("records")}
    here, there = (
        {row["name"]: row for row in frame.to_dict("records")} for frame in (ours, theirs)
    )
    rows = [_both(here[name], there[name], row, only_seed) for name, row in compared.items()]
    rows += [_alone(row, "", ONLY_A) for name, row in here.items() if name not in shared]
    rows += [_alone(row, "_again", ONLY_B) for name, row in there.items() if name not in shared]
    for row in rows:
        in_both = [row["name"] in known for known in declared]
        alone = {ONLY_A: "A", ONLY_B: "B"}.get(str(row["change"]), "both")
        row["declared"] = (alone if all(in_both) else "A" if in_both[0] else "B") * any(in_both)
    rows.sort(key=lambda row: _ORDER.index(str(row["change"])))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _both(
    here: Mapping[Any, Any], there: Mapping[Any, Any], row: Mapping[Any, Any], only_seed: bool
) -> dict[str, Any]:
    change = OPPOSITE if row["opposite"] else MOVED if row["moved"] else SAME
    if change == SAME and here["verdict"] != there["verdict"]:
        change = OTHER
    return {
        **{key: here[key] for key in ("study", "name", "claim", "unit")},
        **{key: here[key] for key in _OF_EACH},
        **{f"{key}_again": there[key] for key in _OF_EACH},
        "change": change,
        "predicted_low": row["low"] if only_seed else None,
        "predicted_high": row["high"] if only_seed else None,
        "inside": row["inside"] if only_seed else None,
    }


def _alone(row: Mapping[Any, Any], which: str, change: str) -> dict[str, Any]:
    told = {key: row[key] for key in ("study", "name", "claim", "unit")}
    return {**told, **{f"{key}{which}": row[key] for key in _OF_EACH}, "change": change}


def shown_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """What a page shows: the declared claims; without any, what is asked of every record.

    Claims in the same words are told apart by their names.
    """
    declared = frame["declared"] != ""
    shown = frame[declared] if declared.any() else frame
    apart = shown["claim"].copy()
    alone = shown["change"].where(shown["change"].isin([ONLY_A, ONLY_B]), "both")
    for _, own in shown.groupby(alone):
        apart[own.index] = told_apart(list(own["claim"]), list(own["name"]))
    return shown.assign(claim=apart)


def summary(frame: pd.DataFrame) -> list[str]:
    """What changed, in one sentence, and what else there is to say of all rows together."""
    noun = "claim" if (frame["declared"] != "").any() else "finding"
    both = frame[~frame["change"].isin([ONLY_A, ONLY_B])]
    if both.empty:
        return [f"The two records have no {noun} in common."]
    n_opposite, n_moved, n_other = (
        int((both["change"] == change).sum()) for change in (OPPOSITE, MOVED, OTHER)
    )
    texts = [changes(len(both), n_opposite, n_moved, noun)]
    if n_other:
        are = "is" if n_other == 1 else "are"
        texts.append(f"{n_other} {are} decided in another way, or available in one record alone.")
    inside = both["inside"].dropna()
    if len(inside):
        texts.append(
            f"{int(inside.sum())} of {len(inside)} estimates of B lie where A predicts them (95 % "
            "prediction interval)."
        )
    return texts
