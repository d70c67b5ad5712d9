"""Simulates claims that are looked at several times and writes docs/decide-method.md's tables.

    python -m benchmarks.looks

It takes some minutes. The numbers come from fixed seeds.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd

from benchmarks.looks.page import written
from benchmarks.looks.paths import rates_of
from benchmarks.looks.studies import study_rows
from benchmarks.verdicts.errors import ERRORS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "decide-method.md"
CSVS = ROOT / "benchmarks" / "decide-rates.csv", ROOT / "benchmarks" / "decide-studies.csv"
MANY, FEW, STUDIES = 20_000, 5_000, 200
GAPS = (0.5, 1.0, 2.0)


def main() -> None:
    """Simulates, prints and writes."""
    cells = [(errors, 0.0, n_others, MANY) for errors in ERRORS for n_others in (6, 0)]
    cells += [(errors, gap, 6, FEW) for errors in ERRORS for gap in GAPS]
    with ProcessPoolExecutor(os.cpu_count() or 1) as pool:
        studies = [pool.submit(study_rows, errors, STUDIES) for errors in ERRORS]
        made = [pool.submit(rates_of, *cell) for cell in cells]
        rates = pd.DataFrame([row for one in made for row in one.result()])
        judged = pd.DataFrame([row for one in studies for row in one.result()])
    for table, path in zip((rates, judged), CSVS, strict=True):
        table.to_csv(path, index=False, lineterminator="\n")
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), rates, judged), encoding="utf-8")
    print(rates.to_string(), judged.to_string(), sep="\n\n")


if __name__ == "__main__":
    main()
