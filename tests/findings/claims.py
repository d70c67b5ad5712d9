"""Claims about planted records, and the findings that they get."""

import numpy as np

from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.finding import findings_frame

ON, OFF = {"batch_norm": True}, {"batch_norm": False}
FIVE = np.array([0.900, 0.902, 0.898, 0.901, 0.899])


def claim(**changes):
    fields = {
        "name": "it",
        "statement": "on is better than off",
        "kind": "direction",
        "metric": "val_acc",
        "smallest": 0.005,
        "reason": "half a point",
        "arms": [ON, OFF],
        "labels": ["on", "off"],
    }
    return fields | changes


def finding(record, name="it"):
    frame = findings_frame(evaluate(record)).set_index("name")
    return frame.loc[name]
