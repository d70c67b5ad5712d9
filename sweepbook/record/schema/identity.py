"""A trial's id as a hash of all that its numbers come from, made anew from what a record says."""

import hashlib
import itertools
import json
from collections.abc import Mapping
from typing import Any

from sweepbook.study.forms.trainable import Trainable, trainable_key
from sweepbook.study.settings import OWN, PLACES
from sweepbook.study.spaces.names import nested

_MOST_ADDED = 3  # settings of a trial that its config class has got since, which no id counts


def identity_of(
    config: Mapping[str, Any], files: Mapping[str, str], *, has_data: bool, is_nested: bool
) -> dict[str, Any]:
    """Returns the settings that a trial's id depends on.

    Args:
        files: path -> SHA-256 of those that a setting names: they count by their content.
        has_data: the study describes its data, so that the place of these does not count.
        is_nested: "a/b" is the setting b of the dict a.
    """
    left_out = (*(PLACES if has_data else ()), *OWN)  # without a description it is a setting
    found = {key: value for key, value in config.items() if key not in left_out}
    named = {k: v for k, v in found.items() if isinstance(v, str) and v in files}
    found |= {key: f"sha256:{files[value]}" for key, value in named.items()}
    return nested(found) if is_nested else found


def hash_of(
    trainable: Trainable,
    identity: Mapping[str, Any],
    seed: int,
    n_replicates: int | None,
    data_sha256: str | None,
    cut_at: int | None,
) -> str:
    """Returns a trial's id, 12 digits 0-9a-f.

    Args:
        n_replicates: None: of a trial that gets more of them, whatever their number.
        cut_at: at which step the scheduler's max_t cuts the trial short; None: it does not.
    """
    whole = [trainable_key(trainable), identity, seed, n_replicates, data_sha256]
    whole += [] if cut_at is None else [cut_at]
    canonical = json.dumps(whole, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def is_own_id(trial: Any, manifest: Any) -> bool:
    """Whether a planned trial has the id of its config, seed and data, as a manifest says them.

    A setting that a config class got later is in no id where it is at its default. Only the
    trainable's code knows which these are, and it is not asked: up to three may be left out.

    Args:
        trial: a `Trial` of the `Manifest`.
    """
    n_added = _MOST_ADDED if isinstance(trial.trainable, str) else 0
    keys = [key for key in trial.config if key not in (*PLACES, *OWN)]
    has_data = bool(manifest.study.data)
    for n in range(min(n_added, len(keys)) + 1):
        for left_out in itertools.combinations(keys, n):
            config = {k: v for k, v in trial.config.items() if k not in left_out}
            identity = identity_of(
                config, manifest.files, has_data=has_data, is_nested=trial.nested
            )
            n_counted = None if manifest.decide else trial.n_replicates
            its = (trial.seed, n_counted, manifest.data.sha256)
            ids = [
                hash_of(trial.trainable, identity, *its, cut_at)
                for cut_at in (None, trial.max_fidelity)  # earlier versions do not say which
            ]
            if trial.trial_id in ids:
                return True
    return False
