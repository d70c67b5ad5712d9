"""Do gradients vanish or explode in a net of 100 layers, and what helps?

    python analysis/deep_gradients.py records/deep-gradients [OUT]

Prints what the gradients of each variant of the net do at its first and its last epoch: they
vanish, explode or are healthy, by the slope of their logarithm over the layers with its 95 %
interval. Draws the figures that the study declares: the magnitude of the gradients against the
layer and over the epochs, and the accuracy of each variant.
"""

import sys

from sweepbook import draw_all, finding_table, load_record, trial_table, write_figure, write_table


def main(path: str, out: str = "out/deep-gradients") -> None:
    """Print what the record in `path` answers, and write its figures and tables into `out`."""
    record = load_record(path)

    # aggregate
    trials = trial_table(record)
    findings = finding_table(record)
    gradients = findings[findings["kind"] == "gradients"]
    print(gradients[["arm", "steps", "found", "estimate", "low", "high"]].to_string(index=False))

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
