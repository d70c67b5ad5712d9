"""The table of a record's trials."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sweepbook.aggregates.curves import best_rows, curve_table, end_rows, end_steps
from sweepbook.aggregates.labels import (
    metric_name,
    number,
    setting_name,
    setting_value,
    sorted_trials,
    with_half_width,
)
from sweepbook.aggregates.trials import config_columns, telling_columns, varying_columns
from sweepbook.pages.table import Table, as_table
from sweepbook.record.load import CONFIG, Record
from sweepbook.record.logs import has_prints, last_lines, read_log
from sweepbook.study.settings import DEVICE, OWN, PLACES

MOST_TRIALS = 200  # rows on the page; the CSV has all
LAST_LINES = 10  # of a failed trial's log
MOST_CHARACTERS = 200  # of such a line
SHORT_ID = 8
_IDLE_SETTINGS = (*PLACES, *OWN, *DEVICE)  # said in the header, not per trial


def trial_table(record: Record) -> pd.DataFrame:
    """Returns one row per trial: its settings, its ending, and its metric at the end and at best.

    Args:
        record: as `load_record` returns it.

    Returns:
        A frame with the columns trial_id, config/SETTING, status, reason, error, n_replicates,
        n_diverged, last_fidelity, time_total_s (seconds of all attempts at the trial, with all its
        replicates), and for the study's metric M: M_end with M_end_low and M_end_high (the value
        that findings compare, the mean over the last five steps, with a 95 % t interval over
        replicates; the last step where the study's `Fidelity` has a `count`, and in a search),
        M_best, and best_UNIT, the step of the best value. Both are means over all replicates, and
        NaN where one of them has diverged.
    """
    trials, unit, metric = record.trials, record.unit, record.metric
    varying = varying_columns(trials)
    settings = varying + [n for n in config_columns(trials) if n not in varying]
    wanted = ["trial_id", *settings, "status", "reason", "error", "n_replicates", "last_fidelity",
              "time_total_s"]  # fmt: skip
    frame = sorted_trials(trials[[name for name in wanted if name in trials]], varying)
    names = [f"{metric}_end", f"{metric}_end_low", f"{metric}_end_high", "n_diverged"]
    if record.reports.empty or metric not in record.reports:
        return frame.assign(**dict.fromkeys([*names, f"{metric}_best", f"best_{unit}"], math.nan))
    curve = curve_table(record, [metric], trials)
    overlap = record.manifest.data.overlap
    ends = end_rows(curve, unit, end_steps(record), overlap).set_index("trial_id")
    best = best_rows(curve, record.mode).set_index("trial_id")
    ends = ends[["mean", "low", "high", "n_diverged"]].set_axis(names, axis=1)
    best = best[["mean", unit]].set_axis([f"{metric}_best", f"best_{unit}"], axis=1)
    return frame.join(ends, on="trial_id").join(best, on="trial_id")


def shown_trials(record: Record, frame: pd.DataFrame) -> Table:
    """The first 200 trials of `trial_table` as texts, with the settings that tell them apart."""
    unit, metric, n_steps = record.unit, record.metric, end_steps(record)
    when = f"last {unit}" if n_steps == 1 else f"mean of last {n_steps} {unit}s"
    settings = [n for n in telling_columns(record) if is_shown(n)]
    rows = []
    for row in frame.head(MOST_TRIALS).to_dict("records"):
        cells = {"trial": str(row["trial_id"])[:SHORT_ID]}
        cells |= {setting_name(name): setting_value(row[name]) for name in settings}
        why = _text(row.get("error")) or _text(row.get("reason"))
        cells |= {"ending": str(row["status"]), "reason": why.strip().split("\n")[-1][:160]}
        cells[f"last {unit}"] = number(_whole(row.get("last_fidelity")))
        bounds = (row[f"{metric}_end"], row[f"{metric}_end_low"], row[f"{metric}_end_high"])
        cells[f"{metric_name(metric)}, {when}"] = with_half_width(*bounds)
        best = number(row[f"{metric}_best"])
        at = f" ({unit} {number(_whole(row[f'best_{unit}']))})" if best != "–" else ""
        cells[f"best single {unit}"] = best + at
        cells["diverged"] = _diverged(row)
        cells["seconds of the trial"] = number(row.get("time_total_s"), 3)
        rows.append(cells)
    if not rows:
        return Table([], [])
    table = pd.DataFrame(rows)
    if not (frame["n_diverged"] > 0).any():
        table = table.drop(columns="diverged")
    return as_table(table, texts=("trial", "reason"))


def failed_logs(record: Record, frame: pd.DataFrame) -> list[tuple[str, list[str]]]:
    """The failed ones among the trials that are shown, each with the last lines of its log.

    Trials that have printed nothing are left out.
    """
    shown = frame.head(MOST_TRIALS)
    failed = shown.loc[shown["status"] == "failed", "trial_id"]
    logs = [(str(trial_id), read_log(record.path, str(trial_id))) for trial_id in failed]
    return [
        (trial_id[:SHORT_ID], [_shortened(line) for line in last_lines(content, LAST_LINES)])
        for trial_id, content in logs
        if content is not None and has_prints(content)
    ]


def _shortened(line: str) -> str:
    return line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS - 1]}…"


def _diverged(row: Mapping[Any, Any]) -> str:
    diverged, n = row.get("n_diverged"), row.get("n_replicates")
    if diverged is None or diverged != diverged or n is None or n != n:
        return "–"
    return f"{int(diverged)} of {int(n)}"


def is_shown(column: str) -> bool:
    return column.removeprefix(CONFIG) not in _IDLE_SETTINGS


def _whole(value: Any) -> Any:
    return int(value) if value is not None and value == value else value


def _text(value: Any) -> str:
    return "" if value is None or value != value else str(value)
