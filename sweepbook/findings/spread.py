"""What a study of crossed sources of chance found: how much each alone moves a result."""

from __future__ import annotations

from dataclasses import replace

from sweepbook.aggregates.components import (
    TWO_RESULTS,
    component_table,
    declared_sources,
    source_values,
)
from sweepbook.aggregates.labels import is_share, metric_name, number, setting_name
from sweepbook.aggregates.nothing import NothingToDraw
from sweepbook.aggregates.trials import select_trials
from sweepbook.findings.finding import HOLDS, OPEN, Finding, own_finding, quoted, unavailable
from sweepbook.record.load import Record

KIND = "spread"
_NONE_SEEN = "its interval contains 0"


def spread_findings(record: Record) -> list[Finding]:
    """One finding per source of chance, of the first metric; none where none are declared.

    That the metric depends on a source holds where the interval of its standard deviation
    excludes 0; it is undecided otherwise. The estimate is that standard deviation.
    """
    spec = declared_sources(record)
    if spec is None:
        return []
    sources, metric = list(spec["sources"]), spec["metrics"][0]
    asked = [_asked(record, source, metric) for source in sources]
    try:
        trials = select_trials(record.trials, spec.get("where") or {})
        values = source_values(record, sources, [metric], trials)
    except (NothingToDraw, ValueError) as error:
        return [unavailable(finding, str(error)) for finding in asked]
    table = component_table(values, sources).set_index("sources")
    shape = dict(zip(sources, values[metric].shape, strict=True))
    found = []
    for source, finding in zip(sources, asked, strict=True):
        sd, low, high = map(float, table.loc[source, ["sd", "low", "high"]])
        found.append(quoted(_found(finding, sd, low, high, shape[source])))
    return found


def _asked(record: Record, source: str, metric: str) -> Finding:
    claim = f"the {metric_name(metric)} depends on the {setting_name(source)}"
    return replace(own_finding(record, KIND, f"spread-{source}", claim), metric=metric)


def _found(finding: Finding, sd: float, low: float, high: float, n_levels: int) -> Finding:
    unit = "points" if is_share(finding.metric) else ""
    told, most = (
        f"{number(size, 3)}{f' {unit}' if unit else ''}" for size in (sd, TWO_RESULTS * sd)
    )
    bounds = f"95 % interval {number(low, 3)} to {number(high, 3)}, {n_levels} values"
    does = low > 0
    ending = "This holds" if does else f"Undecided, since {_NONE_SEEN}"
    return replace(
        finding,
        verdict=HOLDS if does else OPEN,
        why="" if does else _NONE_SEEN,
        estimate=sd,
        low=low,
        high=high,
        level=0.95,
        unit=unit,
        sample=f"{n_levels} values",
        detectable=TWO_RESULTS * sd,
        sentence=(
            f"Its standard deviation is {told} ({bounds}). Two results that differ in this alone "
            f"are up to {most} apart, 95 times in 100. {ending}."
        ),
    )
