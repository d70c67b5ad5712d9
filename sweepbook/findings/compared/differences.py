"""What differs between two records of the same study, apart from their results."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from sweepbook.aggregates.labels import arm_labels, listing, number, setting_name, setting_value
from sweepbook.aggregates.trials import config_columns
from sweepbook.record.load import CONFIG, Record
from sweepbook.study.forms.trainable import trainable_name

_DIGITS = 12  # of a hash, as many as tell two apart
_GIVEN = {f"{CONFIG}seed", f"{CONFIG}replicates"}  # no settings of the study: the tool sets them
_OF_A_COMMAND = ("name", "seed", "replicates")  # of a study, whoever else runs it
_SAME_CODE = "commit (the code is the same)"
_NOTED = (_SAME_CODE, "trials")  # what changes no number, and what came of the trials
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
        """Whether they were made alike but for the seed: another draw of the same experiment."""
        named = [what for what, _, _ in self.rows if what not in _NOTED]
        return named == ["seed"] and not any(self.configs)


def check_comparable(first: Record, second: Record) -> None:
    """Refuses two records of different studies; two that differ in their name alone are the same.

    Raises:
        ValueError: they are of different studies, or one record is given twice.
    """
    if _place(first) == _place(second):
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


def _place(record: Record) -> str:
    """Where a record is: a folder by the path that all its names lead to, or a URI."""
    place = str(record.path)
    return place if "://" in place else str(Path(place).resolve())


def differences(first: Record, second: Record) -> Differences:
    """What differs between two records: seed, data, code, versions, length, settings, configs."""
    ours, theirs = _facts(first), _facts(second)
    if ours["code"] and ours["code"] == theirs["code"]:
        for facts in (ours, theirs):
            facts[_SAME_CODE] = facts.pop("commit")
    here, there = _shared_settings(first), _shared_settings(second)
    apart = {name for name in here if name in there or name not in second.trials}
    apart |= {name for name in there if name not in first.trials}
    for name in sorted(apart):
        ours[f"setting {setting_name(name)}"] = here.get(name, "")
        theirs[f"setting {setting_name(name)}"] = there.get(name, "")
    names = dict.fromkeys([*ours, *theirs])
    rows = [(name, ours.get(name) or "–", theirs.get(name) or "–") for name in names]
    same = [name for name, one, other in rows if one == other != "–" and name in _TOLD]
    versions = [one == other for name, one, other in rows if name.startswith(_VERSION)]
    return Differences(
        rows=[row for row in rows if row[1] != row[2]],
        same=same + (["versions"] if versions and all(versions) else []),
        configs=_configs_apart(first, second, apart),
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
    first: Record, second: Record, apart: Collection[str]
) -> tuple[list[str], list[str]]:
    """The configs that only one has, by the settings that vary within one of the records.

    apart: settings that are the same throughout each record: a difference of their own.
    """
    left_out = {CONFIG + record.setting for record in (first, second)} | {*_GIVEN, *apart}
    both = pd.concat([first.trials, second.trials], ignore_index=True)
    told = [name for name in config_columns(both) if name not in left_out]
    if not told:
        return [], []
    labels, n = list(arm_labels(both, told)), len(first.trials)
    here, there = (list(dict.fromkeys(own)) for own in (labels[:n], labels[n:]))
    only_here = [label for label in here if label not in there]
    return only_here, [label for label in there if label not in here]
