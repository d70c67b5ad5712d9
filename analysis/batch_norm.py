"""Does batch normalisation help, and how fast?

    python analysis/batch_norm.py records/batch-norm [OUT]

Prints validation loss and accuracy with and without batch norm at a few epochs: the mean over
replicates with its 95 % interval. Draws both over the epochs. The first rows say how fast it
helps, the last ones whether it still does in the end.
"""

import sys
from typing import Any

from sweepbook import (
    curve_table,
    draw_all,
    finding_table,
    load_record,
    trial_table,
    write_figure,
    write_table,
)

BY = ["batch_norm"]
METRICS = ["train_acc", "val_acc", "test_acc", "train_loss", "val_loss", "test_loss"]
EPOCHS = [1, 10, 20, 50, 100]
FIGURES: list[dict[str, Any]] = [
    {"kind": "curves", "name": "batch-norm-curves", "metrics": ["val_loss", "val_acc"], "by": BY},
    {"kind": "table", "name": "batch-norm-table", "metrics": METRICS, "by": BY, "at": EPOCHS},
    {"kind": "ledger", "name": "batch-norm-ledger"},
]


def main(path: str, out: str = "out/batch-norm") -> None:
    """Print what the record in `path` answers, and write its figures and tables into `out`."""
    record = load_record(path)

    # aggregate
    trials = trial_table(record)
    findings = finding_table(record)
    curves = curve_table(record, ["val_loss", "val_acc"], record.trials)
    curves = curves.merge(record.trials[["trial_id", "config/batch_norm"]], on="trial_id")
    shown = curves[curves["epoch"].isin(EPOCHS)]
    columns = ["config/batch_norm", "metric", "epoch", "mean", "low", "high"]
    print(shown[columns].to_string(index=False))

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
