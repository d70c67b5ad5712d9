"""The command line: list, show, try, run, decide, confirm, verify, logs, report, compare,
export, replay. What each command does is in `commands/`.

Exit code 0, 1 (something failed), 2 (bad usage).
"""

import gc
from pathlib import Path

import typer
from rich.console import Console

from sweepbook.commands import arguments as given
from sweepbook.commands.given import examples
from sweepbook.commands.given import types as own
from sweepbook.commands.given.deciding import Decide, decide, decide_after
from sweepbook.commands.given.replaying import replay
from sweepbook.commands.unforeseen import leave, run_safely

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
console = Console()
errors = Console(stderr=True)


def main() -> None:
    """Runs the command line; the exit code tells how it ended."""
    code = run_safely(app, errors)
    gc.freeze()  # else Python searches all that was imported for garbage, for half a second
    leave(code)


@app.callback(epilog=examples.START)
def top(version: own.Version = False) -> None:
    """Run hyperparameter studies whose conclusions hold, and write reports on them."""


def _exit(is_well: bool) -> None:
    if not is_well:
        raise typer.Exit(1)


@app.command("list")
def list_studies(project: given.ProjectDir = None) -> None:
    """List the studies of the project."""
    from sweepbook.commands.list import list_studies as show_list

    show_list(given.enter_project(project), console)


@app.command(context_settings=given.OF_STUDIES, epilog=examples.OF_SHOW)
def show(
    context: typer.Context,
    studies: own.StudiesToShow,
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

    options, spelt = given.options_of(context), given.spellings(context)
    show_studies(studies, options, spelt, given.enter_project(project), console)


@app.command("try", context_settings=given.OF_STUDIES, epilog=examples.OF_TRY)
def try_study(
    context: typer.Context,
    study: own.StudyToTry,
    steps: own.Steps = 1,
    data: given.Data = None,
    seed: given.Seed = None,
    epochs: given.Epochs = None,
    scale: given.Scale = None,
    settings: given.Set = None,
    project: given.ProjectDir = None,
) -> None:
    """Train one config for one step in this process, to debug it.

    Breakpoints work, and what it prints is shown. No Ray is started, and nothing is written.
    """
    from sweepbook.commands.trying.command import try_study as try_config

    options, spelt = given.options_of(context), given.spellings(context)
    _exit(try_config(study, options, spelt, given.enter_project(project), steps, console, errors))


@app.command(context_settings=given.OF_STUDIES, epilog=examples.OF_RUN)
def run(
    context: typer.Context,
    studies: own.StudiesToRun = None,
    resume: own.Resume = None,
    data: given.Data = None,
    replicates: given.Replicates = None,
    seed: given.Seed = None,
    epochs: given.Epochs = None,
    scale: given.Scale = None,
    trials: given.Trials = None,
    scheduler: given.Scheduler = True,
    fuse: given.Fuse = None,
    settings: given.Set = None,
    storage: given.Storage = None,
    name: own.Name = None,
    gpus: given.GPUs = None,
    address: given.Address = None,
    max_concurrent: given.MaxConcurrent = None,
    max_failures: given.MaxFailures = None,
    max_node_losses: given.MaxNodeLosses = None,
    force: own.ForceResume = False,
    trust: own.Trust = False,
    cache: own.Cache = True,
    warm_start: own.WarmStart = None,
    optuna_storage: own.OptunaStorage = None,
    decide: Decide = False,
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
        trust=trust,
        storage=storage,
        name=name,
        cache=cache,
        warm_start=warm_start or (),
        optuna_storage=optuna_storage,
        placement=placement,
        console=console,
    )
    is_well = tell_endings(ended, console)
    _exit(is_well and (not decide or decide_after(ended, placement, force, console)))


app.command(epilog=examples.OF_DECIDE)(decide)


@app.command(epilog=examples.OF_CONFIRM)
def confirm(
    context: typer.Context,
    record: own.ChosenRecord,
    seed: own.FreshSeed,
    by: own.By = None,
    top: own.Top = 1,
    replicates: own.SeedsPerTrial = None,
    epochs: given.Epochs = None,
    storage: own.ConfirmStorage = None,
    name: own.ConfirmName = None,
    address: given.Address = None,
    max_concurrent: given.MaxConcurrent = None,
    max_failures: given.MaxFailures = None,
    max_node_losses: given.MaxNodeLosses = None,
    force: own.ForceConfirm = False,
    trust: own.Trust = False,
    project: given.ProjectDir = None,
) -> None:
    """Retrain the winners of a search or a grid with new seeds.

    No trial is stopped early. The score that selected a winner is too optimistic: only the new
    scores compare the winners fairly. They are of test data where the record has them.
    """
    from sweepbook.commands.confirm import confirm as train_winners
    from sweepbook.commands.training import tell_endings

    placement, _ = given.placement_of(context), given.enter_project(project)
    ended = train_winners(
        record,
        by=None if by is None else [key for key in by.split(",") if key],
        replicates=replicates,
        seed=seed,
        top=top,
        epochs=epochs,
        storage=storage,
        name=name,
        placement=placement,
        force=force,
        trust=trust,
        console=console,
    )
    _exit(tell_endings(ended, console))


@app.command(epilog=examples.OF_VERIFY)
def verify(
    record: given.RecordPlace,
    trials: own.TrialsToRetrain = 1,
    epochs: own.EpochsToRetrain = None,
    seed: own.RetrainSeed = 0,
    all_digests: own.AllDigests = False,
    trust: own.Trust = False,
    project: given.ProjectDir = None,
) -> None:
    """Check that a record is complete, and retrain some of its trials.

    They must give the recorded numbers. With --trials 0, none of the record's code is run.
    """
    from sweepbook.commands.verify import check, check_digests

    if all_digests:
        return _exit(check_digests(record, console))
    given.enter_project(project)
    _exit(check(record, trials=trials, seed=seed, epochs=epochs, trust=trust, console=console))


@app.command(epilog=examples.OF_LOGS)
def logs(record: given.RecordPlace, trial: own.TrialToRead = None, tail: own.Tail = None) -> None:
    """Show what the trials of a record have printed.

    This also works while they are being trained.
    """
    from sweepbook.commands.logs import logs as show_logs

    show_logs(record, trial, tail, console)


@app.command(epilog=examples.OF_REPORT)
def report(
    records: own.Records,
    out: own.ReportFolder = Path("report"),
    repeat: own.Repeat = None,
    claims: own.ClaimsOf = None,
    latex: own.Latex = False,
    project: given.ProjectDir = None,
) -> None:
    """Write a report with figures, tables and findings.

    OUT gets report.html, which needs no other file, the same as report.md, and the figures, the
    findings and all numbers as files.
    """
    from sweepbook.commands.report import report as write_report

    entered = given.enter_project(project)
    _exit(write_report(records, out, repeat or (), console, errors, entered, claims, latex))


@app.command(epilog=examples.OF_COMPARE)
def compare(first: own.First, second: own.Second, out: own.ComparisonFolder = None) -> None:
    """Compare two records of the same study.

    Verdicts that moved come first, then the estimates side by side.
    """
    from sweepbook.commands.judging.compare import compare as compare_two

    compare_two(first, second, out, console)


@app.command(epilog=examples.OF_EXPORT)
def export(record: given.RecordPlace, best: own.ModelFolder, trial: own.ModelTrial = None) -> None:
    """Export the best model of a record.

    --best names a new folder for its state, its settings and a model card (README.md).
    """
    from sweepbook.commands.models.export import export as write_model

    write_model(record, best, trial, console)


app.command(epilog=examples.OF_REPLAY)(replay)
