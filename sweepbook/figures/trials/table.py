"""Kind table: means with half widths, as numbers for the CSV and as texts for the page."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sweepbook.aggregates.curves import end_rows, end_steps
from sweepbook.aggregates.labels import (
    listing,
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
            'The steps to show: a list of whole numbers and "last". The end of each trial, the '
            'mean of its last five steps, is always shown. Default: ["last"].',
            "steps",
        ),
    },
)


def draw_table(spec: Spec, record: Record) -> Drawn:
    """One row per trial and fidelity of `at` (numbers, "last"), one cell per metric.

    Fidelities beyond a trial's last are left out; "last" is the trial's end (see `end_rows`),
    which is always there.
    """
    arms = choose_arms(record, spec)
    unit = record.unit
    wanted = spec["metrics"]
    table = curves_of(record, wanted, arms)
    at = [v for v in spec.get("at", ["last"]) if not isinstance(v, str)]
    endings = captions.endings_sentence(table, arms, unit)
    ends = end_rows(table, unit, end_steps(record), record.manifest.data.overlap)
    table = with_arms(_rows_at(table, ends, unit, at), arms, unit)
    table = without_replicates(_beside_published(table, record, arms))
    key = ["trial_id", "since", unit]
    steps = table[key].drop_duplicates()
    kept = f"The first {MOST_ROWS} of {len(steps):,} rows." if len(steps) > MOST_ROWS else ""
    shown = table.merge(steps.head(MOST_ROWS), on=key)
    metrics = metrics_in(table, wanted)
    what = captions.metric_words(metrics, record) if len(metrics) == 1 else "means"
    when = f"at {unit} {listing([number(step) for step in at])} and " if at else ""
    said = captions.sentence(f"{what} of each trial {when}at its end")
    cells = _cells(shown, arms, metrics, unit)
    numbers = csv_numbers(table, arms, unit)
    return drawn_of(spec, [said, endings, kept], numbers, cells=cells)


def _rows_at(
    curve: pd.DataFrame, ends: pd.DataFrame, unit: str, at: Sequence[float]
) -> pd.DataFrame:
    """The rows at the fidelities `at`, and each trial's end."""
    single = curve[curve[unit].isin(list(at))]
    single = single.assign(since=single[unit])
    key = ["trial_id", "metric", unit, "since"]
    return pd.concat([single, ends], ignore_index=True).drop_duplicates(key)


def _beside_published(table: pd.DataFrame, record: Record, arms: Arms) -> pd.DataFrame:
    """The table with published values: at the very step where it has a row of its own."""
    table = with_published(table, record, arms)
    twice = table.duplicated(["trial_id", "metric", record.unit], keep=False)
    is_mean = table["since"] < table[record.unit]
    return table.assign(published=table["published"].mask(twice & is_mean))


def _cells(table: pd.DataFrame, arms: Arms, metrics: Sequence[str], unit: str) -> pd.DataFrame:
    rows = []
    for (_, since, last), group in table.groupby(["trial_id", "since", unit], sort=False):
        first = group.iloc[0]
        steps = number(last) if since == last else f"mean of {number(since)}–{number(last)}"
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
        rows.append({**settings, unit: steps, "n": of, **values})
        if group["published"].notna().any():
            printed = by_metric["published"]
            told = {metric_name(m): number(printed.get(m, float("nan"))) for m in metrics}
            rows.append({**settings, unit: number(last), "n": "published", **told})
    cells = pd.DataFrame(rows).astype("str")
    if cells[unit].nunique() > 1:
        return cells
    steps = str(cells[unit].iloc[0]).removeprefix("mean of ")  # said once, above the values
    head = f", mean of {unit}s {steps}" if "–" in steps else f" at {unit} {steps}"
    return cells.drop(columns=unit).rename(
        columns={n: n + head for n in map(metric_name, metrics)}
    )
