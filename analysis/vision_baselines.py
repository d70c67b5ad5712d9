"""Real or fake: which model, at which learning rate?

    python analysis/vision_baselines.py records/vision-baselines [OUT]

Prints each model at the learning rate with the best validation accuracy over all seeds, with the
95 % interval of the mean over seeds. The same seeds chose the rate, so this value is a little too
good; in figures and findings the other seeds choose for each seed. Draws the figures that the
study declares: test accuracy beside the published values, accuracy against the learning rate,
curves within the epoch, example pictures, and what an accuracy costs in seconds.

A file of weights that the study knows by its hash, such as one that was downloaded by hand, counts
as what it is (`with_known_files`): so it does in the report.
"""

import sys

from sweepbook import (
    draw_all,
    finding_table,
    load_record,
    trial_table,
    with_known_files,
    write_figure,
    write_table,
)


def main(path: str, out: str = "out/vision-baselines") -> None:
    """Print what the record in `path` answers, and write its figures and tables into `out`."""
    record = with_known_files(load_record(path))

    # aggregate
    trials = trial_table(record)
    findings = finding_table(record)
    whole = trials[trials["status"] == "finished"].sort_values("val_acc_end", ascending=False)
    best = whole.drop_duplicates(["config/model", "config/weights", "config/max_iter"])
    columns = ["config/model", "config/weights", "config/lr"]
    columns += ["val_acc_end", "val_acc_end_low", "val_acc_end_high"]
    print(best[columns].to_string(index=False))

    # draw
    figures = draw_all(record)  # what its study declares

    # write
    for drawn in figures:
        write_figure(drawn, f"{out}/figures")
    write_table(trials, f"{out}/figures/{record.study}-trials.csv")
    write_table(findings, f"{out}/findings.csv")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
