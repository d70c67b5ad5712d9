"""Replays a record through ASHA, and says where the page is."""

from pathlib import Path

from rich.console import Console

from sweepbook.replay.run import Wanted
from sweepbook.replay.run import replay as write_replay
from sweepbook.tune.console import say


def replay(record: str, out: Path, wanted: Wanted, console: Console) -> None:
    """Writes the replay into `out`.

    Raises:
        ValueError: as `sweepbook.replay.run.replay`.
    """
    say(console, f"{write_replay(record, out, wanted, console)}")
