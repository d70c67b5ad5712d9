"""Which batch size, at what price in steps and time?

    python analysis/batch_size.py records/batch-size [OUT]

Prints, without batch norm, the validation accuracy that each batch size reached at its end (mean
over replicates, 95 % interval) beside its optimizer steps and the mean seconds of an epoch of all
replicates together. Draws the figures that the study declares: accuracy over the epochs with and
without batch norm, the price of an epoch, and the training loss of every single batch, which is
noisier the smaller the batches are.
"""

import sys

from sweepbook import (
    draw_all,
    end_table,
    finding_table,
    load_record,
    select_trials,
    trial_table,
    write_figure,
    write_table,
)


def main(path: str, out: str = "out/batch-size") -> None:
    """Print what the record in `path` answers, and write its figures and tables into `out`."""
    record = load_record(path)

    # aggregate
    trials = trial_table(record)
    findings = finding_table(record)
    plain = select_trials(record.trials, {"batch_norm": False})
    ends = end_table(record, ["val_acc"], plain)
    spent = record.reports.groupby("trial_id").agg({"n_steps": "max", "time_s": "mean"})
    sizes = plain[["trial_id", "config/batch_size"]]
    table = sizes.merge(ends, on="trial_id").join(spent, on="trial_id")
    columns = ["config/batch_size", "epoch", "n_steps", "time_s", "mean", "low", "high"]
    print(table[columns].sort_values("config/batch_size").to_string(index=False))

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
