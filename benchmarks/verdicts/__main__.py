"""Simulates the error rates of all verdicts and writes them into docs/verdicts.md.

    python -m benchmarks.verdicts

It takes minutes. The numbers come from fixed seeds, so that they are the same on every machine.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from benchmarks.verdicts.counted import counted_rows
from benchmarks.verdicts.page import written
from benchmarks.verdicts.rates import FEW, MANY, rates
from benchmarks.verdicts.wrong import wrong_rows

ROOT = Path(__file__).parents[2]
CSV, PAGE = ROOT / "benchmarks" / "verdict-rates.csv", ROOT / "docs" / "verdicts.md"


def main() -> None:
    """Simulates, prints and writes."""
    compared = rates(os.cpu_count() or 1)
    table = pd.concat([compared, pd.DataFrame(counted_rows(5 * MANY, 2 * FEW))], ignore_index=True)
    wrong = pd.DataFrame(wrong_rows(FEW))
    table.to_csv(CSV, index=False, lineterminator="\n")
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(written(text, table, wrong), encoding="utf-8")
    print(table.to_string(), wrong.to_string(), sep="\n\n")


if __name__ == "__main__":
    main()
