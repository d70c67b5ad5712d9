"""Verdicts by other means than seeds' values alone: counts, classes of gradients, test rows."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.verdicts.errors import draw
from sweepbook.aggregates.gradients import SLOPE, classify
from sweepbook.findings.deciding.counts import counted_verdict
from sweepbook.findings.deciding.outcomes import Comparison
from sweepbook.findings.deciding.over_rows import with_one_more_seed
from sweepbook.findings.deciding.verdicts import ALPHA
from sweepbook.findings.finding import FAILS, HOLDS
from sweepbook.stats.rows import row_difference
from sweepbook.stats.shares import MOST, exact_share
from sweepbook.stats.unusual import unusual_seeds

_ROWS, _OTHERS = 200, 6


def counted(kind: str, share: float, n: int, n_studies: int) -> dict[str, Any]:
    """Seeds of which a share fails: "at least 80 % of the seeds fail", or "... learn"."""
    rng = _rng(kind, share, n)
    learns = kind.endswith("learn")
    made = [
        counted_verdict(exact_share(int(k), n), learns)
        for k in rng.binomial(n, share, size=n_studies)
    ]
    true = (1 - share if learns else share) >= MOST
    edge = abs((1 - share if learns else share) - MOST) < 1e-9
    return _row(kind, "", f"{share:.0%} fail", n, made, None if edge else true)


def gradients(errors: str, slope: float, n: int, n_studies: int) -> dict[str, Any]:
    """Slopes of replicates, of a standard deviation of 0.01, and the class that they get."""
    kind = "gradients are healthy"
    rng = _rng(kind, errors, slope, n)
    made = []
    for values in 0.01 * draw(rng, errors, (n_studies, 1 + _OTHERS, n)):
        fits = pd.DataFrame({"slope": slope + values[0], "zero_share": np.zeros(n)})
        found = classify(fits, SLOPE, list(values[1:]))["class"]
        made.append({"healthy": HOLDS, "vanishing": FAILS, "exploding": FAILS}.get(found, found))
    edge = abs(abs(slope) - SLOPE) < 1e-9
    row = _row(kind, errors, f"slope {slope:g}", n, made, None if edge else abs(slope) < SLOPE)
    return row | {"n_others": _OTHERS, "effect": "edge" if edge else row["effect"]}


def over_rows(errors: str, effect: float, n: int, n_studies: int, n_others: int) -> dict[str, Any]:
    """A difference over 200 test rows and n seeds, both of which scatter, by at least 1."""
    kind = "direction, over rows and seeds"
    rng = _rng(kind, errors, effect, n, n_others)
    made = []
    for _ in range(n_studies):
        seeds = draw(rng, errors, (2 + n_others, n))
        rows = rng.standard_normal((2, _ROWS)) * _ROWS**0.5 / 2
        noise = rng.standard_normal((2, _ROWS, n))
        first, second = (
            pd.DataFrame(rows[i][:, None] + seeds[i][None, :] + noise[i]) for i in (0, 1)
        )
        found = row_difference(first + effect, second)
        by_seed = ((first + effect) - second).mean().to_numpy()
        unusual = unusual_seeds(list(seeds[:2]), list(seeds[2:])).of_difference()
        test = Comparison("", found, (1.0, np.inf), with_one_more_seed(by_seed, found, unusual))
        sides = HOLDS if test.inside else FAILS
        made.append(sides if test.guarded_p <= ALPHA else "")
    row = _row(kind, errors, f"{effect:g}", n, made, None if effect == 1 else effect > 1)
    return row | {"n_others": n_others, "effect": "edge" if effect == 1 else f"{effect:g}"}


def _rng(*names: object) -> np.random.Generator:
    return np.random.default_rng([16, zlib.crc32(repr(names).encode())])


def _row(
    kind: str, errors: str, effect: str, n: int, made: list[str], true: bool | None
) -> dict[str, Any]:
    """true: whether the claim is; None at the edge, where every decided verdict is false."""
    held, failed = (sum(one == verdict for one in made) / len(made) for verdict in (HOLDS, FAILS))
    wrong = held + failed if true is None else failed if true else held
    shared = {"kind": kind, "errors": errors, "effect": effect, "n": n, "n_others": 0}
    return shared | {"false": wrong, "holds": held, "fails": failed, "n_studies": len(made)}


def counted_rows(n_studies: int, n_few: int) -> list[dict[str, Any]]:
    """All rows of these kinds."""
    rows = [
        counted(f"at least 80 % of the seeds {what}", share if what == "fail" else 1 - share, n,
                n_studies)
        for what in ("fail", "learn")
        for share in (0.8, 0.0, 1.0)
        for n in (3, 5, 10, 17, 30)
    ]  # fmt: skip
    for errors in ("normal", "t3", "skewed", "bimodal"):
        for n in (3, 5, 10):
            rows += [gradients(errors, slope, n, n_few) for slope in (SLOPE, 0.0, 2 * SLOPE)]
            rows.append(over_rows(errors, 1.0, n, n_few, 6))
            rows += [over_rows(errors, effect, n, n_few // 4, 6) for effect in (0.0, 2.0)]
    return rows
