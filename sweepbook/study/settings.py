"""The settings of a config that say where, how often and on what a trial is trained.

They are no part of the question: which of them count where is said by those who ask.
"""

import json
from typing import Any

PLACES = ("data",)  # name a place on one machine; what lies there has a hash of its own
PLACE_ENDINGS = ("_path", "_dir")  # how further settings that name one end
FIRST = "first_replicate"  # number of a stack's first replicate, given where it is not 0
OWN = ("seed", "replicates", FIRST)  # every study gives its trials its own
DEVICE = ("device",)  # what a trial is computed on

CHDIR_BEFORE = "SWEEPBOOK_CHDIR_TO_TRIAL_DIR"  # what Ray's variable was before we set it

COLUMNS = ("trial_id", "replicate")  # of a record's tables, so no metric is called like one
YIELDED = (
    "state",
    "model",
    "predictions",
    "times",
    "replicates",
)  # in a yielded dict, and no metrics
SHARES = ("acc", "acc_clean")  # how the names of metrics end that are shares, from 0 to 1
TABLES = (  # beside the column of a study's unit stand these, somewhere in a report
    *("metric", "mean", "low", "high", "n", "n_diverged", "value", "bad", "is_gone", "time_s"),
    *("status", "last", "cell", "number", "at", "elapsed", "step_s", "seconds", "spent"),
)


def setting_key(value: Any) -> str:
    """Returns a text that two plain values share where they are the same: True is not 1."""
    return json.dumps(value, sort_keys=True)
