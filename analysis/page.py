"""What the page says about a record besides its figures: plain values for the templates."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from analysis.aggregate import (
    best_rows,
    config_columns,
    curve_table,
    last_rows,
    telling_columns,
    varying_columns,
)
from analysis.digest import record_digest
from analysis.labels import (
    count,
    listing,
    metric_name,
    number,
    setting_name,
    setting_value,
    sorted_trials,
    with_half_width,
)
from analysis.load import CONFIG, Record

STATUSES = ("finished", "stopped", "diverged", "failed", "interrupted", "running")
MOST_TRIALS = 200  # rows on the page; the CSV has all
_SHORT_ID = 8
_IDLE_SETTINGS = ("data", "seed", "device", "replicates")  # said in the header, not per trial


@dataclass(frozen=True)
class Table:
    """A table of texts; numeric columns (by name) are set flush right."""

    columns: list[str]
    rows: list[list[str]]
    numeric: frozenset[str] = field(default_factory=frozenset)


def as_table(cells: pd.DataFrame, texts: Sequence[str] = ()) -> Table:
    """`cells`, a frame of texts, with the columns that hold numbers marked, but for `texts`."""
    columns = [str(name) for name in cells.columns]
    rows = [[str(value) for value in row] for row in cells.itertuples(index=False)]
    numeric = frozenset(
        name
        for i, name in enumerate(columns)
        if rows and name not in texts and all(_is_number(row[i]) for row in rows)
    )
    return Table(columns, rows, numeric)


def _is_number(text: str) -> bool:
    return text[:1] in "0123456789-–." or text == "published"


def endings(record: Record) -> list[tuple[str, int]]:
    """How many trials ended how: (status, count), the statuses that occur, in a fixed order."""
    counts = record.trials["status"].value_counts()
    known = [(status, int(counts.get(status, 0))) for status in STATUSES]
    other = [(str(s), int(n)) for s, n in counts.items() if s not in STATUSES]
    return [pair for pair in known + other if pair[1]]


def trial_frame(record: Record) -> pd.DataFrame:
    """One row per trial: identity, settings, ending and its metric, last and best, with when.

    Columns: trial_id, config/*, status, reason, error, n_replicates, n_diverged, last_fidelity,
    time_total_s, and for the study's metric M: M_last, M_last_low, M_last_high (95 % t interval),
    M_best, best_FIDELITY. Best and last are means over all replicates; NaN where one diverged.
    """
    trials, unit, metric = record.trials, record.unit, record.metric
    varying = varying_columns(trials)
    settings = varying + [n for n in config_columns(trials) if n not in varying]
    wanted = ["trial_id", *settings, "status", "reason", "error", "n_replicates", "last_fidelity",
              "time_total_s"]  # fmt: skip
    frame = sorted_trials(trials[[name for name in wanted if name in trials]], varying)
    names = [f"{metric}_last", f"{metric}_last_low", f"{metric}_last_high", "n_diverged"]
    if record.reports.empty or metric not in record.reports:
        return frame.assign(**dict.fromkeys([*names, f"{metric}_best", f"best_{unit}"], math.nan))
    curve = curve_table(record, [metric], trials)
    last = last_rows(curve, unit).set_index("trial_id")
    best = best_rows(curve, record.mode).set_index("trial_id")
    last = last[["mean", "low", "high", "n_diverged"]].set_axis(names, axis=1)
    best = best[["mean", unit]].set_axis([f"{metric}_best", f"best_{unit}"], axis=1)
    return frame.join(last, on="trial_id").join(best, on="trial_id")


def trial_table(record: Record, frame: pd.DataFrame) -> Table:
    """The first 200 trials of `trial_frame` as texts, with the settings that tell them apart."""
    unit, metric = record.unit, record.metric
    settings = [n for n in telling_columns(record) if _is_shown(n)]
    rows = []
    for row in frame.head(MOST_TRIALS).to_dict("records"):
        cells = {"trial": str(row["trial_id"])[:_SHORT_ID]}
        cells |= {setting_name(name): setting_value(row[name]) for name in settings}
        why = _text(row.get("error")) or _text(row.get("reason"))
        cells |= {"ending": str(row["status"]), "reason": why.strip().split("\n")[-1][:160]}
        cells[f"last {unit}"] = number(_whole(row.get("last_fidelity")))
        bounds = (row[f"{metric}_last"], row[f"{metric}_last_low"], row[f"{metric}_last_high"])
        cells[f"{metric_name(metric)}, last"] = with_half_width(*bounds)
        best = number(row[f"{metric}_best"])
        at = f" ({unit} {number(_whole(row[f'best_{unit}']))})" if best != "–" else ""
        cells["best"] = best + at
        cells["diverged"] = _diverged(row)
        cells["seconds"] = number(row.get("time_total_s"), 3)
        rows.append(cells)
    if not rows:
        return Table([], [])
    table = pd.DataFrame(rows)
    if not (frame["n_diverged"] > 0).any():
        table = table.drop(columns="diverged")
    return as_table(table, texts=("trial", "reason"))


def _diverged(row: Mapping[Any, Any]) -> str:
    diverged, n = row.get("n_diverged"), row.get("n_replicates")
    if diverged is None or diverged != diverged or n is None or n != n:
        return "–"
    return f"{int(diverged)} of {int(n)}"


def _is_shown(column: str) -> bool:
    return column.removeprefix(CONFIG) not in _IDLE_SETTINGS


def _whole(value: Any) -> Any:
    return int(value) if value is not None and value == value else value


def _text(value: Any) -> str:
    return "" if value is None or value != value else str(value)


def fixed_settings(record: Record) -> str:
    """The settings that all trials share, as one line; missing values are left out."""
    if record.trials.empty:
        return ""
    varying = varying_columns(record.trials)
    first = record.trials.iloc[0]
    names = [n for n in config_columns(record.trials) if n not in varying]
    shared = [n for n in names if _is_shown(n) and _text(first[n])]
    return ", ".join(f"{setting_name(n)} {setting_value(first[n])}" for n in shared)


def provenance(record: Record) -> list[tuple[str, str]]:
    """(what, value) pairs that lead back to where the record came from."""
    manifest = record.manifest
    data = manifest.get("data") or {}
    versions = manifest.get("versions") or {}
    overrides = manifest.get("overrides") or {}
    scale = manifest.get("scale")
    digest = record_digest(record)
    said = manifest.get("record_digest")
    note = ""
    if said:
        note = " (as in the manifest)" if said == digest else f" (the manifest says {said})"
    metric = f"{metric_name(record.metric)} ({record.metric}), {record.mode}"
    pairs = [
        ("Study", f"{record.study}; metric {metric}; fidelity in {record.unit}s"),
        ("Trainable", _text(manifest["study"].get("trainable"))),
        ("Command", shlex.join(map(str, manifest.get("command") or []))),
        ("Seed", _text(manifest.get("seed"))),
        ("Replicates", _text(manifest.get("n_replicates"))),
        ("Scale", number(float(scale)) if scale not in (None, 1, 1.0) else ""),
        ("Overrides", ", ".join(f"{k}={v}" for k, v in overrides.items() if v is not None)),
        ("Settings of every trial", fixed_settings(record)),
        ("Data", f"{record.data_name}, sha256 {data.get('sha256', 'unknown')}"),
        ("Extends", _extends(manifest.get("extends"))),
        ("Started", _text(manifest.get("started"))),
        ("Ended", _text(manifest.get("ended")) or "not yet"),
        ("Git commit", _text(manifest.get("git_commit"))),
        ("Versions", ", ".join(f"{name} {version}" for name, version in versions.items())),
        ("Record digest", digest + note),
    ]
    return [(what, value) for what, value in pairs if value]


def _extends(extension: Mapping[str, Any] | None) -> str:
    if not extension:
        return ""
    kept, went_on, anew = (len(extension[what]) for what in ("kept", "continued", "anew"))
    return (
        f"{extension['record']}: {count(kept, 'trial')} kept, {went_on} went on from their "
        f"checkpoints, {anew} trained from the beginning"
    )


def summary_row(record: Record) -> list[str]:
    """The record's line in the overview: study, data, trials, replicates, rows, status."""
    ended = ", ".join(f"{n} {status}" for status, n in endings(record)) or "none"
    return [
        record.study,
        record.data_name,
        f"{len(record.trials):,}: {ended}" if len(record.trials) else "none",
        _text(record.manifest.get("n_replicates")),
        f"{len(record.reports):,}",
        _text(record.manifest.get("status")),
    ]


def warnings(record: Record) -> list[str]:
    """What a reader must know before any number of this record, as sentences."""
    found = []
    status = record.manifest.get("status")
    if status not in (None, "complete"):
        found.append(f"The study's status is {status}: the record may lack trials and rows.")
    said = dict(endings(record))
    for name, text in (("failed", "failed with an error"), ("interrupted", "were interrupted")):
        if said.get(name):
            found.append(f"{count(said[name], 'trial')} {text}; see the table of trials.")
    if record.reports.empty:
        found.append("No trial has reported, so there is nothing to draw.")
    orphans = set(record.reports["trial_id"]) - set(record.trials["trial_id"])
    if orphans:
        ids = listing(sorted(str(t)[:_SHORT_ID] for t in orphans))
        found.append(f"{count(len(orphans), 'trial')} reported but stand in no table: {ids}.")
    return found
