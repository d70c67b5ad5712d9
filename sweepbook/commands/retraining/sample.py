"""Which trials of a record are trained anew: first those that an interruption may have changed."""

import numpy as np

from sweepbook.record.cache import ended_by_itself
from sweepbook.record.load import Record


def to_retrain(record: Record) -> list[str]:
    """Returns the ids of the trials that can be compared with a new training: they ended whole."""
    return sorted(record.trials.loc[ended_by_itself(record.trials), "trial_id"])


def sample(record: Record, n_trials: int, seed: int) -> list[str]:
    """Returns the ids of n trials that ended whole, without replacement.

    Those that went on after an interruption come first, then the seed draws.
    """
    ids, resumed = to_retrain(record), went_on(record)
    drawn = [ids[i] for i in np.random.default_rng(seed).permutation(len(ids))]
    return sorted(sorted(drawn, key=lambda trial_id: trial_id not in resumed)[:n_trials])


def went_on(record: Record) -> set[str]:
    """Returns the ids of the trials that were not trained in one go.

    They had begun before a resume and ended after it, were tried again after a failure or the
    loss of a machine, or went on from the checkpoint of a record that this one extends.
    """
    extends = record.manifest.extends
    found = set(extends.continued) if extends else set()
    times = [str(resumed.get("at")) for resumed in record.manifest.resumed]
    for trial in record.trials.to_dict("records"):
        begun, ended = str(trial.get("started")), str(trial.get("ended"))
        tries = (trial.get("n_retries"), trial.get("n_node_losses"))
        is_again = any(n is not None and n > 0 for n in tries)
        if is_again or any(begun < at < ended for at in times):  # all in UTC, ISO 8601
            found.add(str(trial["trial_id"]))
    return found
