"""A record on one screen: how its trials ended, the best of them, and the verdicts."""

from __future__ import annotations

from collections import Counter
from html import escape

import pandas as pd

from sweepbook.aggregates.curves import end_steps
from sweepbook.aggregates.labels import number, setting_name, setting_value, with_half_width
from sweepbook.aggregates.trials import telling_columns
from sweepbook.pages.studies.claims import claims_of
from sweepbook.pages.studies.trials import is_shown, trial_table
from sweepbook.record.load import Record, with_known_files

MOST_TRIALS = 5


def text_of(record: Record) -> str:
    """Returns one line: the record's place, how its trials ended, and the best value."""
    values = list(_best_trials(record)[f"{record.metric}_best"])
    best = f", best {record.metric} {values[0]:.4g}" if values else ""
    return f"<Record {record.path}: {_endings(record)}{best}>"


def html_of(record: Record) -> str:
    """Returns the record's status, its best trials and its verdicts as HTML."""
    counted = with_known_files(record)
    return "\n".join(
        [
            f"<p><b>{escape(record.study)}</b>: {escape(record.manifest.study.question)}<br>",
            f"{escape(_endings(record))} <small>({escape(str(record.path))})</small></p>",
            *_best_html(counted),
            *_verdicts_html(counted),
        ]
    )


def _endings(record: Record) -> str:
    counts = Counter(record.trials["status"])
    n_missing = len(record.manifest.trials) - len(record.trials)
    told = [f"{n} {status}" for status, n in counts.most_common()]
    told += [f"{n_missing} not started"] if n_missing > 0 else []
    return ", ".join(told) or "no trial yet"


def _best_trials(record: Record) -> pd.DataFrame:
    """The best trials by the study's metric, each at its own best step."""
    table, metric = trial_table(record), f"{record.metric}_best"
    ranked = table[table[metric].notna()]
    return ranked.sort_values(metric, ascending=record.mode == "min", kind="stable").head(
        MOST_TRIALS
    )


def _best_html(record: Record) -> list[str]:
    best, metric = _best_trials(record), record.metric
    if best.empty:
        return []
    settings = [name for name in telling_columns(record) if is_shown(name)]
    n = end_steps(record)
    when = f"last {record.unit}" if n == 1 else f"mean of last {n} {record.unit}s"
    head = [*map(setting_name, settings), f"best {metric}", record.unit]
    head += [f"{metric}, {when}, 95 %"]
    rows = []
    for row in best.to_dict("records"):
        end = (row[f"{metric}_end"], row[f"{metric}_end_low"], row[f"{metric}_end_high"])
        rows.append(
            [
                *(setting_value(row[name]) for name in settings),
                number(row[f"{metric}_best"]),
                number(int(row[f"best_{record.unit}"])),
                with_half_width(*end),
            ]
        )
    return _table("Best trials", head, rows)


def _verdicts_html(record: Record) -> list[str]:
    claims = claims_of(record)
    told = claims.declared + claims.late
    if claims.problem and not told:
        return [f"<p>{escape(claims.problem)}</p>"]
    rows = [[verdict, sentence] for verdict, sentence in told]
    return _table("Claims", ["verdict", "finding"], rows) if rows else []


def _table(title: str, head: list[str], rows: list[list[str]]) -> list[str]:
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = (
        "<tr>" + "".join(f"<td style='text-align:left'>{escape(c)}</td>" for c in row) + "</tr>"
        for row in rows
    )
    return [
        f"<table><caption style='text-align:left'>{escape(title)}</caption>",
        f"<tr>{cells}</tr>",
        *body,
        "</table>",
    ]
