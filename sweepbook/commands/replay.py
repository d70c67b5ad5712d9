"""Replays a record through ASHA, and says where the page is."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from rich.console import Console

from sweepbook.replay.run import Wanted
from sweepbook.replay.run import replay as write_replay
from sweepbook.tune.console import say

_FIELDS = {"grace_period": "grace_periods", "reduction_factor": "reduction_factors"}
_FIELDS |= {"orders": "n_orders"}  # of `Wanted`; the others are called as their options


def replay(record: str, out: Path, given: Mapping[str, Any], console: Console) -> None:
    """Writes the replay into `out`.

    Args:
        given: the options of the command line, by name.

    Raises:
        ValueError: as `sweepbook.replay.run.replay`.
    """
    asked = {_FIELDS.get(name, name): value for name, value in given.items()}
    wanted = Wanted(**{field.name: asked[field.name] for field in fields(Wanted)})
    say(console, f"{write_replay(record, out, wanted, console)}")
