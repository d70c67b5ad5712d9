"""The text of a replay: its sentences and its table, computed from the frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sweepbook.aggregates.labels import arm_labels, count, listing, metric_name, number
from sweepbook.aggregates.trials import varying_columns
from sweepbook.record.load import Record
from sweepbook.replay.close import as_good, winner_of
from sweepbook.replay.table import KEEPS, cheapest
from sweepbook.replay.virtual import Curve
from sweepbook.study.texts import markdown_text


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How searches were drawn (see full_curves, arrivals), and the margin of what is as good.

    margin: None where nobody stated one. of_claims: whether it is from the study's claims.
    """

    seed: int
    equal_times: bool
    jitter: float
    margin: float | None
    of_claims: bool


def n_close(curves: Sequence[Curve], margin: float | None) -> int:
    """How many of the curves are as good as the winner, it included."""
    return 1 if margin is None else int(as_good(curves, winner_of(curves), margin).sum())


def replay_page(record: Record, curves: Sequence[Curve], table: pd.DataFrame, asked: Asked) -> str:
    """The page as markdown; beside it are expected replay.csv and replay.png."""
    n_orders = int(table["n_orders"].iloc[0])
    said = [
        " ".join([*_what(record, curves), *_close(record, curves, asked)]),
        f"Each setting of ASHA met the same {n_orders:,} simulated searches (seed "
        f"{asked.seed}). Each search draws {len(curves)} configs from these at random, some of "
        f"them twice, and trains them in a random order. {_clock(asked, record.unit)}",
        *_answers(table, record.unit, asked.margin),
    ]
    parts = [
        f"# {markdown_text(record.name)} replayed through ASHA",
        *map(markdown_text, said),
        "![What each setting spends, keeps and loses](replay.png)",
        _table(record, table, asked),
        markdown_text(" ".join(_reading(record, table, asked))),
    ]
    return "\n\n".join(parts) + "\n"


def _what(record: Record, curves: Sequence[Curve]) -> list[str]:
    sign = 1.0 if record.mode == "max" else -1.0
    ranked = sorted((c for c in curves if math.isfinite(c.final)), key=lambda c: -c.final)
    best = ranked[0]
    trials = record.trials[record.trials["trial_id"].isin([c.trial_id for c in curves])]
    labels = arm_labels(trials, varying_columns(trials))
    metric = metric_name(record.metric)
    texts = [
        f"{count(len(curves), 'full curve')} of {count(len(record.trials), 'trial')}, "
        f"{sum(len(c.values) for c in curves):,} {record.unit}s.",
        f"The winner by final {metric} (mean over replicates) is {labels[best.trial_id]}: "
        f"{number(sign * best.final)}.",
    ]
    if len(ranked) > 1:
        gap = best.final - ranked[1].final
        texts.append(f"The next, {labels[ranked[1].trial_id]}, is {number(gap, 3)} worse.")
    left = record.trials[~record.trials["trial_id"].isin(trials["trial_id"])]
    if len(left):
        kinds = [f"{n} {status}" for status, n in left["status"].value_counts().items()]
        texts.append(f"Left out, without a full curve: {listing(kinds)}.")
    if (left["status"] == "stopped").any():
        texts.append(
            "A scheduler stopped the worse ones, so that what ASHA saves is understated here."
        )
    diverged = len(curves) - len(ranked)
    if diverged:
        texts.append(f"{count(diverged, 'trial')} diverged; ASHA ends such a trial at once.")
    return texts


def _close(record: Record, curves: Sequence[Curve], asked: Asked) -> list[str]:
    """Which trials are as good as the winner, by whose margin, as sentences."""
    margin, n = asked.margin, len(curves[winner_of(curves)].finals)
    if margin is None:
        return [
            "No claim of the study says which difference of "
            f"{metric_name(record.metric)} matters, so no other trial counts as good as the "
            "winner. State such a difference with --margin."
        ]
    source = "the smallest difference of the study's claims" if asked.of_claims else "--margin"
    if n < 2:
        return [
            f"The margin is {number(margin)} ({source}). With one replicate it is not known "
            "which trials are worse than the winner by at most this margin."
        ]
    good = n_close(curves, margin)
    return [
        f"{count(good, 'trial')}, the winner included, {'is' if good == 1 else 'are'} as good: "
        f"known to be worse by at most the margin of {number(margin)} ({source}). Known means: "
        f"by the upper 95 % bound of the difference, paired over {n} replicates."
    ]


def _clock(clock: Asked, unit: str) -> str:
    times = "the same time" if clock.equal_times else "its recorded seconds"
    text = f"Every {unit} takes {times}"
    if clock.jitter:
        text += ", times a pace that differs from trial to trial and order to order (log-normal, "
        text += f"sigma {number(clock.jitter)})"
    return text + "; a trial starts at no cost."


def _answers(table: pd.DataFrame, unit: str, margin: float | None) -> list[str]:
    kinds = {"kept": "keeps the winner"}
    if margin is not None:
        kinds["kept_close"] = (
            f"keeps a trial that is known to be worse than the winner by at most {number(margin)}"
        )
    return [_answer(table, unit, kept, words) for kept, words in kinds.items()]


def _answer(table: pd.DataFrame, unit: str, kept: str, words: str) -> str:
    parts = []
    rows = cheapest(table, kept).set_index("n_workers")
    for n in dict.fromkeys(table["n_workers"]):
        own, workers = table[table["n_workers"] == n], count(int(n), "worker")
        if n in rows.index:
            row = rows.loc[n]
            parts.append(
                f"with {workers} grace period {row['grace_period']:.0f} and reduction factor "
                f"{row['reduction_factor']:.0f} ({100 * row['share']:.0f} % of the {unit}s, "
                f"{100 * row['time'] / row['time_full']:.0f} % of the time)"
            )
        else:
            parts.append(f"with {workers} none (at most {100 * own[kept].max():.0f} %)")
    return (
        f"The cheapest setting tried that {words} in {100 * KEEPS:.0f} % of the searches or more: "
        f"{'; '.join(parts)}."
    )


def _table(record: Record, table: pd.DataFrame, asked: Asked) -> str:
    chances = {"kept": "winner kept"}
    if asked.margin is not None:
        chances["kept_close"] = f"winner, or one at most {number(asked.margin)} worse, kept"
    clock = f"{record.unit}s until the end" if asked.equal_times else "seconds until the end"
    columns = [
        *("workers", "grace period", "reduction factor", f"share of {record.unit}s"),
        *(*chances.values(), "regret", "largest regret"),
        *("trials to the end", clock, "without ASHA"),
    ]
    lines = [f"| {' | '.join(map(markdown_text, columns))} |", f"|{'---|' * len(columns)}"]
    for row in table.to_dict("records"):
        spent = f"{row['share']:.3f} ({row['share_q025']:.3f} to {row['share_q975']:.3f})"
        kept = [f"{row[k]:.3f} ({row[f'{k}_low']:.3f} to {row[f'{k}_high']:.3f})" for k in chances]
        bounds = f"{number(row['regret_q025'], 3)} to {number(row['regret_q975'], 3)}"
        cells = [
            *(str(row["n_workers"]), str(row["grace_period"]), str(row["reduction_factor"])),
            *(spent, *kept, f"{number(row['regret'], 3)} ({bounds})"),
            *(number(row["regret_largest"], 3), f"{row['n_finished']:.1f} of {row['n_trials']}"),
            *(number(row["time"], 3), number(row["time_full"], 3)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _reading(record: Record, table: pd.DataFrame, clock: Asked) -> list[str]:
    metric = metric_name(record.metric)
    texts = [
        f"Share of {record.unit}s, regret and times are means over the searches, in brackets "
        "2.5 % to 97.5 % of single searches. Shares of searches have in brackets 2.5 % to 97.5 % "
        "of the draws of configs: much depends on which config is the best of a draw. Regret: by "
        f"how much the best final {metric} of the trials that trained to their end is worse than "
        "the winner's, in the metric's own unit. The noise of the replicates is not in these "
        "intervals. It is in the bound that decides which trials are as good.",
    ]
    n_trials = int(table["n_trials"].iloc[0])
    if (table["n_workers"] >= n_trials).any():
        decide = "paces alone decide" if clock.jitter else "only the recorded times decide"
        decide = "ties are decided by the order" if clock.equal_times else decide
        texts.append(f"With {n_trials} workers or more all trials start at once, and {decide}.")
    without = int(table["n_without"].max())
    if without:
        texts.append(
            f"In {without:,} or fewer of the searches of a setting no trial with a finite value "
            "trained to its end; their regret is unknown and left out."
        )
    return texts
