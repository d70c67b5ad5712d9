"""What to check before believing a search, as findings with advice.

Rules, after the tuning playbook (Godbole et al. 2023), each with its threshold stated here:
the best trial of no cell lies within 5 % of an end of a range; no more than 10 % of the trials
diverge; of the best 5 trials at most half are at their best in the last tenth of their training;
each cell has 10 trials or more per open setting (the rule of Loeppky, Sacks and Welch 2009 for
computer experiments). Trials that were stopped are censored: only those at full length rank.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from sweepbook.aggregates.curves import best_rows
from sweepbook.aggregates.labels import (
    count,
    listing,
    metric_name,
    number,
    setting_name,
    setting_value,
)
from sweepbook.aggregates.search import Search, place_of
from sweepbook.findings.amounts import interval
from sweepbook.findings.finding import (
    FAILS,
    HOLDS,
    OPEN,
    Finding,
    own_finding,
    quoted,
    unavailable,
)
from sweepbook.findings.wording.limits import as_sentence, enumerated, n_words
from sweepbook.record.load import CONFIG
from sweepbook.stats.shares import exact_share

EDGE = 0.05  # of a range, on its scale
MOST_DIVERGED = 0.1
TOP, LAST_PART = 5, 0.1
TRIALS_PER_SETTING = 10
KIND = "search"
_LEAST_DIVERGED = 3  # of which it is said where they lie


def search_findings(search: Search) -> list[Finding]:
    """One finding per check; kind "search"."""
    checks = (_at_an_end, _diverged, _still_improving, _too_few)
    return [quoted(check(search)) for check in checks]


def _asked(search: Search, name: str, claim: str, smallest: float, reason: str) -> Finding:
    finding = own_finding(search.record, KIND, f"search-{name}", claim)
    return replace(finding, smallest=smallest, reason=reason)


def headline(search: Search) -> str:
    """The best trial at full length in one sentence of at most 25 words; "" without one."""
    full = search.ranked(search.trials)
    if full.empty:
        return ""
    value = f"{metric_name(search.record.metric)} {number(full.iloc[0]['value'])}"
    head = f"The best of {count(len(full), 'trial')} at full length has {value}"
    settings = enumerated(_settings(search, full), 4, words=24 - n_words(head))
    text = f"{head}: {settings}"
    return as_sentence(text if n_words(text) <= 25 else head)


def _settings(search: Search, full: pd.DataFrame) -> list[str]:
    """The settings of the best trial that were searched: "depth 6"."""
    best = full.iloc[0]
    return [f"{setting_name(key)} {setting_value(best[CONFIG + key])}" for key in search.varied()]


def summary(search: Search) -> str:
    """What the search found, in a few sentences; says that the best value flatters."""
    full = search.ranked(search.trials)
    n = len(search.trials)
    counts = search.trials["status"].value_counts()
    ended = [f"{counts[s]} {s}" for s in ("stopped", "diverged", "failed") if s in counts]
    said = f"{count(n, 'trial')}" + (f", of which {listing(ended)}" if ended else "")
    if full.empty:
        return f"The search has {said}; none has reached full length with finite values."
    return (
        f"The search has {said}; {count(len(full), 'trial')} reached full length. The settings "
        f"of the best are {enumerated(_settings(search, full), 20, words=25)}. It was chosen "
        f"among {len(full)} by the very values that score it (n = {int(full.iloc[0]['n'])}), so "
        "that it flatters. To train it anew with other seeds, run sweepbook confirm."
    )


def _leaders(search: Search) -> pd.DataFrame:
    """The best trial at full length of each cell."""
    best = [search.ranked(own).head(1) for _, own in search.trials.groupby("cell")]
    return pd.concat(best) if best else search.trials.head(0)


def _at_an_end(search: Search) -> Finding:
    claim = "the best trial lies inside every range"
    reason = "5 % of a range, on the scale on which it is searched"
    asked = _asked(search, "inside-ranges", claim, EDGE, reason)
    leaders = _leaders(search)
    ranges = {k: d for k, d in search.space.items() if d["kind"] != "choice"}
    if leaders.empty or not ranges:
        why = "no setting has a range" if not ranges else "no trial has reached full length yet"
        return unavailable(asked, why)
    found: dict[tuple[str, str], list[float]] = {}
    for leader in leaders.to_dict("records"):
        for key, domain in ranges.items():
            value = leader[CONFIG + key]
            place = place_of(domain, value)
            if place <= EDGE or place >= 1 - EDGE:
                end = "lower" if place <= EDGE else "upper"
                found.setdefault((key, end), []).append(float(value))
    asked = replace(
        asked,
        n=len(leaders),
        estimate=float(len(found)),
        trial_ids=" ".join(leaders["trial_id"]),
    )
    if not found:
        text = f"It is at no end of {enumerated([setting_name(k) for k in ranges], 8)}."
        return replace(asked, verdict=HOLDS, sentence=text)
    parts = [_end(search, *where, values, len(leaders)) for where, values in found.items()]
    advice = "Widen these ranges and search again, unless the end is a natural limit"
    return replace(asked, verdict=FAILS, sentence=" ".join(map(as_sentence, [*parts, advice])))


def _end(search: Search, key: str, end: str, values: list[float], n: int) -> str:
    domain = search.space[key]
    limits = f"{setting_value(domain['low'])} .. {setting_value(domain['high'])}"
    name = setting_name(key)
    if n == 1:
        return f"{name} {setting_value(values[0])} is at the {end} end of {limits}"
    return f"{name} is at the {end} end of {limits} in {len(values)} of {n} cells"


def _diverged(search: Search) -> Finding:
    claim = "at most a tenth of the trials diverge"
    reason = "a tenth: beyond it the budget goes where nothing can be learnt"
    asked = _asked(search, "diverged", claim, MOST_DIVERGED, reason)
    ended = search.trials[search.trials["status"].isin(["finished", "stopped", "diverged"])]
    bad = (ended["status"] == "diverged") | ~np.isfinite(ended["value"].astype("float64"))
    k, n = int(bad.sum()), len(ended)
    if n == 0:
        return unavailable(asked, "no trial has ended yet")
    share = exact_share(k, n)
    low, high = share.low, share.high
    verdict = HOLDS if high <= MOST_DIVERGED else FAILS if low > MOST_DIVERGED else OPEN
    bounds = interval(f"{100 * low:.0f}", f"{100 * high:.0f} %")
    text = f"{k} of {count(n, 'trial')} diverged ({bounds})."
    if verdict == OPEN:
        text += " These are too few trials to decide it."
    if k >= _LEAST_DIVERGED and verdict != HOLDS:
        where = _where(search, ended, bad)
        text += f" {where}Take that out of the range." if where else ""
    return replace(
        asked,
        verdict=verdict,
        estimate=k / n,
        low=low,
        high=high,
        n=n,
        unit="share",
        sentence=text,
    )


def _where(search: Search, ended: pd.DataFrame, bad: pd.Series[bool]) -> str:
    """In which setting the diverged trials differ most from the others, by rank; "" in none."""
    gaps: dict[str, float] = {}
    for key, domain in search.space.items():
        if domain["kind"] != "choice" and 0 < bad.sum() < len(bad):
            ranks = ended[CONFIG + key].astype("float64").rank()
            gaps[key] = float(ranks[bad].mean() - ranks[~bad].mean()) / len(ended)
    if not gaps:
        return ""
    key = max(gaps, key=lambda key: abs(gaps[key]))
    if abs(gaps[key]) < 0.25:  # half of what separates two groups wholly
        return ""
    values, higher = ended[CONFIG + key].astype("float64"), gaps[key] > 0
    edge = values[bad].min() if higher else values[bad].max()
    side = "from {} up" if higher else "up to {}"
    middle = setting_value(float(f"{values[~bad].median():.3g}"))
    shown = side.format(setting_value(float(f"{edge:.3g}")))
    return f"They have {setting_name(key)} {shown}; the median of the others is {middle}. "


def _still_improving(search: Search) -> Finding:
    unit = search.record.unit
    claim = "at least half of the best trials have stopped improving before their end"
    reason = "a tenth: a flat noisy curve is at its best there one time in ten"
    asked = _asked(search, "improving", claim, LAST_PART, reason)
    top = search.ranked(search.trials).head(TOP)
    if top.empty:
        return unavailable(asked, "no trial has reached full length yet")
    best = best_rows(search.curve, search.record.mode).set_index("trial_id")[unit]
    first = top["last"] - np.floor(top["last"] * LAST_PART).clip(lower=1) + 1
    late = best.reindex(top["trial_id"]).to_numpy() >= first.to_numpy()
    k, n = int(late.sum()), len(top)
    ids = " ".join(top["trial_id"])
    asked = replace(asked, n=n, estimate=k / n, unit="share", trial_ids=ids)
    is_last = bool((first == top["last"]).all())
    span = f"in their last {unit}" if is_last else f"at {unit} {int(first.max())} or later"
    text = f"{k} of the best {n} trials at full length have their best value {span}."
    if k * 2 <= n:
        return replace(asked, verdict=HOLDS, sentence=text)
    text += f" Train longer ({search.record.setting or unit + 's'}), since the order may change."
    return replace(asked, verdict=FAILS, sentence=text)


def _too_few(search: Search) -> Finding:
    n_settings = len(search.space)
    claim = f"there are enough trials for {count(n_settings, 'open setting')}"
    reason = "10 trials per setting, the rule of Loeppky, Sacks and Welch (2009)"
    asked = _asked(search, "enough-trials", claim, TRIALS_PER_SETTING, reason)
    known = search.trials[np.isfinite(search.trials["value"].astype("float64"))]
    sizes = known["cell"].value_counts().reindex(range(len(search.cells)), fill_value=0)
    needed, least = TRIALS_PER_SETTING * n_settings, int(sizes.min())
    where = " in the smallest cell" if len(search.cells) > 1 else ""
    text = f"{count(least, 'trial')}{where} {'has' if least == 1 else 'have'} a value."
    text += f" The rule of 10 per setting asks for {needed}."
    text += _when(search)
    asked = replace(asked, n=least, estimate=float(least), target=float(needed))
    if least >= needed:
        return replace(asked, verdict=HOLDS, sentence=text)
    text = f"{text} Search on before comparing settings."
    return replace(asked, verdict=FAILS, sentence=text)


def _when(search: Search) -> str:
    """When the best of a single cell was suggested: a search that still finds has not ended."""
    full = search.ranked(search.trials)
    if len(search.cells) > 1 or full.empty:
        return ""
    place = int(np.flatnonzero(search.trials["trial_id"] == full["trial_id"].iloc[0])[0])
    return f" The best was trial {place} of trials 0 to {len(search.trials) - 1}."
