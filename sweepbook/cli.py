"""The command line: list, show, run, confirm, verify, logs, report, export, replay.

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
    help="Hyperparameter studies whose conclusions hold.",
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


@app.command(context_settings=given.OF_STUDIES, epilog=given.OWN_OPTIONS)
def show(
    context: typer.Context,
    studies: Annotated[list[str], typer.Argument(help="STUDY, my_study.py, all")],
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
    """Show a study: its space, its trials, its own options, an estimate of its cost."""
    from sweepbook.commands.show import show as show_studies

    options, own = given.options_of(context), given.spellings(context)
    show_studies(studies, options, own, given.enter_project(project), console)


@app.command(context_settings=given.OF_STUDIES, epilog=given.OWN_OPTIONS)
def run(
    context: typer.Context,
    studies: Annotated[
        list[str] | None, typer.Argument(help="STUDY..., my_study.py, all (but the searches)")
    ] = None,
    resume: Annotated[str | None, typer.Option(help="go on with this record")] = None,
    data: given.Data = None,
    replicates: given.Replicates = None,
    seed: given.Seed = None,
    epochs: given.Epochs = None,
    scale: given.Scale = None,
    trials: given.Trials = None,
    scheduler: given.Scheduler = True,
    settings: given.Set = None,
    storage: given.Storage = None,
    name: Annotated[str | None, typer.Option(help="the record's name")] = None,
    gpus: given.GPUs = None,
    address: given.Address = None,
    max_concurrent: given.MaxConcurrent = None,
    max_failures: given.MaxFailures = 1,
    max_node_losses: given.MaxNodeLosses = 3,
    force: Annotated[bool, typer.Option(help="resume although versions or code differ")] = False,
    cache: Annotated[bool, typer.Option(help="take trials that a record there holds")] = True,
    warm_start: Annotated[
        list[str] | None, typer.Option(help="a record whose trials a search begins with")
    ] = None,
    optuna_storage: Annotated[
        str | None, typer.Option(help="sqlite:///FILE or FILE.journal, to watch a search")
    ] = None,
    project: given.ProjectDir = None,
) -> None:
    """Run studies, resume a record, or extend one by replicates, epochs or trials."""
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


@app.command()
def confirm(
    context: typer.Context,
    record: Annotated[str, typer.Argument(help="the record of a search")],
    seed: Annotated[int, typer.Option(help="fresh: other than the search's")],
    by: Annotated[
        str | None, typer.Option(help="KEY,KEY: the best of each combination; default its cells")
    ] = None,
    replicates: Annotated[int, typer.Option(help="seeds per config")] = 5,
    epochs: given.Epochs = None,
    storage: Annotated[str | None, typer.Option(help="default: beside the search")] = None,
    name: Annotated[str | None, typer.Option(help="the new record's name")] = None,
    address: given.Address = None,
    max_concurrent: given.MaxConcurrent = None,
    max_failures: given.MaxFailures = 1,
    max_node_losses: given.MaxNodeLosses = 3,
    force: Annotated[bool, typer.Option(help="although versions or code differ")] = False,
    project: given.ProjectDir = None,
) -> None:
    """Train a search's winners anew, with fresh seeds and no early stopping."""
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


@app.command()
def verify(
    record: Annotated[str, typer.Argument(help="a record's folder or URI")],
    trials: Annotated[int, typer.Option(help="how many trials to train anew")] = 1,
    epochs: Annotated[
        int | None, typer.Option(help="of each, so many epochs; default all")
    ] = None,
    seed: Annotated[int, typer.Option(help="draws the trials")] = 0,
    project: given.ProjectDir = None,
) -> None:
    """Check a record: digest, completeness, and a sample of its trials trained anew."""
    from sweepbook.commands.verify import check

    given.enter_project(project)
    _exit(check(record, trials=trials, seed=seed, epochs=epochs, console=console))


@app.command()
def logs(
    record: Annotated[str, typer.Argument(help="a record's folder or URI")],
    trial: Annotated[
        str | None, typer.Argument(help="a trial's id, or its beginning; default: a table of all")
    ] = None,
    tail: Annotated[int | None, typer.Option(help="Lines from the end; default: all.")] = None,
) -> None:
    """Show what the trials of a record have printed, also while they run."""
    from sweepbook.commands.logs import logs as show_logs

    show_logs(record, trial, tail, console)


@app.command()
def report(
    records: Annotated[list[str], typer.Argument(help="record folders or URIs")],
    out: Annotated[Path, typer.Option(help="the report's folder")] = Path("report"),
    repeat: Annotated[
        list[str] | None, typer.Option(help="a record of the same study with another seed")
    ] = None,
    project: given.ProjectDir = None,
) -> None:
    """Write a report: figures, tables, findings."""
    from sweepbook.commands.report import report as write_report

    write_report(records, out, repeat or (), console, given.enter_project(project))


@app.command()
def export(
    record: Annotated[str, typer.Argument(help="A record's folder or URI.")],
    best: Annotated[Path, typer.Option(help="The folder to write, which must not exist.")],
    trial: Annotated[
        str | None, typer.Option(help="Id of another trial than the best one.")
    ] = None,
) -> None:
    """Export the best model of a record: its state, its settings and a model card."""
    from sweepbook.commands.models.export import export as write_model

    write_model(record, best, trial, console)


@app.command()
def replay(
    record: Annotated[str, typer.Argument(help="a record folder with full-length curves")],
    grace_period: Annotated[list[int] | None, typer.Option(help="first rung; repeat")] = None,
    reduction_factor: Annotated[
        list[int] | None, typer.Option(help="1 of so many passes a rung; repeat")
    ] = None,
    workers: Annotated[list[int] | None, typer.Option(help="trials at a time; repeat")] = None,
    orders: Annotated[int, typer.Option(help="random arrival orders")] = 1000,
    seed: Annotated[int, typer.Option(help="draws the orders")] = 0,
    equal_times: Annotated[
        bool, typer.Option("--equal-times", help="not the recorded seconds")
    ] = False,
    jitter: Annotated[
        float, typer.Option(help="sigma of a trial's pace from order to order")
    ] = 0.1,
    out: Annotated[Path, typer.Option(help="the folder of its table and figure")] = Path("replay"),
) -> None:
    """Replay recorded curves through ASHA in virtual time: what it saves, what it loses."""
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
