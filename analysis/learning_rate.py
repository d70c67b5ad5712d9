"""What does a too high or a too low learning rate do?

    python analysis/learning_rate.py records/learning-rate [OUT]

Prints how the training with each learning rate ended, and its last validation loss: the mean over
replicates with its 95 % interval. Draws the loss over the epochs, one line per learning rate: with
one that is too high it never comes down, with one that is too low it is still on its way down at
the end.
"""

import sys
from typing import Any

from sweepbook import draw_all, finding_table, load_record, trial_table, write_figure, write_table

METRICS = ["train_loss", "val_loss", "test_loss", "train_acc", "val_acc", "test_acc"]
FIGURES: list[dict[str, Any]] = [
    {"kind": "curves", "name": "learning-rate-val-loss", "metrics": ["val_loss"], "by": ["lr"]},
    {
        "kind": "table",
        "name": "learning-rate-table",
        "metrics": METRICS,
        "by": ["lr"],
        "at": ["last"],
    },
    {"kind": "ledger", "name": "learning-rate-ledger"},
]


def main(path: str, out: str = "out/learning-rate") -> None:
    """Print what the record in `path` answers, and write its figures and tables into `out`."""
    record = load_record(path)

    # aggregate
    trials = trial_table(record)
    findings = finding_table(record)
    columns = ["config/lr", "status", "n_diverged"]
    columns += ["val_loss_end", "val_loss_end_low", "val_loss_end_high"]
    print(trials[columns].to_string(index=False))

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
