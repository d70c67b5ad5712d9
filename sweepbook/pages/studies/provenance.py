"""Where a record comes from, and what a reader must know before its numbers."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from sweepbook.aggregates.kept import lookup
from sweepbook.aggregates.labels import (
    count,
    listing,
    metric_name,
    number,
    setting_name,
    setting_value,
)
from sweepbook.aggregates.trials import config_columns, varying_columns
from sweepbook.pages.studies.trials import SHORT_ID, _text, is_shown
from sweepbook.record.digest import record_digest
from sweepbook.record.load import Record
from sweepbook.record.manifest import Manifest
from sweepbook.study.asha import ASHA
from sweepbook.study.forms.trainable import trainable_name

STATUSES = ("finished", "stopped", "diverged", "failed", "interrupted", "running")


def endings(record: Record) -> list[tuple[str, int]]:
    """How many trials ended how: (status, count), the statuses that occur, in a fixed order."""
    counts = record.trials["status"].value_counts()
    known = [(status, int(counts.get(status, 0))) for status in STATUSES]
    other = [(str(s), int(n)) for s, n in counts.items() if s not in STATUSES]
    return [pair for pair in known + other if pair[1]]


def fixed_settings(record: Record) -> str:
    """The settings that all trials share, as one line; missing values are left out."""
    if record.trials.empty:
        return ""
    varying = varying_columns(record.trials)
    first = record.trials.iloc[0]
    names = [n for n in config_columns(record.trials) if n not in varying]
    shared = [n for n in names if is_shown(n) and _text(first[n])]
    return ", ".join(f"{setting_name(n)} {setting_value(first[n])}" for n in shared)


def provenance(record: Record) -> list[tuple[str, str]]:
    """(what, value) pairs that lead back to where the record came from."""
    manifest = record.manifest
    digest = digest_of(record)
    said = manifest.record_digest
    note = ""
    if said:
        note = " (as in the manifest)" if said == digest else f" (the manifest says {said})"
    named = metric_name(record.metric)
    column = "" if named == record.metric else f" ({record.metric})"
    metric = f"{named}{column}, {record.mode}"
    pairs = [
        ("Study", f"{record.study}; metric {metric}; fidelity in {record.unit}s"),
        ("Trainable", trainable_name(manifest.study.trainable)),
        ("Command", shlex.join(map(str, manifest.command))),
        ("Seed", str(manifest.seed)),
        ("Replicates", str(manifest.n_replicates)),
        ("Scale", number(float(manifest.scale or 1)) if manifest.is_scaled else ""),
        (
            "Overrides",
            ", ".join(f"{k}={v}" for k, v in manifest.overrides.items() if v is not None),
        ),
        ("Settings of every trial", fixed_settings(record)),
        ("Data", f"{record.data_name}{_hash(manifest.data.sha256)}"),
        ("Extends", _extends(manifest)),
        ("Scheduler", _scheduler(manifest.study.scheduler)),
        ("Resumed", _resumed(manifest)),
        ("Claims", _registered(manifest)),
        ("Started", _text(manifest.started)),
        ("Ended", _text(manifest.ended) or "not yet"),
        ("Git commit of the study", _own_commit(manifest)),
        ("Git commit of Sweepbook", _text(manifest.git_commit)),
        (
            "Versions",
            ", ".join(f"{name} {version}" for name, version in manifest.versions.items()),
        ),
        ("Record digest", digest + note),
    ]
    return [(what, value) for what, value in pairs if value]


def digest_of(record: Record) -> str:
    """The digest of a record's tables, which is computed once of one that is kept."""
    notes = lookup(record).notes
    if "digest" not in notes:
        notes["digest"] = record_digest(record)
    return str(notes["digest"])


def _own_commit(manifest: Manifest) -> str:
    """The commit of the repository that the trainable's code is in; "" where it is in none."""
    registered = manifest.registration
    return _text(registered.commit) if registered else ""


def _hash(sha256: str | None) -> str:
    return f", sha256 {sha256}" if sha256 else ""


def _scheduler(scheduler: ASHA | None) -> str:
    if scheduler is None:
        return ""
    return f"{scheduler}: stops trials that are behind; a stopped trial has no final value"


def _extends(manifest: Manifest) -> str:
    extension = manifest.extends
    if not extension:
        return ""
    kept, went_on, anew = map(len, (extension.kept, extension.continued, extension.anew))
    return (
        f"{extension.record}: {count(kept, 'trial')} kept, {went_on} went on from their "
        f"checkpoints, {anew} trained from the beginning{_accepted(manifest.resumed[:1])}"
    )


def _registered(manifest: Manifest) -> str:
    """The claims that were declared before the training began, as their hash."""
    registration = manifest.registration
    if registration is None or not registration.claims:
        return ""
    commit = f", commit {registration.commit}" if registration.commit else ""
    number = count(len(registration.claims), "claim")
    when = f"declared before the training began ({_text(registration.at)}{commit})"
    return f"{number} {when}, sha256 {registration.sha256}" if registration.at else ""


def _resumed(manifest: Manifest) -> str:
    """When and how often the record was resumed; an extension's first training is no resume."""
    times = manifest.resumed[1:] if manifest.extends else manifest.resumed
    if not times:
        return ""
    often = "once" if len(times) == 1 else f"{len(times)} times"
    at = listing([_text(one.get("at")) + _accepted([one]) for one in times], most=10)
    return f"{often}, at {at}"


def _accepted(resumed: Sequence[Mapping[str, Any]]) -> str:
    """The changes of code, data or versions with which a record went on, if any."""
    changes = [str(change) for one in resumed for change in one.get("changes") or ()]
    return f" (--force accepted: {'; '.join(changes)})" if changes else ""


def warnings(record: Record) -> list[str]:
    """What a reader must know before any number of this record, as sentences."""
    found = []
    status = record.manifest.status
    if status not in (None, "complete"):
        found.append(f"The study's status is {status}: the record may lack trials and rows.")
    said = dict(endings(record))
    if n := said.get("failed"):
        found.append(f"{count(n, 'trial')} failed with an error; see the table of trials.")
    if n := said.get("interrupted"):
        were = "was" if n == 1 else "were"
        found.append(f"{count(n, 'trial')} {were} interrupted; see the table of trials.")
    if record.reports.empty:
        found.append("No trial has reported, so there is nothing to draw.")
    orphans = set(record.reports["trial_id"]) - set(record.trials["trial_id"])
    if orphans:
        ids = listing(sorted(str(t)[:SHORT_ID] for t in orphans))
        found.append(f"{count(len(orphans), 'trial')} reported but stand in no table: {ids}.")
    return found
