"""Do test places that also stand in the training rows raise the test accuracy?

    python analysis/leak.py records/leak [OUT]

Prints by how much the test accuracy of each replicate at the last epoch is higher, in points,
after training on all rows than after training without those at the places of test rows. Draws both
accuracies over the epochs. The report's claim counts the test rows as well as the replicates.
"""

import sys
from typing import Any

from sweepbook import draw_all, finding_table, load_record, trial_table, write_figure, write_table

BY = ["leak"]
METRICS = ["train_acc", "val_acc", "test_acc", "train_loss", "val_loss", "test_loss"]
FIGURES: list[dict[str, Any]] = [
    {"kind": "curves", "name": "leak-curves", "metrics": ["val_acc", "test_acc"], "by": BY},
    {"kind": "table", "name": "leak-table", "metrics": METRICS, "by": BY, "at": [40, "last"]},
    {"kind": "ledger", "name": "leak-ledger"},
]


def main(path: str, out: str = "out/leak") -> None:
    """Print what the record in `path` answers, and write its figures and tables into `out`."""
    record = load_record(path)

    # aggregate
    trials = trial_table(record)
    findings = finding_table(record)
    settings = record.trials.set_index("trial_id")["config/leak"]
    reports = record.reports.assign(leak=record.reports["trial_id"].map(settings))
    last = reports[reports["epoch"] == reports["epoch"].max()]
    pairs = last.pivot(index="replicate", columns="leak", values="test_acc")
    print(pairs.assign(points=100 * (pairs["kept"] - pairs["removed"])).to_string())

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
