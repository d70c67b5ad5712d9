"""Which depth and width are best, and which worst?

    python analysis/architecture.py records/architecture [OUT]

Prints the nets in the order of their validation accuracy at their end, each with the 95 %
interval of its mean over replicates. Draws the figures that the study declares: the curves of each
net, accuracy against depth and against width, the best and the worst net side by side, and maps of
what these two predict.
"""

import sys

from sweepbook import (
    draw_all,
    end_table,
    finding_table,
    load_record,
    trial_table,
    write_figure,
    write_table,
)


def main(path: str, out: str = "out/architecture") -> None:
    """Print what the record in `path` answers, and write its figures and tables into `out`."""
    record = load_record(path)

    # aggregate
    trials = trial_table(record)
    findings = finding_table(record)
    ends = end_table(record, ["val_acc"], record.trials)
    nets = record.trials[["trial_id", "config/depth", "config/width"]].merge(ends, on="trial_id")
    columns = ["config/depth", "config/width", "since", "epoch", "mean", "low", "high"]
    print(nets.sort_values("mean", ascending=False)[columns].to_string(index=False))

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
