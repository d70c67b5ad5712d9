"""The command `replay` as it is typed."""

from pathlib import Path

import typer
from rich.console import Console

from sweepbook.commands.given import types as own


def replay(
    context: typer.Context,
    record: own.FullRecord,
    grace_period: own.GracePeriod = None,
    reduction_factor: own.ReductionFactor = None,
    workers: own.Workers = None,
    orders: own.Orders = 1000,
    seed: own.OrderSeed = 0,
    equal_times: own.EqualTimes = False,
    jitter: own.Jitter = 0.1,
    margin: own.Margin = None,
    out: own.ReplayFolder = Path("replay"),
) -> None:
    """Simulate early stopping by ASHA on recorded curves.

    The page OUT/replay.md says how many epochs ASHA saves, and how often it stops the best trial.
    """
    from sweepbook.commands.replay import replay as write_replay

    write_replay(record, out, context.params, Console())
