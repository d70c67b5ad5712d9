"""The command `decide` as it is typed, and what `run --decide` does in the end."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from sweepbook.commands import arguments as given
from sweepbook.commands.given import types as own

if TYPE_CHECKING:  # slow to import
    from sweepbook.record.storage.places import Place
    from sweepbook.tune.placement import Placement

Records = Annotated[
    list[str],
    typer.Argument(
        metavar="RECORD",
        help="Folders or URIs of records whose claims are to be decided, e.g. records/my-study, "
        "or of records that decide has written, to continue them.",
    ),
]
Most = Annotated[
    str | None,
    typer.Option(
        metavar="N",
        help="Maximum number of seeds per trial, or none for no maximum (with --budget). "
        "Default: 60, or the last of --looks.",
    ),
]
Looks = Annotated[
    str | None,
    typer.Option(
        metavar="N,N",
        help="Numbers of seeds at which the claims are judged. Default: what the record has, then "
        "5,10,15,20,30,40,60.",
    ),
]
Budget = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Time for all records together, such as 90s, 30m or 1h30m. Default: no limit.",
    ),
]
Decide = Annotated[
    bool,
    typer.Option(
        "--decide",
        help="Afterwards add seeds until the claims are decided, as sweepbook decide does.",
    ),
]


def decide(
    context: typer.Context,
    records: Records,
    most: Most = None,
    looks: Looks = None,
    budget: Budget = None,
    address: given.Address = None,
    max_concurrent: given.MaxConcurrent = None,
    max_failures: given.MaxFailures = None,
    max_node_losses: given.MaxNodeLosses = None,
    force: own.ForceResume = False,
    trust: own.Trust = False,
    project: given.ProjectDir = None,
) -> None:
    """Add seeds until the claims of a record are decided.

    Only trials of undecided claims get more seeds. The chance of a wrong verdict over all looks
    stays at most 5 %. The new record RECORD-decide holds all seeds; RECORD stays as it is.
    """
    from sweepbook.commands.deciding.command import decide as decide_records
    from sweepbook.commands.training import tell_endings

    placement, console = given.placement_of(context), Console()
    given.enter_project(project)
    ended = decide_records(
        records,
        looks=looks,
        most=most,
        budget=budget,
        placement=placement,
        force=force,
        trust=trust,
        console=console,
    )
    if not tell_endings(ended, console):
        raise typer.Exit(1)


def decide_after(
    records: "Iterable[Place]", placement: "Placement", force: bool, console: Console
) -> bool:
    """Decides the claims of records that `run` has just completed; returns whether all is well.

    Records without undecided claims are passed over, with a line that says why.
    """
    from sweepbook.commands.deciding.command import decide_all
    from sweepbook.commands.training import tell_endings

    ended = decide_all(list(records), placement=placement, force=force, console=console)
    return not ended or tell_endings(ended, console)
