"""How much do the split, the initial weights and the order of the rows each move a result?

    python analysis/variance.py records/variance [OUT]

Prints the standard deviation that each of the three adds to the test accuracy, with its interval,
and draws it with the effects of pairs.
"""

import sys
from typing import Any

from sweepbook import draw_all, finding_table, load_record, trial_table, write_figure, write_table

SOURCES = ["split", "weights", "order"]
FIGURES: list[dict[str, Any]] = [
    {
        "kind": "components",
        "name": "variance-components",
        "metrics": ["test_acc", "test_loss"],
        "sources": SOURCES,
        "given": "split",
    },
    {"kind": "ledger", "name": "variance-ledger"},
]


def main(path: str, out: str = "out/variance") -> None:
    """Print what the record in `path` answers, and write its figures and tables into `out`."""
    record = load_record(path)

    # aggregate
    trials = trial_table(record)
    findings = finding_table(record)
    print(findings.set_index("name")[["estimate", "low", "high", "unit"]].to_string())

    # draw
    figures = draw_all(record, FIGURES)

    # write
    for drawn in figures:
        write_figure(drawn, f"{out}/figures")
    write_table(trials, f"{out}/figures/{record.study}-trials.csv")
    write_table(findings, f"{out}/findings.csv")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
