"""The command line: list, show, run, confirm, verify, logs, report, replay.

Exit code 0, 1 (something failed), 2 (bad usage). What each command does is in `commands/`.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sweepbook.commands import arguments as given
from sweepbook.commands.unforeseen import unforeseen
from sweepbook.tune.console import say

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Run hyperparameter studies whose conclusions hold, and write reports on them.",
    epilog=given.START,
)
console = Console()
errors = Console(stderr=True)


def main() -> None:
    """Runs the command line; the exit code tells how it ended."""
    try:
        app()
    except (ValueError, OSError) as error:
        say(errors, f"sweepbook: {error}", style="red")
        sys.exit(2 if isinstance(error, ValueError) else 1)
    except Exception as error:  # what nobody has foreseen
        say(errors, f"sweepbook: {unforeseen(error)}", style="red")
        sys.exit(1)


def _exit(is_well: bool) -> None:
    if not is_well:
        raise typer.Exit(1)


@app.command("list")
def list_studies(project: given.ProjectDir = None) -> None:
    """List the studies of the project."""
    from sweepbook.commands.list import list_studies as show_list

    show_list(given.enter_project(project), console)


@app.command(context_settings=given.OF_STUDIES, epilog=given.OF_SHOW)
def show(
    context: typer.Context,
    studies: Annotated[
        list[str],
        typer.Argument(
            metavar="STUDY",
            help="Names of studies, study files (my_study.py or my_study.py:NAME), or all.",
        ),
    ],
    data: given.Data = None,
    replicates: given.Replicates = None,
    seed: given.Seed = None,
    epochs: given.Epochs = None,
    scale: given.Scale = None,
    trials: given.Trials = None,
    scheduler: given.Scheduler = True,
    settings: given.Set = None,
    project: given.ProjectDir = None,
) -> None:
    """Show the trials, the options and the estimated cost of a study.

    Nothing is trained.
    """
    from sweepbook.commands.show import show as show_studies

    options, own = given.options_of(context), given.spellings(context)
    show_studies(studies, options, own, given.enter_project(project), console)


@app.command(context_settings=given.OF_STUDIES, epilog=given.OF_RUN)
def run(
    context: typer.Context,
    studies: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STUDY",
            help="Names of studies, study files (my_study.py or my_study.py:NAME), or all for "
            "every study of the project that is not a search.",
        ),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="RECORD",
            help="Record to resume. With --replicates, --epochs, --scale or --trials, a longer "
            "copy of it is trained beside it.",
        ),
    ] = None,
    data: given.Data = None,
    replicates: given.Replicates = None,
    seed: given.Seed = None,
    epochs: given.Epochs = None,
    scale: given.Scale = None,
    trials: given.Trials = None,
    scheduler: given.Scheduler = True,
    settings: given.Set = None,
    storage: given.Storage = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the record. Default: the study's name."),
    ] = None,
    gpus: given.GPUs = None,
    address: given.Address = None,
    max_concurrent: given.MaxConcurrent = None,
    max_failures: given.MaxFailures = 1,
    max_node_losses: given.MaxNodeLosses = 3,
    force: Annotated[
        bool, typer.Option(help="Resume although code, data or versions have changed.")
    ] = False,
    cache: Annotated[
        bool, typer.Option(help="Reuse finished trials from records in the same storage.")
    ] = True,
    warm_start: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RECORD",
            help="Earlier record from which the sampler of a search learns; may be repeated.",
        ),
    ] = None,
    optuna_storage: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE",
            help="Where Optuna keeps a search, to watch it live: sqlite:///FILE or FILE.journal.",
        ),
    ] = None,
    project: given.ProjectDir = None,
) -> None:
    """Run studies, or resume or extend a record.

    Each study gets a record, the folder STORAGE/NAME, by default records/STUDY.
    """
    from sweepbook.commands.run import run as run_command
    from sweepbook.commands.training import tell_endings

    placement, options = given.placement_of(context), given.options_of(context)
    ended = run_command(
        studies or (),
        options,
        given.spellings(context),
        given.enter_project(project),
        record=resume,
        force=force,
        storage=storage,
        name=name,
        cache=cache,
        warm_start=warm_start or (),
        optuna_storage=optuna_storage,
        placement=placement,
        console=console,
    )
    _exit(tell_endings(ended, console))


@app.command(epilog=given.OF_CONFIRM)
def confirm(
    context: typer.Context,
    record: Annotated[
        str,
        typer.Argument(
            metavar="RECORD",
            help="Folder or URI of a search's record, e.g. records/tuned-architecture.",
        ),
    ],
    seed: Annotated[
        int,
        typer.Option(metavar="N", help="Seed of the new study. It must differ from the search's."),
    ],
    by: Annotated[
        str | None,
        typer.Option(
            metavar="KEY,KEY",
            help="Settings to compare: the best trial of each combination of their values is "
            "retrained. Default: the settings that tell the cells of the search apart.",
        ),
    ] = None,
    replicates: Annotated[int, typer.Option(metavar="N", help="Seeds per trial.")] = 5,
    epochs: given.Epochs = None,
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE",
            help="Folder or URI for the new record. Default: beside the record of the search.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the new record. Default: SEARCH-confirm."),
    ] = None,
    address: given.Address = None,
    max_concurrent: given.MaxConcurrent = None,
    max_failures: given.MaxFailures = 1,
    max_node_losses: given.MaxNodeLosses = 3,
    force: Annotated[
        bool, typer.Option(help="Confirm although code, data or versions have changed.")
    ] = False,
    project: given.ProjectDir = None,
) -> None:
    """Retrain the winners of a search with new seeds.

    No trial is stopped early. The score that selected a winner is too optimistic: only the new
    scores compare the winners fairly.
    """
    from sweepbook.commands.confirm import confirm as train_winners
    from sweepbook.commands.training import tell_endings

    placement = given.placement_of(context)
    given.enter_project(project)
    ended = train_winners(
        record,
        by=None if by is None else [key for key in by.split(",") if key],
        replicates=replicates,
        seed=seed,
        epochs=epochs,
        storage=storage,
        name=name,
        placement=placement,
        force=force,
        console=console,
    )
    _exit(tell_endings(ended, console))


@app.command(epilog=given.OF_VERIFY)
def verify(
    record: given.RecordPlace,
    trials: Annotated[int, typer.Option(metavar="N", help="Number of trials to retrain.")] = 1,
    epochs: Annotated[
        int | None,
        typer.Option(metavar="N", help="Epochs or rounds to retrain of each. Default: all."),
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="N", help="Seed that draws the trials to retrain.")
    ] = 0,
    project: given.ProjectDir = None,
) -> None:
    """Check that a record is complete, and retrain some of its trials.

    The retrained trials must give the recorded numbers.
    """
    from sweepbook.commands.verify import check

    given.enter_project(project)
    _exit(check(record, trials=trials, seed=seed, epochs=epochs, console=console))


@app.command(epilog=given.OF_LOGS)
def logs(
    record: given.RecordPlace,
    trial: Annotated[
        str | None,
        typer.Argument(
            metavar="TRIAL",
            help="Id of a trial, or the beginning of one. Default: a table of all trials.",
        ),
    ] = None,
    tail: Annotated[
        int | None, typer.Option(metavar="N", help="Number of last lines to show. Default: all.")
    ] = None,
) -> None:
    """Show what the trials of a record have printed.

    This also works while they are being trained.
    """
    from sweepbook.commands.logs import logs as show_logs

    show_logs(record, trial, tail, console)


@app.command(epilog=given.OF_REPORT)
def report(
    records: Annotated[
        list[str],
        typer.Argument(
            metavar="RECORD",
            help="Folders or URIs of the records, e.g. records/batch-norm or records/*.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the report.")] = Path(
        "report"
    ),
    repeat: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RECORD",
            help="Record of the same study with another seed, to compare the verdicts; may be "
            "repeated.",
        ),
    ] = None,
    project: given.ProjectDir = None,
) -> None:
    """Write a report with figures, tables and findings.

    It is OUT/report.html, which needs no other file, and OUT/report.md.
    """
    from sweepbook.commands.report import report as write_report

    write_report(records, out, repeat or (), console, given.enter_project(project))


@app.command(epilog=given.OF_REPLAY)
def replay(
    record: Annotated[
        str,
        typer.Argument(
            metavar="RECORD",
            help="Folder or URI of a record whose trials were trained without early stopping.",
        ),
    ],
    grace_period: Annotated[
        list[int] | None,
        typer.Option(metavar="N", help="Epoch of the first rung; may be repeated."),
    ] = None,
    reduction_factor: Annotated[
        list[int] | None,
        typer.Option(metavar="N", help="One of N trials goes on at each rung; may be repeated."),
    ] = None,
    workers: Annotated[
        list[int] | None,
        typer.Option(metavar="N", help="Trials at a time; may be repeated."),
    ] = None,
    orders: Annotated[
        int, typer.Option(metavar="N", help="Number of random orders of the trials to simulate.")
    ] = 1000,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed that draws the orders.")] = 0,
    equal_times: Annotated[
        bool,
        typer.Option(
            "--equal-times", help="Give every epoch the same time instead of the recorded one."
        ),
    ] = False,
    jitter: Annotated[
        float,
        typer.Option(
            metavar="X",
            help="Random spread of a trial's speed between orders: the standard deviation of its "
            "logarithm, 0 to 2.",
        ),
    ] = 0.1,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the table, the figure and the page.")
    ] = Path("replay"),
) -> None:
    """Simulate early stopping by ASHA on recorded curves.

    The page says how many epochs ASHA saves, and how often it stops the best trial.
    """
    from sweepbook.commands.replay import replay as write_replay
    from sweepbook.replay.run import Wanted

    wanted = Wanted(
        grace_periods=grace_period,
        reduction_factors=reduction_factor,
        workers=workers,
        n_orders=orders,
        seed=seed,
        equal_times=equal_times,
        jitter=jitter,
    )
    write_replay(record, out, wanted, console)
