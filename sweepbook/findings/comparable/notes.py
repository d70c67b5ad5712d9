"""What a finding says of how far its numbers reach, as phrases behind its sentence."""

from __future__ import annotations

from collections.abc import Sequence

from sweepbook.findings.arm import Arm
from sweepbook.record.load import Record
from sweepbook.study.claim import Claim


def split_note(record: Record, claim: Claim) -> str:
    """Says that an interval over seeds alone holds for the given split; "" where it says more.

    Where the split is given ("splits" of the data's description), validation and test rows are
    the same in every replicate, so the spread over replicates does not contain that of the rows.
    """
    given = record.manifest.data.splits == "given" and not record.manifest.data.overlap
    return "for this split" if _is_over_seeds(claim) and given else ""


def overlap_notes(record: Record, claim: Claim) -> list[str]:
    """Says that intervals are corrected where replicates share training rows."""
    overlap = record.manifest.data.overlap
    if not (overlap and _is_over_seeds(claim)):
        return []
    times = record.manifest.n_replicates * overlap / (1 + overlap)  # a row is validated on
    more = "it may err in more than 5 % of studies, since rows are validated on several times"
    often = times > 1 + 1e-9
    return ["the interval is that of the corrected resampled t test", *([more] if often else [])]


def _is_over_seeds(claim: Claim) -> bool:
    return claim.over == "replicates" and not claim.metric.endswith("_s")


def length_note(record: Record, claim: Claim, arms: Sequence[Arm]) -> list[str]:
    """Says from how many steps to how many the arms of a winner were trained, if that differs.

    [] where all are compared at one step.
    """
    if claim.kind != "winner" or len({arm.steps for arm in arms}) == 1:
        return []
    trials = record.trials[record.trials["trial_id"].isin([arm.trial_id for arm in arms])]
    lengths = trials["last_fidelity"].dropna().astype(int)
    if lengths.nunique() < 2:
        return []
    return [f"the trials were trained for {lengths.min()} to {lengths.max()} {record.unit}s"]
