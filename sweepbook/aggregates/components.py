"""Crossed sources of chance: their values at the end of every trial, and what each adds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sweepbook.aggregates.curves import curve_table, end_rows, end_steps
from sweepbook.aggregates.labels import is_share, listing, setting_name
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.trials import varying_columns
from sweepbook.record.load import CONFIG, Record
from sweepbook.stats.components import LEAST, components
from sweepbook.stats.intervals import FloatArray

KIND = "components"  # of the figure by which a study declares its sources of chance
TWO_RESULTS = 1.96 * math.sqrt(2)  # standard deviations: 95 % of all pairs differ by less


def declared_sources(record: Record) -> Spec | None:
    """The study's first figure of its sources of chance; None where it declares none."""
    specs = (dict(spec) for spec in record.manifest.study.figures if spec.get("kind") == KIND)
    return next((spec for spec in specs if spec.get("sources") and spec.get("metrics")), None)


def differ_by_chance(record: Record) -> bool:
    """Whether the trials differ in nothing but declared sources of chance: none can be best."""
    spec = declared_sources(record)
    varying = {name.removeprefix(CONFIG) for name in varying_columns(record.trials)}
    return spec is not None and varying <= set(spec["sources"])


def source_values(
    record: Record, sources: Sequence[str], metrics: Sequence[str], trials: pd.DataFrame
) -> dict[str, FloatArray]:
    """Returns metric -> its values at the end of the trials, with an axis per source.

    Args:
        trials: rows of the record's trials, which must hold every combination of the sources'
            values once.

    Raises:
        NothingToDraw: a source is no setting, has one value, or a combination lacks a value.
    """
    columns = [CONFIG + name for name in sources]
    if lacking := [name for name in sources if CONFIG + name not in trials]:
        raise NothingToDraw(f"the trials have no setting {listing(lacking)}")
    if trials.duplicated(columns).any():
        raise NothingToDraw(f"several trials have the same values of {listing(list(sources))}")
    levels = [sorted(trials[column].unique()) for column in columns]
    shape = tuple(map(len, levels))
    if min(shape) < LEAST:
        raise NothingToDraw(f"each of {listing(list(sources))} needs at least two values")
    curve = curve_table(record, metrics, trials)
    ends = end_rows(curve, record.unit, end_steps(record), record.manifest.data.overlap)
    ends = ends.merge(trials[["trial_id", *columns]], on="trial_id")
    every = pd.MultiIndex.from_product(levels, names=columns)
    found = {}
    for metric in metrics:
        known = ends[ends["metric"] == metric].set_index(columns)["mean"].dropna()
        if len(known) != len(every):
            raise NothingToDraw(
                f"only {len(known)} of the {len(every)} combinations of {listing(list(sources))} "
                f"have a value of {metric}"
            )
        found[metric] = known.reindex(every).to_numpy(np.float64).reshape(shape)
    return found


def component_table(values: Mapping[str, FloatArray], sources: Sequence[str]) -> pd.DataFrame:
    """Returns a row per metric and effect: metric, effect, sources, sd, low, high, share.

    Args:
        values: metric -> its values (n_1, ..., n_k).
        sources: the k settings.

    Returns:
        effect in words; sources: its settings, joined by " x "; sd with its 95 % interval low,
        high, in points where the metric is a share; share: of the sum of all variances.
    """
    rows = []
    for metric, own in values.items():
        scale = 100.0 if is_share(metric) else 1.0
        for one in components(own, sources):
            is_rest = len(one.sources) == len(sources) > 1
            effect = "the rest" if is_rest else " and ".join(map(setting_name, one.sources))
            row = {"metric": metric, "effect": effect, "sources": " x ".join(one.sources)}
            sizes = {"sd": scale * one.sd, "low": scale * one.low, "high": scale * one.high}
            rows.append(row | sizes | {"share": one.share})
    return pd.DataFrame(rows)
