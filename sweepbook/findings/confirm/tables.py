"""A confirmation's winners in their order, and every two of them compared."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.aggregates.hits import hits_interval
from sweepbook.aggregates.published import published_value
from sweepbook.findings.arm import Arm
from sweepbook.findings.arms import settings_label, value_table
from sweepbook.findings.confirm.judge import Judge, judge_of
from sweepbook.findings.deciding.of_record import outcome
from sweepbook.findings.deciding.outcomes import Comparison
from sweepbook.findings.deciding.over_rows import compare_rows
from sweepbook.findings.deciding.verdicts import ALPHA
from sweepbook.findings.values import value_at
from sweepbook.record.load import CONFIG, Record
from sweepbook.record.origin.derived import Winner
from sweepbook.stats.intervals import Difference, one_sample
from sweepbook.stats.multiple import holm
from sweepbook.stats.unusual import unusual_seeds
from sweepbook.study.claim import Claim

REASON = "any difference that the replicates can tell"


def winners_of(record: Record) -> tuple[Winner, ...]:
    """The winners that the record confirms; () where it confirms none."""
    return record.manifest.confirms.trials if record.manifest.confirms else ()


def label_of(winner: Winner) -> str:
    """A winner by the settings that name it; an earlier version gave the only one none."""
    return settings_label(winner.settings) if winner.settings else "the best of all trials"


def printed_value(record: Record, winner: Winner, metric: str) -> float:
    """What is published about the same combination untuned; NaN where nothing is."""
    by = record.manifest.confirms.by if record.manifest.confirms else ()
    settings = {key: value for key, value in winner.settings.items() if key in by}
    return published_value(record, settings, metric)


def order_table(record: Record, judge: Judge | None = None) -> pd.DataFrame:
    """One row per winner, the best first; those without a value for every replicate last.

    Columns: label, the settings that name it as config/*, tuned (the other tuned settings as a
    text), metric (which judges), mean, low, high (95 %: over test rows and replicates at the last
    step, else t of the mean of the last 5 steps), n, replicate_* (of each), search (the value
    that chose it, of the study's own metric), step (of that value), beside (mean of the judging
    metric at that step; NaN where it is not of the same training: a trial of another length of a
    study that is not extendable), last (step trained), published (the printed value of the same
    config untuned; NaN where there is none), trial_id, problem.

    judge: what judges; None: test rows where there are any.
    """
    judge = judge or judge_of(record)
    table = pd.DataFrame([_row(judge, winner) for winner in winners_of(record)])
    ascending = record.mode == "min"
    return table.sort_values("mean", ascending=ascending, kind="stable", ignore_index=True)


def _row(judge: Judge, chosen: Winner) -> dict[str, Any]:
    record = judge.record
    arm = value_at(record, chosen.settings, judge.metric, judge.fidelity)
    found, values = _mean(judge, arm)
    table = value_table(record, arm.trial_id, judge.metric) if arm.trial_id else None
    return (
        {"label": label_of(chosen)}
        | {CONFIG + key: value for key, value in chosen.settings.items()}
        | {"tuned": _tuned(record, chosen, arm.trial_id), "metric": judge.metric}
        | {"mean": found.mean, "low": found.low, "high": found.high, "n": len(values)}
        | {f"replicate_{i}": value for i, value in values.items()}
        | {"search": chosen.value, "step": chosen.fidelity}
        | {"beside": _beside(record, table, chosen.fidelity)}
        | {"last": math.nan if table is None else int(table.index[-1])}
        | {"published": printed_value(record, chosen, judge.metric)}
        | {"trial_id": arm.trial_id, "problem": arm.problem}
    )


def _mean(judge: Judge, arm: Arm) -> tuple[Difference, pd.Series[float]]:
    """A winner's mean with its interval, and its replicates' values."""
    if arm.problem:
        return one_sample([math.nan]), arm.values
    if own := judge.hits.get(arm.trial_id):
        return hits_interval(own), own.table.mean()
    overlap = judge.record.manifest.data.overlap
    return one_sample(arm.values.to_numpy(dtype="float64"), overlap=overlap), arm.values


def _tuned(record: Record, winner: Winner, trial_id: str) -> str:
    """The tuned settings of a winner that do not name it, as a text."""
    keys = record.manifest.confirms.tuned if record.manifest.confirms else ()
    trials = record.trials[record.trials["trial_id"] == trial_id].to_dict("records")
    config = trials[0] if trials else {}
    rest = [key for key in keys if key not in winner.settings and CONFIG + key in config]
    return settings_label({key: config[CONFIG + key] for key in rest}) if rest else ""


def _beside(record: Record, table: pd.DataFrame | None, step: int) -> float:
    if table is None or step not in table.index:
        return math.nan
    if step != table.index[-1] and not record.manifest.study.extendable:
        return math.nan
    return float(table.loc[step].to_numpy(dtype="float64").mean())


def pair_table(record: Record, order: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every two winners, the better one first: is there a difference that holds?

    Columns: arm, against, difference (in the metric's unit), low, high (95 %, over test rows and
    replicates, else t: paired where the data say so), n, p (two-sided, of none), p_holm (adjusted
    for all pairs), holds.

    order: `order_table` of the record, where it is known already.
    """
    judge = judge_of(record)
    known = order_table(record, judge) if order is None else order
    known = known[known["mean"].notna()]
    winners = {label_of(winner): winner for winner in winners_of(record)}
    ids = dict(zip(known["label"], known["trial_id"], strict=True))
    rows = []
    for arm, against in itertools.combinations(known["label"], 2):
        places = (ids[arm], ids[against])
        found = _pair(judge, winners[arm], winners[against], places)
        if found is not None:
            shown = {name: getattr(found.difference, name) for name in ("low", "high", "n")}
            row = {"arm": arm, "against": against, "difference": found.difference.mean, **shown}
            rows.append(row | {"p": found.guarded_p})
    columns = ["arm", "against", "difference", "low", "high", "n", "p"]
    pairs = pd.DataFrame(rows, columns=columns)
    adjusted = holm(pairs["p"].astype("float64").to_numpy())
    return pairs.assign(p_holm=adjusted, holds=adjusted <= ALPHA)


def _pair(judge: Judge, a: Winner, b: Winner, ids: tuple[str, str]) -> Comparison | None:
    record = judge.record
    if all(trial_id in judge.hits for trial_id in ids):
        seeds = {name: hits.table.mean().to_numpy("float64") for name, hits in judge.hits.items()}
        others = [values for name, values in seeds.items() if name not in ids]
        unusual = unusual_seeds([seeds[name] for name in ids], others)
        first, second = (judge.hits[name] for name in ids)
        return compare_rows("pair", (0.0, math.inf), first, second, unusual)
    claim = Claim(
        name="pair",
        statement="",
        kind="direction",
        metric=judge.metric,
        smallest=0.0,
        reason=REASON,
        direction="higher" if record.mode == "max" else "lower",
        arms=(a.settings, b.settings),
    )
    tests = outcome(record, claim).tests
    return tests[0] if tests else None


def steps_that_hold(order: pd.DataFrame, pairs: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Whether each winner with a value differs from the next one, each alone at 5 %.

    The order holds where all do: an intersection-union test, which needs no correction.
    """
    labels = order.loc[order["mean"].notna(), "label"].tolist()
    p = pairs.set_index(["arm", "against"])["p"]
    steps = [p.get(step, math.nan) <= ALPHA for step in itertools.pairwise(labels)]
    return np.array(steps, dtype=bool)
