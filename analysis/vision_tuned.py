"""What does fine-tuning ResNet-18 reach when it is tuned?

    python analysis/vision_tuned.py records/vision-tuned [OUT]

Prints the best trial for each number of frozen parts of the body, among those that were trained to
the end. Draws what every search has: the best value so far, what happened at the rungs, and how
much each setting matters.

The best of many trials looks better than it is. `sweepbook confirm` trains the winners again with
fresh seeds, and this script takes that record, too.
"""

import sys

from sweepbook import draw_all, finding_table, load_record, trial_table, write_figure, write_table


def main(path: str, out: str = "out/vision-tuned") -> None:
    """Print what the record in `path` answers, and write its figures and tables into `out`."""
    record = load_record(path)

    # aggregate
    trials = trial_table(record)
    findings = finding_table(record)
    whole = trials[trials["status"] == "finished"].sort_values("val_acc_end", ascending=False)
    best = whole.drop_duplicates("config/frozen_depth")
    columns = ["config/frozen_depth", "config/lr", "config/weight_decay", "config/augment"]
    print(best[[*columns, "val_acc_end"]].to_string(index=False))

    # draw
    figures = draw_all(record)  # what every search has

    # write
    for drawn in figures:
        write_figure(drawn, f"{out}/figures")
    write_table(trials, f"{out}/figures/{record.study}-trials.csv")
    write_table(findings, f"{out}/findings.csv")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
