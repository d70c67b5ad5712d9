"""Kind table: means with half widths, as numbers for the CSV and as texts for the page."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sweepbook.aggregates.curves import rows_at
from sweepbook.aggregates.labels import (
    metric_name,
    number,
    setting_name,
    setting_value,
    with_half_width,
)
from sweepbook.aggregates.nothing import Spec
from sweepbook.figures import captions
from sweepbook.figures.arms import Arms, choose_arms, with_arms
from sweepbook.figures.drawn import (
    Drawn,
    csv_numbers,
    drawn_of,
    with_published,
    without_replicates,
)
from sweepbook.figures.keys import METRICS, OF_TRIALS, Key, Keys
from sweepbook.figures.trials.parts import curves_of, metrics_in
from sweepbook.record.load import Record

MOST_ROWS = 200  # of a printed table; the CSV has them all

TABLE = Keys(
    shows="A table with a row for each trial and step: the mean of each metric with its interval.",
    required={"metrics": METRICS},
    optional={
        **OF_TRIALS,
        "at": Key(
            'The steps to show: a list of whole numbers and "last". The last step of each trial '
            'is always shown. Default: ["last"].',
            "steps",
        ),
    },
)


def draw_table(spec: Spec, record: Record) -> Drawn:
    """One row per trial and fidelity of `at` (numbers, "last"), one cell per metric.

    Fidelities beyond a trial's last are left out; its last is always there.
    """
    arms = choose_arms(record, spec)
    unit = record.unit
    wanted = spec["metrics"]
    table = curves_of(record, wanted, arms)
    at = [v for v in spec.get("at", ["last"]) if not isinstance(v, str)]
    endings = captions.endings_sentence(table, arms, unit)
    table = with_published(with_arms(rows_at(table, unit, at), arms, unit), record, arms)
    table = without_replicates(table)
    steps = table[["trial_id", unit]].drop_duplicates()
    kept = f"The first {MOST_ROWS} of {len(steps):,} rows." if len(steps) > MOST_ROWS else ""
    shown = table.merge(steps.head(MOST_ROWS), on=["trial_id", unit])
    sentences = [
        captions.replicates_sentence(table, "Cell"),
        captions.data_sentence(record),
        endings,
        captions.published_sentence(table, record, "Rows in italics"),
        kept,
    ]
    cells = _cells(shown, arms, metrics_in(table, wanted), unit)
    return drawn_of(spec, sentences, csv_numbers(table, arms, unit), cells=cells)


def _cells(table: pd.DataFrame, arms: Arms, metrics: Sequence[str], unit: str) -> pd.DataFrame:
    rows = []
    for (_, fidelity), group in table.groupby(["trial_id", unit], sort=False):
        first = group.iloc[0]
        settings = {setting_name(c): setting_value(first[c]) for c in arms.columns}
        of = f"{int(first['n'])}"
        if first["n_diverged"] > 0:
            of = f"{of} ({int(first['n_diverged'])} diverged)"
        by_metric = group.set_index("metric")
        values = {
            metric_name(m): with_half_width(*by_metric.loc[m, ["mean", "low", "high"]])
            if m in by_metric.index
            else "–"
            for m in metrics
        }
        rows.append({**settings, unit: number(fidelity), "n": of, **values})
        if group["published"].notna().any():
            printed = by_metric["published"]
            told = {metric_name(m): number(printed.get(m, float("nan"))) for m in metrics}
            rows.append({**settings, unit: number(fidelity), "n": "published", **told})
    return pd.DataFrame(rows).astype("str")
