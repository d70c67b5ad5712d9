"""What is the best MLP on this data at all?

    python analysis/tuned_mlp.py records/tuned-mlp [OUT]

Prints the ten best of the trials that were trained to the end, with the settings that were
searched. Draws what every search has: the best value so far, what happened at the rungs, and how
much each setting matters.

The best of many trials looks better than it is. `sweepbook confirm` trains the winners again with
fresh seeds, and this script takes that record, too.
"""

import sys

from sweepbook import draw_all, finding_table, load_record, trial_table, write_figure, write_table

SEARCHED = ("depth", "width", "residual", "lr", "batch_size", "batch_norm", "encoding")


def main(path: str, out: str = "out/tuned-mlp") -> None:
    """Print what the record in `path` answers, and write its figures and tables into `out`."""
    record = load_record(path)

    # aggregate
    trials = trial_table(record)
    findings = finding_table(record)
    whole = trials[trials["status"] == "finished"].sort_values("val_acc_end", ascending=False)
    columns = [f"config/{key}" for key in SEARCHED if f"config/{key}" in whole]
    print(whole[[*columns, "val_acc_end"]].head(10).to_string(index=False))

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
