"""What a confirmation says: the winners of a search or grid, trained anew with fresh seeds.

A record is one where its manifest has `confirms`: the record of the winners, the settings whose
combinations were compared (`by`), and each winner with the value that chose it. confirm.judge
says what judges them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from sweepbook.aggregates.labels import (
    count,
    listing,
    metric_name,
    number,
    with_half_width,
)
from sweepbook.findings.amounts import amount, behind, interval
from sweepbook.findings.confirm.judge import Judge, judge_of
from sweepbook.findings.confirm.tables import (
    REASON,
    label_of,
    order_table,
    pair_table,
    printed_value,
    steps_that_hold,
    winners_of,
)
from sweepbook.findings.finding import (
    FAILS,
    HOLDS,
    OPEN,
    Finding,
    own_finding,
    quoted,
    unavailable,
)
from sweepbook.findings.question import Question, slug
from sweepbook.findings.wording.ending import told_verdict
from sweepbook.findings.wording.limits import as_sentence, enumerated
from sweepbook.record.load import Record
from sweepbook.stats.intervals import Difference, against_one_run, one_sample, t_quantile
from sweepbook.stats.winners import leave_one_out_winner
from sweepbook.study.claim import Claim

KIND = "confirmation"


def is_confirmation(record: Record) -> bool:
    """Whether the record confirms winners, and some of them have reported."""
    known = record.manifest.confirms is not None and not record.reports.empty
    return known and record.metric in record.reports


def published_questions(record: Record) -> list[Question]:
    """Whether each winner beats the printed single run of the same config, untuned."""
    questions, metric = [], _printed_metric(record, judge_of(record))
    for winner in winners_of(record):
        printed = printed_value(record, winner, metric)
        if printed != printed:
            continue
        label, values = label_of(winner), map(str, winner.settings.values())
        direction: Literal["higher", "lower"] = "higher" if record.mode == "max" else "lower"
        claim = Claim(
            name=f"published-{slug('-'.join(values))}",
            statement="",
            kind="threshold",
            metric=metric,
            reading=f"each at its own number of {record.unit}s, the published one untuned",
            target=printed,
            smallest=0.0,
            reason=REASON,
            direction=direction,
            arms=(winner.settings,),
            labels=(label,),
            family="published",
            single_run=True,
        )
        said = f"{label}, tuned, is {direction} than its published single run"
        questions.append(Question(claim=claim, said=said))
    return questions


def _printed_metric(record: Record, judge: Judge) -> str:
    """The metric that judges, or the study's own where nothing is printed of that one."""
    printed = [printed_value(record, winner, judge.metric) for winner in winners_of(record)]
    return judge.metric if any(value == value for value in printed) else record.metric


def confirmation_findings(record: Record) -> list[Finding]:
    """What is asked of every confirmation: the order, the flattery, the best published value."""
    judge = judge_of(record)
    table = order_table(record, judge)
    found = (
        _differences(judge, table),
        _flattery(judge, table),
        _best_published(judge, table),
    )
    return [quoted(finding) for finding in found if finding is not None]


def _asked(judge: Judge, name: str, claim: str) -> Finding:
    unit = "points" if judge.of_share else ""
    finding = own_finding(judge.record, KIND, name, claim)
    return replace(finding, metric=judge.metric, smallest=0.0, reason=REASON, unit=unit)


def _differences(judge: Judge, table: pd.DataFrame) -> Finding | None:
    pairs = pair_table(judge.record, table)
    if pairs.empty:
        return None
    n_hold, n = int(pairs["holds"].sum()), len(pairs)
    steps = steps_that_hold(table, pairs)
    holds = bool(steps.all()) and bool(table["mean"].notna().all())
    rows = table.to_dict("records")
    texts = [f"{row['label']} {_value(row)}" for row in rows]
    open_pairs = pairs[~pairs["holds"]]
    rest = [f"{a} from {b}" for a, b in zip(open_pairs["arm"], open_pairs["against"], strict=True)]
    apart = [f"not told apart: {enumerated(rest, 3, words=25)}"] if rest else []
    told = [
        f"{judge.value}: {enumerated(texts, 4, words=20)}",
        f"{n_hold} of {count(n, 'difference')} hold (Holm over all pairs)",
        *apart,
        f"from each winner to the next, {int(steps.sum())} of {count(len(steps), 'difference')} "
        "hold, each on its own",
        "the order holds" if holds else f"the order is {OPEN}",
    ]
    return replace(
        _asked(judge, "order", "the order of the winners holds"),
        estimate=n_hold / n,
        unit="share",
        n=int(table["n"].max()),
        family_size=n,
        verdict=HOLDS if holds else OPEN,
        best=str(rows[0]["label"]),
        best_value=float(rows[0]["mean"]),
        found=f"{n_hold} of {n}",
        sentence=" ".join(map(as_sentence, told)),
    )


def _value(row: Mapping[Any, Any]) -> str:
    return with_half_width(row["mean"], row["low"], row["high"])


def _flattery(judge: Judge, table: pd.DataFrame) -> Finding:
    """By how much the values that chose the winners were too good."""
    record = judge.record
    rows = _variance_of_rows(judge, table)
    if rows is None and judge.is_test:  # how far the two splits differ is not known
        judge = Judge(record, record.metric)
        table = order_table(record, judge)
    asked = _asked(judge, "flattery", "the values that chose the winners flatter")
    sign = 1.0 if record.mode == "max" else -1.0
    gaps = sign * (table["search"] - table["beside"]).dropna()
    if gaps.empty:
        return unavailable(asked, "the winners were trained for another length than before")
    found = one_sample(gaps.to_numpy())
    found = _wider(found, math.sqrt(found.se**2 + (rows or 0.0)))
    asked = _with_numbers(judge, asked, found)
    against = "that of the same configs retrained"
    if judge.is_test:
        against = f"the {metric_name(judge.metric)} of the same configs retrained"
    allows = ["the interval allows for other rows in both splits"] if judge.is_test else []
    told = [
        f"the {metric_name(record.metric)} that chose each winner is compared with {against}, at "
        f"{_steps(record, table)}",
        f"it is better by {_amount(judge, found)} over {count(found.n, 'winner')}; above 0 means "
        "that it flatters",
        *allows,
        told_verdict(asked.verdict),
    ]
    return replace(asked, sentence=" ".join(map(as_sentence, told)))


def _variance_of_rows(judge: Judge, table: pd.DataFrame) -> float | None:
    """Of the difference of an accuracy on two splits: what their rows add, at most."""
    known = judge.record.manifest.data.rows
    sizes = [known.get("validation", known.get("val")), known.get("test")]
    mean = float(table["beside"].mean())
    if not (judge.is_test and judge.of_share and 0 <= mean <= 1):
        return None
    if not all(isinstance(n, int) and n > 0 for n in sizes):
        return None
    return mean * (1 - mean) * sum(1 / int(n) for n in sizes if n)


def _steps(record: Record, table: pd.DataFrame) -> str:
    steps = sorted({int(step) for step in table["step"][table["beside"].notna()]})
    return f"{record.unit} {listing([str(step) for step in steps])}"


def _best_published(judge: Judge, table: pd.DataFrame) -> Finding | None:
    """The best winner, on replicates that did not select it, beside the best printed value."""
    record = judge.record
    if (metric := _printed_metric(record, judge)) != judge.metric:
        judge = Judge(record, metric)
        table = order_table(record, judge)
    replicates = [str(name) for name in table if str(name).startswith("replicate_")]
    known = table[table[replicates].notna().all(axis=1)] if replicates else table.head(0)
    printed = table[table["published"].notna()]
    if printed.empty or len(known) < 2:
        return None
    mode: Literal["min", "max"] = "max" if record.mode == "max" else "min"
    best_printed = printed.sort_values("published", ascending=mode == "min").iloc[0]
    target, printed_label = float(best_printed["published"]), str(best_printed["label"])
    scores = leave_one_out_winner(known[replicates].to_numpy(dtype="float64"), mode).scores
    sign = 1.0 if mode == "max" else -1.0
    overlap = record.manifest.data.overlap
    found = against_one_run(sign * (np.asarray(scores) - target), overlap=overlap)
    claim = "the best winner is better than the best published single run"
    asked = _with_numbers(judge, _asked(judge, "published-best", claim), found)
    best = str(known["label"].iloc[0])
    told = [
        f"{best} has the best {judge.value}, {_value(known.iloc[0].to_dict())}",
        f"chosen and scored on different replicates, the best is better than {printed_label}'s "
        f"{number(target)} by {_amount(judge, found)} (n = {found.n})",
        "the interval allows for the scatter of the published run",
        told_verdict(asked.verdict),
    ]
    text = " ".join(map(as_sentence, told))
    return replace(asked, target=target, best=best, sentence=text)


def _wider(found: Difference, se: float) -> Difference:
    """The difference with another standard error."""
    half = t_quantile(0.95, found.df) * se if found.df > 0 else math.nan
    return found._replace(se=se, low=found.mean - half, high=found.mean + half)


def _scale(judge: Judge) -> float:
    return 100.0 if judge.of_share else 1.0


def _amount(judge: Judge, found: Difference) -> str:
    unit, scale = ("points" if judge.of_share else ""), _scale(judge)
    mean, low, high = (amount(scale * v, unit, "+") for v in (found.mean, found.low, found.high))
    bounds = f" ({interval(low, high)})" if math.isfinite(found.low) else ""
    return f"{mean}{behind(unit)}{bounds}"


def _with_numbers(judge: Judge, asked: Finding, found: Difference) -> Finding:
    """The finding with a difference that is claimed to be above 0, and its verdict."""
    scale = _scale(judge)
    return replace(
        asked,
        estimate=scale * found.mean,
        low=scale * found.low,
        high=scale * found.high,
        n=found.n,
        sd=found.sd,
        verdict=HOLDS if found.low > 0 else FAILS if found.high <= 0 else OPEN,
    )


def summary(record: Record) -> str:
    """Where the winners come from, and what judges them, in a few sentences."""
    confirms = record.manifest.confirms
    if confirms is None:
        raise ValueError(f"{record.path} confirms no other record")
    n, judge, seed = record.manifest.n_replicates, judge_of(record), record.manifest.seed
    winners = confirms.trials
    which = f" ({label_of(winners[0])})" if len(winners) == 1 else ""
    verb = "was" if len(winners) == 1 else "were"
    return (
        f"{count(len(winners), 'winner')}{which} of the record {confirms.record} (seed "
        f"{confirms.seed}) {verb} trained anew with {n} fresh seeds (study seed {seed}) and "
        "without early stopping. No seed that chose a config scores it here. "
        f"{judge.rows_sentence}"
    ).rstrip()
