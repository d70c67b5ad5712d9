"""What a record cannot say: one line for all claims that lack the same thing, with its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sweepbook.aggregates.trials import fitting_trials
from sweepbook.findings.finding import MISSING, Finding
from sweepbook.findings.wording.limits import as_sentence, enumerated, shortened
from sweepbook.record.load import Record
from sweepbook.study.claim import Claim
from sweepbook.study.texts import count

_NO_TRIAL = "no trial with "  # how the reason begins where an arm fits no trial
_NEEDS = "needs "  # and where a trial is too short
_MOST_NAMED = 2
_NAME_WORDS = 9


@dataclass(frozen=True)
class Missing:
    """Claims that are not available for the same reason.

    Args:
        names: of their findings. text: how many there are and what they lack, one sentence.
        remedy: what to do about it, one sentence, or "".
    """

    names: list[str]
    text: str
    remedy: str = ""


def missing_of(record: Record, findings: Sequence[Finding]) -> list[Missing]:
    """The declared claims that are not available, one entry for all that lack the same thing.

    That is the same remedy, or without one the same reason.
    """
    claims = {claim.name: claim for claim in record.manifest.study.claims}
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        if finding.verdict == MISSING:
            remedy = _remedy(record, claims.get(finding.name))
            groups.setdefault((remedy, "" if remedy else _lack(finding)), []).append(finding)
    return [
        Missing([one.name for one in own], _text(own), remedy)
        for (remedy, _), own in groups.items()
    ]


def _lack(finding: Finding) -> str:
    """What claims have in common that lack the same: a trial, longer training, or one reason."""
    note = finding.note or ""
    return next((kind for kind in (_NO_TRIAL, _NEEDS) if note.startswith(kind)), note)


def _remedy(record: Record, claim: Claim | None) -> str:
    """The claim's remedy; "" where its trials are there, but failed or were interrupted."""
    if claim is None or not claim.remedy:
        return ""
    rows = [row for arm in claim.arms for row in fitting_trials(record.trials, arm)]
    unfinished = any(row["status"] != "finished" for row in rows)
    lacks_none = all(fitting_trials(record.trials, arm) for arm in claim.arms)
    return "" if unfinished and lacks_none else as_sentence(claim.remedy)


def _text(findings: Sequence[Finding]) -> str:
    """ "5 claims are not available: no trial has depth 6."."""
    why = _why([finding.note or "no reason given" for finding in findings])
    if len(findings) == 1:
        said, reading = findings[0].claim.rstrip("."), findings[0].reading.rstrip(".")
        if reading and len(said.split()) > _NAME_WORDS:
            said = reading
        said = shortened(said, _NAME_WORDS)
        return as_sentence(f"“{said}” is not available: {why}")
    return as_sentence(f"{count(len(findings), 'claim')} are not available: {why}")


def _why(notes: Sequence[str]) -> str:
    """The reason of all; of several that lack a trial the settings that all of these have."""
    different = list(dict.fromkeys(notes))
    if all(note.startswith(_NO_TRIAL) for note in different):
        settings = [note.removeprefix(_NO_TRIAL).split("; ")[0].split(", ") for note in different]
        shared = [one for one in settings[0] if all(one in own for own in settings)]
        if shared:
            return f"no trial has {', '.join(shared)}"
    needs = [note.removeprefix(_NEEDS).split(", ")[0] for note in different]
    if len(different) > 1 and all(note.startswith(_NEEDS) for note in different):
        steps = enumerated(list(dict.fromkeys(needs)), 3, words=12)
        return f"they need {steps}, and the trials were trained for fewer"
    return enumerated(different, _MOST_NAMED, words=22)
