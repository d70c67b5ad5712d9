"""Does a sine encoding of the coordinates represent the borders better?

    python analysis/implicit.py records/implicit [OUT]

Prints the gain in validation accuracy at the end, sine encoding minus raw, for each replicate:
both had the same split and seeds, so they are compared in pairs. Draws loss and accuracy over the
epochs, maps of what each encoding predicts, and the accuracy of each country.
"""

import sys
from typing import Any

from sweepbook import (
    draw_all,
    end_table,
    finding_table,
    load_record,
    trial_table,
    write_figure,
    write_table,
)

BY = ["encoding"]
MAPS = "analysis.figures.map_kinds"  # figures of our own
METRICS = ["train_acc", "val_acc", "test_acc", "train_loss", "val_loss", "test_loss"]
FIGURES: list[dict[str, Any]] = [
    {"kind": "curves", "name": "implicit-curves", "metrics": ["val_loss", "val_acc"], "by": BY},
    {"kind": f"{MAPS}:draw_map", "name": "implicit-maps", "by": BY},
    {"kind": f"{MAPS}:draw_error_map", "name": "implicit-errors", "by": BY},
    {"kind": "class_accuracy", "name": "implicit-countries", "by": BY},
    {"kind": "table", "name": "implicit-table", "metrics": METRICS, "by": BY, "at": ["last"]},
    {"kind": "ledger", "name": "implicit-ledger"},
]


def main(path: str, out: str = "out/implicit") -> None:
    """Print what the record in `path` answers, and write its figures and tables into `out`."""
    record = load_record(path)

    # aggregate
    trials = trial_table(record)
    findings = finding_table(record)
    ends = end_table(record, ["val_acc"], record.trials).merge(record.trials, on="trial_id")
    pairs = ends.set_index("config/encoding").filter(like="replicate_").T
    print(pairs.assign(gain=pairs["sines"] - pairs["raw"]).to_string())

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
