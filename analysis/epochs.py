"""How many epochs does the net need, and does it overfit?

    python analysis/epochs.py records/epochs [OUT]

Prints the mean accuracy on training and validation data at a few epochs, and the gap between them:
a gap that grows while the validation loss rises is overfitting. Draws losses and accuracies over
the epochs, all three splits in one panel, with 95 % intervals of the mean over replicates.
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

LOSSES = ["train_loss", "val_loss", "test_loss"]
ACCURACIES = ["train_acc", "val_acc", "test_acc"]
EPOCHS = [1, 5, 10, 20, 50, 100]
FIGURES: list[dict[str, Any]] = [
    {"kind": "curves", "name": "epochs-loss", "metrics": LOSSES, "overlay": True},
    {"kind": "curves", "name": "epochs-accuracy", "metrics": ACCURACIES, "overlay": True},
    {"kind": "table", "name": "epochs-table", "metrics": LOSSES + ACCURACIES, "at": EPOCHS},
    {"kind": "ledger", "name": "epochs-ledger"},
]


def main(path: str, out: str = "out/epochs") -> None:
    """Print what the record in `path` answers, and write its figures and tables into `out`."""
    record = load_record(path)

    # aggregate
    trials = trial_table(record)
    findings = finding_table(record)
    curves = curve_table(record, ["train_acc", "val_acc", "val_loss"], record.trials)
    shown = curves[curves["epoch"].isin(EPOCHS)]
    means = shown.pivot(index=["trial_id", "epoch"], columns="metric", values="mean")
    print(means.assign(gap=means["train_acc"] - means["val_acc"]).to_string())

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
