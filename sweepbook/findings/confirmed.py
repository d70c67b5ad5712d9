"""What a confirmation says: a search's winners, trained anew with seeds that chose nothing.

A record is one where its manifest has `confirms`: the search's record, the settings whose
combinations were compared (`by`), and each winner with the value that chose it. Order and
differences are of the mean of the last 5 steps; beside the search, whose value is of one step,
stands that step.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from sweepbook.aggregates.labels import (
    count,
    is_share,
    listing,
    metric_name,
    number,
    with_half_width,
)
from sweepbook.aggregates.published import published_value
from sweepbook.findings.amounts import amount, behind, interval
from sweepbook.findings.arms import settings_label, value_table
from sweepbook.findings.deciding.of_record import outcome
from sweepbook.findings.deciding.verdicts import ALPHA
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
from sweepbook.findings.values import value_at
from sweepbook.record.load import CONFIG, Record
from sweepbook.record.manifest import Winner
from sweepbook.stats.intervals import (
    Difference,
    against_one_run,
    one_sample,
    t_interval,
)
from sweepbook.stats.multiple import holm
from sweepbook.stats.winners import leave_one_out_winner
from sweepbook.study.claim import Claim

KIND = "confirmation"
_REASON = "any difference that the replicates can tell"


def is_confirmation(record: Record) -> bool:
    """Whether the record confirms a search's winners, and some of them have reported."""
    known = record.manifest.confirms is not None and not record.reports.empty
    return known and record.metric in record.reports


def winners_of(record: Record) -> tuple[Winner, ...]:
    """The winners of the search that the record confirms; () where it confirms none."""
    return record.manifest.confirms.trials if record.manifest.confirms else ()


def winner_settings(record: Record) -> list[dict[str, Any]]:
    """The settings that name each winner, in the order of the search's cells."""
    return [dict(winner.settings) for winner in winners_of(record)]


def order_table(record: Record) -> pd.DataFrame:
    """One row per winner, the best first; those without a value for every replicate last.

    Columns: label, the settings compared as config/*, mean, low, high (95 % t interval of the
    mean of the last 5 steps), n, replicate_* (of each), search (the value that chose it), step
    (of that value), beside (mean at that step; NaN where it is not of the same training: a trial
    of another length of a study that is not extendable), last (step trained), published (the
    printed value of the same config untuned; NaN where there is none), trial_id, problem.
    """
    rows = []
    for chosen in winners_of(record):
        settings = dict(chosen.settings)
        arm = value_at(record, settings, record.metric)
        values = arm.values.to_numpy(dtype="float64") if not arm.problem else np.array([math.nan])
        own = t_interval(values)
        table = value_table(record, arm.trial_id, record.metric) if arm.trial_id else None
        rows.append(
            {"label": settings_label(settings)}
            | {CONFIG + key: value for key, value in settings.items()}
            | {"mean": float(own.mean), "low": float(own.low)}
            | {"high": float(own.high), "n": len(arm.values)}
            | {f"replicate_{i}": value for i, value in arm.values.items()}
            | {"search": chosen.value, "step": chosen.fidelity}
            | {"beside": _beside(record, table, chosen.fidelity)}
            | {"last": math.nan if table is None else int(table.index[-1])}
            | {"published": published_value(record, settings, record.metric)}
            | {"trial_id": arm.trial_id, "problem": arm.problem}
        )
    table = pd.DataFrame(rows)
    return table.sort_values(
        "mean", ascending=record.mode == "min", kind="stable", ignore_index=True
    )


def _beside(record: Record, table: pd.DataFrame | None, step: int) -> float:
    if table is None or step not in table.index:
        return math.nan
    if step != table.index[-1] and not record.manifest.study.extendable:
        return math.nan
    return float(table.loc[step].to_numpy(dtype="float64").mean())


def pair_table(record: Record) -> pd.DataFrame:
    """Every two winners, the better one first: is there a difference that holds?

    Columns: arm, against, difference (in the metric's unit), low, high (95 % t interval, paired
    where the data say so), n, p (two-sided, of none), p_holm (adjusted for all pairs), holds.
    """
    known = order_table(record)
    known = known[known["mean"].notna()]
    settings = {settings_label(own): own for own in winner_settings(record)}
    rows = []
    for arm, against in itertools.combinations(known["label"], 2):
        claim = Claim(
            name="pair",
            statement="",
            kind="direction",
            metric=record.metric,
            smallest=0.0,
            reason=_REASON,
            direction="higher" if record.mode == "max" else "lower",
            arms=(settings[arm], settings[against]),
        )
        found = outcome(record, claim)
        if not found.tests:
            continue
        gap = found.tests[0].difference
        row = {"arm": arm, "against": against, "difference": gap.mean, "n": gap.n}
        rows.append(row | {"low": gap.low, "high": gap.high, "p": found.tests[0].guarded_p})
    columns = ["arm", "against", "difference", "low", "high", "n", "p"]
    pairs = pd.DataFrame(rows, columns=columns)
    adjusted = holm(pairs["p"].astype("float64").to_numpy())
    return pairs.assign(p_holm=adjusted, holds=adjusted <= ALPHA)


def published_questions(record: Record) -> list[Question]:
    """Whether each winner beats the printed single run of the same config, untuned."""
    questions = []
    for settings in winner_settings(record):
        printed = published_value(record, settings, record.metric)
        if printed != printed:
            continue
        label = settings_label(settings)
        direction: Literal["higher", "lower"] = "higher" if record.mode == "max" else "lower"
        claim = Claim(
            name=f"published-{slug('-'.join(map(str, settings.values())))}",
            statement="",
            kind="threshold",
            metric=record.metric,
            reading=f"each at its own number of {record.unit}s, the published one untuned",
            target=printed,
            smallest=0.0,
            reason=_REASON,
            direction=direction,
            arms=(settings,),
            labels=(label,),
            family="published",
            single_run=True,
        )
        said = f"{label}, tuned, is {direction} than its published single run"
        questions.append(Question(claim=claim, said=said))
    return questions


def confirmation_findings(record: Record) -> list[Finding]:
    """What is asked of every confirmation: the order, the flattery, the best published value."""
    table = order_table(record)
    found = (_differences(record, table), _flattery(record, table), _best_published(record, table))
    return [quoted(finding) for finding in found if finding is not None]


def _asked(record: Record, name: str, claim: str) -> Finding:
    unit = "points" if is_share(record.metric) else ""
    finding = own_finding(record, KIND, name, claim)
    return replace(finding, smallest=0.0, reason=_REASON, unit=unit)


def _differences(record: Record, table: pd.DataFrame) -> Finding | None:
    pairs = pair_table(record)
    if pairs.empty:
        return None
    n_hold, n = int(pairs["holds"].sum()), len(pairs)
    texts = [f"{r['label']} {_value(record, r)}" for r in table.to_dict("records")]
    open_pairs = pairs[~pairs["holds"]]
    rest = [f"{a} from {b}" for a, b in zip(open_pairs["arm"], open_pairs["against"], strict=True)]
    text = f"{listing(texts, most=20)}. {n_hold} of {n} differences hold (Holm over all pairs)"
    text += f"; not told apart: {listing(rest, most=8)}." if rest else "."
    return replace(
        _asked(record, "order", "the order of the winners holds"),
        estimate=n_hold / n,
        unit="share",
        n=int(table["n"].max()),
        family_size=n,
        verdict=HOLDS if n_hold == n else OPEN,
        sentence=text,
    )


def _value(record: Record, row: Mapping[Any, Any]) -> str:
    return with_half_width(row["mean"], row["low"], row["high"])


def _flattery(record: Record, table: pd.DataFrame) -> Finding:
    """By how much the search's values were too good: they chose the winners."""
    asked = _asked(record, "flattery", "the search's best values flatter")
    sign = 1.0 if record.mode == "max" else -1.0
    gaps = sign * (table["search"] - table["beside"]).dropna()
    if gaps.empty:
        return unavailable(asked, "the winners were trained for another length than in the search")
    found = one_sample(gaps.to_numpy())
    asked = _with_numbers(record, asked, found)
    text = (
        "gain in the search over the same configs retrained (above 0: the search flatters): "
        f"{_amount(record, found)}, over {count(found.n, 'winner')}, at {_steps(record, table)}: "
        f"{asked.verdict}."
    )
    return replace(asked, sentence=text)


def _steps(record: Record, table: pd.DataFrame) -> str:
    steps = sorted({int(step) for step in table["step"][table["beside"].notna()]})
    return f"{record.unit} {listing([str(step) for step in steps])}"


def _best_published(record: Record, table: pd.DataFrame) -> Finding | None:
    """The best winner, on replicates that did not select it, beside the best printed value."""
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
    found = against_one_run(sign * (np.asarray(scores) - target))
    claim = "the best winner is better than the best published single run"
    asked = _with_numbers(record, _asked(record, "published-best", claim), found)
    best = str(known["label"].iloc[0])
    text = (
        f"{best} has the best mean, {_value(record, known.iloc[0].to_dict())}; chosen and scored "
        f"on different replicates the best is better than {printed_label}'s {number(target)} by "
        f"{_amount(record, found)}, n = {found.n}: {asked.verdict}."
    )
    return replace(asked, target=target, best=best, sentence=text)


def _scale(record: Record) -> float:
    return 100.0 if is_share(record.metric) else 1.0


def _amount(record: Record, found: Difference) -> str:
    unit, scale = ("points" if is_share(record.metric) else ""), _scale(record)
    mean, low, high = (amount(scale * v, unit, "+") for v in (found.mean, found.low, found.high))
    bounds = f" ({interval(low, high)})" if math.isfinite(found.low) else ""
    return f"{mean}{behind(unit)}{bounds}"


def _with_numbers(record: Record, asked: Finding, found: Difference) -> Finding:
    """The finding with a difference that is claimed to be above 0, and its verdict."""
    scale = _scale(record)
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
    """Where the winners come from, in two sentences."""
    confirms = record.manifest.confirms
    if confirms is None:
        raise ValueError(f"{record.path} confirms no search")
    n = record.manifest.n_replicates
    return (
        f"{count(len(confirms.trials), 'winner')} of the search {confirms.record} (seed "
        f"{confirms.seed}) trained anew with {n} fresh seeds (study seed "
        f"{record.manifest.seed}) and without early stopping. What chose a config does not "
        f"score it here; the {metric_name(record.metric)} that chose it is told beside it."
    )
