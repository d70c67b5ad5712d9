"""What differs between two records of the same study, apart from their results."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from sweepbook.aggregates.labels import arm_labels, listing, number, setting_name, setting_value
from sweepbook.aggregates.trials import config_columns
from sweepbook.record.load import CONFIG, Record
from sweepbook.study.forms.trainable import trainable_name

_DIGITS = 12  # of a hash, as many as tell two apart
_GIVEN = {f"{CONFIG}seed", f"{CONFIG}replicates"}  # no settings of the study: the tool sets them
_OF_A_COMMAND = ("name", "seed", "replicates")  # of a study, whoever else runs it
_NOTED = "commit (the code is the same)"  # this changes no number
_VERSION = "version of "
_TOLD = ("seed", "replicates", "data", "length", "code")  # said to be the same, if they are


@dataclass(frozen=True)
class Differences:
    """What two records say of themselves.

    rows: what, in the first, in the second, where the two differ. same: what is alike.
    configs: those that only the first, only the second has, as texts.
    """

    rows: list[tuple[str, str, str]]
    same: list[str]
    configs: tuple[list[str], list[str]] = field(default_factory=lambda: ([], []))

    @property
    def only_seed(self) -> bool:
        """Whether they differ in the study's seed alone: another draw of the same experiment."""
        named = [what for what, _, _ in self.rows if what != _NOTED]
        return named == ["seed"] and not any(self.configs)


def check_comparable(first: Record, second: Record) -> None:
    """Refuses two records of different studies; two that differ in their name alone are the same.

    Raises:
        ValueError: they are of different studies, or one record is given twice.
    """
    if str(first.path) == str(second.path):
        raise ValueError(f"{first.path} is given twice: give two records of the same study")
    studies = [
        {k: v for k, v in dataclasses.asdict(record.manifest.study).items()
         if k not in _OF_A_COMMAND}
        for record in (first, second)
    ]  # fmt: skip
    if first.study != second.study and studies[0] != studies[1]:
        raise ValueError(
            f"{first.path} is of the study {first.study}, and {second.path} of {second.study}: "
            "give two records of the same study"
        )


def differences(first: Record, second: Record) -> Differences:
    """What differs between two records: seed, data, code, versions, length, settings, configs."""
    ours, theirs = _facts(first), _facts(second)
    if ours["code"] and ours["code"] == theirs["code"]:
        for facts in (ours, theirs):
            facts[_NOTED] = facts.pop("commit")
    shared = _shared_settings(first), _shared_settings(second)
    for facts, own, other in ((ours, *shared), (theirs, *reversed(shared))):
        apart = {name: value for name, value in own.items() if other.get(name) != value}
        facts.update({f"setting {setting_name(name)}": value for name, value in apart.items()})
    names = dict.fromkeys([*ours, *theirs])
    rows = [(name, ours.get(name) or "–", theirs.get(name) or "–") for name in names]
    same = [name for name, one, other in rows if one == other != "–" and name in _TOLD]
    versions = [one == other for name, one, other in rows if name.startswith(_VERSION)]
    return Differences(
        rows=[row for row in rows if row[1] != row[2]],
        same=same + (["versions"] if versions and all(versions) else []),
        configs=_configs_apart(first, second, *shared),
    )


def _facts(record: Record) -> dict[str, str]:
    """What a record was made with, as texts."""
    manifest, study = record.manifest, record.manifest.study
    data = manifest.data
    endings = record.trials["status"].value_counts().sort_index()
    known = f"sha256 {data.sha256[:_DIGITS]}" if data.sha256 else data.path or ""
    commit = manifest.registration.commit if manifest.registration else None
    commit = commit or manifest.git_commit
    facts = {
        "study": study.name,
        "question": study.question,
        "metric": f"{record.metric} ({record.mode})",
        "seed": str(manifest.seed),
        "replicates": str(manifest.n_replicates),
        "data": ", ".join(filter(None, [data.name, known])),
        "rows": ", ".join(f"{split} {_whole(n)}" for split, n in data.rows.items()),
        "files": ", ".join(sorted(sha[:_DIGITS] for sha in set(manifest.files.values()))),
        "length": _lengths(record),
        "scale": number(float(manifest.scale or 1)) if manifest.is_scaled else "",
        "scheduler": str(study.scheduler or "none"),
        "trainable": trainable_name(study.trainable),
        "code": f"sha256 {manifest.code_sha256[:_DIGITS]}" if manifest.code_sha256 else "",
        "commit": re.sub(r"([0-9a-f]{12})[0-9a-f]{28}", r"\1", str(commit or "")),
        "trials": ", ".join(f"{n} {status}" for status, n in endings.items()),
        "status": str(manifest.status or ""),
    }
    return facts | {f"{_VERSION}{name}": str(v) for name, v in manifest.versions.items()}


def _whole(n: Any) -> str:
    return f"{n:,}" if isinstance(n, int) else str(n)


def _lengths(record: Record) -> str:
    """How long the trials were to be: "50 epochs", "10, 50 and 100 epochs"."""
    lengths = sorted({int(n) for n in record.trials.get("max_fidelity", []) if n == n})
    return f"{listing([str(n) for n in lengths])} {record.unit}s" if lengths else ""


def _shared_settings(record: Record) -> dict[str, str]:
    """The settings that all trials of a record share, but for their length, as texts."""
    left_out = {CONFIG + record.setting, *_GIVEN}
    names = [name for name in config_columns(record.trials) if name not in left_out]
    texts = {name: record.trials[name].map(setting_value) for name in names}
    return {name: str(own.iloc[0]) for name, own in texts.items() if own.nunique() == 1}


def _configs_apart(
    first: Record, second: Record, ours: Mapping[str, str], theirs: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """The configs that only one has, by the settings that vary within one of the records."""
    left_out = {CONFIG + record.setting for record in (first, second)} | _GIVEN
    columns = dict.fromkeys([*config_columns(first.trials), *config_columns(second.trials)])
    # what is the same throughout each record, or absent from one, is a difference of its own
    apart = {n for n in columns if n in ours and (n in theirs or n not in second.trials)}
    apart |= {n for n in columns if n in theirs and n not in first.trials}
    told = [name for name in columns if name not in left_out | apart]
    here, there = _labels(first.trials, told), _labels(second.trials, told)
    only_here = [label for label in here if label not in there]
    return only_here, [label for label in there if label not in here]


def _labels(trials: pd.DataFrame, columns: list[str]) -> list[str]:
    known = trials.reindex(columns=[*trials.columns, *(c for c in columns if c not in trials)])
    return list(dict.fromkeys(arm_labels(known, columns))) if columns else []
