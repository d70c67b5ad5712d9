"""The settings of a config that say where, how often and on what a trial is trained.

They are no part of the question: which of them count where is said by those who ask.
"""

import json
from typing import Any

PLACES = ("data",)  # name a place on one machine; what lies there has a hash of its own
PLACE_ENDINGS = ("_path", "_dir")  # how further settings that name one end
OWN = ("seed", "replicates")  # every study gives its trials its own
DEVICE = ("device",)  # what a trial is computed on


def setting_key(value: Any) -> str:
    """Returns a text that two plain values share where they are the same: True is not 1."""
    return json.dumps(value, sort_keys=True)
