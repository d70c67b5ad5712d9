"""One comparison, looked at again and again, over many paths at once.

The vector form of what `comparison.ended` does by the product's own functions, path by path; a
test holds that both end alike. It is some hundred times as fast.
"""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from benchmarks.looks.comparison import LOOKS, RULES, design_for
from benchmarks.verdicts.errors import Table, draw
from sweepbook.findings.deciding.verdicts import ALPHA
from sweepbook.findings.sequential.seen import LEAST_SEEN
from sweepbook.stats.giving_up import FROM, LEAST

_NORMAL, _SCATTERED, _CHANCE = 1.4826, 4.0, 0.05  # as in stats.unusual
_CHUNK = 1000
STATES = ("open", "holds", "does not hold", "given up")


class Look(NamedTuple):
    """What n seeds of each path show: mean, standard error, p alone and with the guard.

    n_seen: seeds of all trials, which show how seeds fail.
    """

    mean: Table
    se: Table
    p: Table
    guarded: Table
    n_seen: np.ndarray


def ends_of(rule: str, values: Table, others: Table) -> tuple[np.ndarray, np.ndarray]:
    """The state (a place in STATES) and the number of seeds at which each path ended.

    values: (n_paths, 60). others: (n_paths, n_others, 60).
    """
    if rule.startswith("once"):
        n = 5 if "5 seeds" in rule else 60
        looks, levels = (n,), [ALPHA]
    else:
        design, looks = design_for("no maximum" in rule), LOOKS
        levels = [design.rule.nominal(n, ALPHA) for n in looks]
    alone = rule.startswith("at every look")
    levels = [ALPHA] * len(looks) if alone else levels
    state = np.zeros(len(values), dtype=np.int64)
    ended = np.full(len(values), looks[-1])
    for n, level in zip(looks, levels, strict=True):
        seen = _look(values[:, :n], others[:, :, :n])
        crossed = (seen.p if alone else seen.guarded) <= level
        if rule.startswith("decide"):
            crossed &= seen.n_seen >= LEAST_SEEN
        now = np.where(crossed, np.where(seen.mean >= 0, 1, 2), 0)
        if rule == "decide":
            now = np.where((now == 0) & _hopeless(seen, n, levels[-1]), 3, now)
        first = (state == 0) & (now > 0)
        state[first], ended[first] = now[first], n
    return state, ended


def rates_of(errors: str, gap: float, n_others: int, n_paths: int) -> list[dict[str, Any]]:
    """One row per rule: shares of paths that hold, do not hold or are given up, and the mean n.

    gap: from the edge, in standard deviations of a seed; at 0 every verdict is false. Randomness:
    a generator seeded by the row's own names; all rules see the same paths.
    """
    rng = np.random.default_rng([20, zlib.crc32(repr((errors, gap, n_others)).encode())])
    parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {rule: [] for rule in RULES}
    for begin in range(0, n_paths, _CHUNK):
        size = min(_CHUNK, n_paths - begin)
        values = gap + draw(rng, errors, (size, LOOKS[-1]))
        others = draw(rng, errors, (size, n_others, LOOKS[-1]))
        for rule in RULES:
            parts[rule].append(ends_of(rule, values, others))
    return [_row(rule, errors, gap, n_others, made) for rule, made in parts.items()]


def _row(
    rule: str, errors: str, gap: float, n_others: int, made: list[tuple[np.ndarray, np.ndarray]]
) -> dict[str, Any]:
    state, ended = (np.concatenate(part) for part in zip(*made, strict=True))
    held, failed, given = (float((state == place).mean()) for place in (1, 2, 3))
    return {
        "rule": rule,
        "errors": errors,
        "gap": gap,
        "n_others": n_others,
        "false": held + failed if gap == 0 else failed,
        "decided": held + failed,
        "given_up": given,
        "mean_n": float(ended.mean()),
        "n_paths": len(state),
    }


def _look(values: Table, others: Table) -> Look:
    n = values.shape[1]
    mean, se = values.mean(axis=1), values.std(axis=1, ddof=1) / np.sqrt(n)
    p = _p(mean, se, n)
    guarded = p
    middle = np.median(values, axis=1)
    low, high, n_seen = _unusual(values, others)
    for distance in (low, high):
        more = np.column_stack([values, middle + distance])
        own, spread = more.mean(axis=1), more.std(axis=1, ddof=1) / np.sqrt(n + 1)
        turned = np.where((own >= 0) == (mean >= 0), _p(own, spread, n), 1.0)
        guarded = np.where(distance != 0, np.maximum(guarded, turned), guarded)
    return Look(mean, se, p, guarded, n_seen)


def _p(mean: Table, se: Table, n: int) -> Table:
    return np.asarray(2 * special.stdtr(n - 1, -np.abs(mean) / se))


def _unusual(values: Table, others: Table) -> tuple[Table, Table, np.ndarray]:
    """`stats.unusual.unusual_seeds` of each path: its lowest seed and its highest, or 0;
    and how many seeds were looked at."""
    arms = np.concatenate([values[:, None], others], axis=1)  # (paths, arms, n)
    n = arms.shape[2]
    distances = arms - np.median(arms, axis=2, keepdims=True)
    rest = np.sort(np.abs(distances), axis=2)[:, :, 1:]
    own = rest[:, :, (n - 2) // 2]
    kept = own <= _SCATTERED * np.median(rest[:, :1], axis=2)
    kept[:, 0] = True
    typical = np.nanmedian(np.where(kept[:, :, None], rest, np.nan).reshape(len(arms), -1), axis=1)
    n_seen = n * kept.sum(axis=1)
    limit = -special.ndtri(_CHANCE / 2 / n_seen) * _NORMAL
    least = limit[:, None] * np.maximum(typical[:, None], own)
    lowest, highest = distances.min(axis=2), distances.max(axis=2)
    low = np.where(kept & (lowest < -least), lowest, 0.0).min(axis=1)
    high = np.where(kept & (highest > least), highest, 0.0).max(axis=1)
    return low, high, n_seen


def _hopeless(seen: Look, n: int, last_level: float) -> np.ndarray:
    """Whether the conditional power of either side is too small."""
    if not FROM <= n < LOOKS[-1]:
        return np.zeros(len(seen.mean), dtype=np.bool_)
    f = n / LOOKS[-1]
    critical = -special.stdtrit(LOOKS[-1] - 1, last_level / 2)
    t = np.abs(seen.mean) / seen.se
    return np.asarray(special.ndtr((t / np.sqrt(f) - critical) / np.sqrt(1 - f)) < LEAST)
