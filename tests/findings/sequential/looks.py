"""Planted records that were looked at several times, as the command leaves them."""

from __future__ import annotations

import json

from sweepbook.findings.sequential.design import design_of
from sweepbook.findings.sequential.judge import Judged, judge
from sweepbook.record.manifest import manifest_of
from sweepbook.record.origin.decision import Decision
from tests.records import with_manifest


def all_looks(record, design, until=99):
    """All looks one after the other, each as a manifest would give it back."""
    past: list[Judged] = []
    while design.n_at(len(past) + 1) and len(past) < until:
        one = judge(record, design, past)
        plain = json.loads(json.dumps({k: dict(v) for k, v in one.endings.items()}))
        past.append(Judged(look=one.look, n=one.n, endings=plain, wanted=one.wanted))
        if not one.wanted:
            break
    return past


def decided_record(record, looks, *, claims=None, until=99, ending="decided"):
    """The record with its looks in the manifest, read back from what is written there."""
    design = design_of(record, claims or record.manifest.study.claims, looks=looks)
    judged = [
        {"look": one.look, "n": one.n, "endings": dict(one.endings), "wanted": sorted(one.wanted)}
        for one in all_looks(record, design, until)
    ]
    decide = Decision(
        record="demo", design=design.as_json(), judged=tuple(judged), ending=ending, spent_s=3.0
    )
    written = json.loads(json.dumps(with_manifest(record, decide=decide).manifest.as_json()))
    return with_manifest(record, decide=manifest_of(written).decide)
