"""The table of error rates: kind of verdict x errors x effect x replicates."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.verdicts.errors import ERRORS
from benchmarks.verdicts.judging import Rules, is_false, verdicts_of
from benchmarks.verdicts.studies import KINDS, Planted
from sweepbook.findings.finding import FAILS, HOLDS

REPLICATES = (3, 5, 10)
MANY, FEW = 2000, 500  # studies at the edge, and at each other effect
WITH_OTHERS = 6  # other trials, from which it is seen how seeds fail


def rate(
    planted: Planted,
    effect: float,
    errors: str,
    n: int,
    n_studies: int,
    n_others: int = WITH_OTHERS,
    rules: Rules = Rules(),  # noqa: B008 - frozen
) -> dict[str, Any]:
    """One row: shares of studies with a false verdict, and of verdicts that hold or do not.

    Of a family a study counts as false where any of its verdicts is. Randomness: a generator
    seeded by the row's own names.
    """
    name = f"{planted.name} {effect} {errors} {n} {n_others}"
    rng = np.random.default_rng([16, zlib.crc32(name.encode())])
    wrong, held, failed, asked = 0, 0, 0, 0
    for _ in range(n_studies):
        found = verdicts_of(planted, effect, errors, n, n_others, rng, rules)
        wrong += any(is_false(planted, effect, *one) for one in found)
        held += sum(verdict == HOLDS for verdict, _ in found)
        failed += sum(verdict == FAILS for verdict, _ in found)
        asked += len(found)
    return {
        "kind": planted.name,
        "errors": errors,
        "effect": "edge" if effect == planted.edge else f"{effect:g}",
        "n": n,
        "n_others": n_others,
        "false": wrong / n_studies,
        "holds": held / asked,
        "fails": failed / asked,
        "n_studies": n_studies,
    }


def cells() -> Iterator[tuple[Planted, float, str, int, int, int]]:
    """Yields what `rate` takes: every kind with other trials, at its edge without them, too."""
    for planted in KINDS:
        for errors in ERRORS:
            for n in REPLICATES:
                yield planted, planted.edge, errors, n, MANY, WITH_OTHERS
                yield planted, planted.edge, errors, n, MANY // 2, 0
                for effect in planted.truth:
                    yield planted, effect, errors, n, FEW, WITH_OTHERS


def rates(n_processes: int) -> pd.DataFrame:
    """All rows, in the order of `cells`."""
    with ProcessPoolExecutor(n_processes) as pool:
        made = [pool.submit(_named, planted.name, *rest) for planted, *rest in cells()]
        return pd.DataFrame([one.result() for one in made])


def _named(name: str, *cell: Any) -> dict[str, Any]:
    """`rate` of the kind of that name: a process takes no functions from another."""
    return rate(next(planted for planted in KINDS if planted.name == name), *cell)
