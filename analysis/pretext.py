"""Does a ResNet-18 learn to tell how an image is turned, and at which learning rate?

    python analysis/pretext.py records/pretext [OUT]

Prints how often the turn of a validation image is told at the end, for each learning rate, with
the 95 % interval of the mean over seeds; there are four turns, so that chance is 0.25. Draws the
accuracy over the evaluations, one line per learning rate.
"""

import sys
from typing import Any

from sweepbook import draw_all, finding_table, load_record, trial_table, write_figure, write_table

METRICS = ["train_acc", "val_acc", "test_acc", "val_loss"]
CHANCE = 0.25  # four turns
FIGURES: list[dict[str, Any]] = [
    {"kind": "curves", "name": "pretext-accuracy", "metrics": ["val_acc"], "by": ["lr"]},
    {"kind": "table", "name": "pretext-table", "metrics": METRICS, "by": ["lr"], "at": ["last"]},
    {"kind": "ledger", "name": "pretext-ledger"},
]


def main(path: str, out: str = "out/pretext") -> None:
    """Print what the record in `path` answers, and write its figures and tables into `out`."""
    record = load_record(path)

    # aggregate
    trials = trial_table(record)
    findings = finding_table(record)
    columns = ["config/lr", "val_acc_end", "val_acc_end_low", "val_acc_end_high"]
    print(trials[columns].assign(chance=CHANCE).to_string(index=False))

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
