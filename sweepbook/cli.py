"""The command line: list, show, run, confirm, verify, report, replay.

Exit code 0, 1 (something failed), 2 (bad usage).
"""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from sweepbook.commands.show import show_plan
from sweepbook.plan.options import Options, optional_settings, setting
from sweepbook.plan.plans import make_plans
from sweepbook.plan.studies import load_studies
from sweepbook.record.places import Place
from sweepbook.study.hooks import add_to_path
from sweepbook.study.project import Project, find_project, project_at

if TYPE_CHECKING:
    from sweepbook.tune.placement import Placement

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Hyperparameter studies whose conclusions hold.",
)
console = Console()
errors = Console(stderr=True)

Data = Annotated[str | None, typer.Option(help="folder of the data set, instead of the embedded")]
Replicates = Annotated[int | None, typer.Option(help="seeds per trial")]
Seed = Annotated[int | None, typer.Option(help="study seed")]
Epochs = Annotated[int | None, typer.Option(help="epochs (or rounds) of every trial")]
Scale = Annotated[float | None, typer.Option(help="factor of every trial's epochs")]
GPUs = Annotated[float | None, typer.Option(help="GPUs of one trial; 0.5: two share one")]
Storage = Annotated[
    str | None,
    typer.Option(
        help="where records are kept: a folder, s3://BUCKET/..., gs://...; default records"
    ),
]
Trials = Annotated[int | None, typer.Option(help="of each cell of a search")]
Scheduler = Annotated[bool, typer.Option(help="off: no trial is stopped early")]
Set = Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE in every trial")]
Weights = Annotated[
    str | None, typer.Option(help="what pretrained models start from: a name it knows, or a file")
]
ProjectDir = Annotated[
    str | None, typer.Option("--project", help="Folder of the project; default: found upwards.")
]
SkipCorrupt = Annotated[bool, typer.Option(help="leave out data files that cannot be read")]


def main() -> None:
    """Runs the command line; the exit code tells how it ended."""
    try:
        app()
    except (ValueError, OSError) as error:
        errors.print(
            f"sweepbook: {error}", style="red", markup=False, highlight=False, soft_wrap=True
        )
        sys.exit(2 if isinstance(error, ValueError) else 1)


def _project(folder: str | None) -> Project | None:
    """The project that is named or stood in, its root first on sys.path; None where there is none.

    Records and studies name the project's code by import path.
    """
    found = find_project() if folder is None else project_at(folder)
    if found is not None:
        add_to_path(str(found.root))
    return found


@app.command("list")
def list_studies(project: ProjectDir = None) -> None:
    """List the studies of the project."""
    found = _project(project)
    if found is None:
        console.print(
            f"There is no project in {Path.cwd()} or above it, so there are no studies to list. "
            "Run a study file: sweepbook run my_study.py",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("study", "trials", "replicates", "question"):
        table.add_column(column, overflow="fold")
    for study in found.studies().values():
        table.add_row(study.name, str(study.n_trials), str(study.replicates), study.question)
    console.print(table)


@app.command()
def show(
    study: str,
    data: Data = None,
    replicates: Replicates = None,
    seed: Seed = None,
    epochs: Epochs = None,
    scale: Scale = None,
    trials: Trials = None,
    scheduler: Scheduler = True,
    settings: Set = None,
    weights: Weights = None,
    skip_corrupt: SkipCorrupt = False,
    project: ProjectDir = None,
) -> None:
    """Show a study: its space, its trials, an estimate of its cost."""
    options = Options(
        data=data,
        replicates=replicates,
        seed=seed,
        epochs=epochs,
        scale=scale,
        trials=trials,
        scheduler=scheduler,
        settings=dict(map(setting, settings or ())),
        optional=optional_settings(weights, skip_corrupt),
        everywhere=study != "all",
    )
    say = partial(console.print, markup=False, highlight=False, soft_wrap=True)
    for plan in make_plans(load_studies([study], _project(project)), options, say):
        show_plan(plan, console)


@app.command()
def run(
    studies: Annotated[
        list[str] | None, typer.Argument(help="STUDY..., my_study.py, all (but the searches)")
    ] = None,
    resume: Annotated[str | None, typer.Option(help="go on with this record")] = None,
    data: Data = None,
    replicates: Replicates = None,
    seed: Seed = None,
    epochs: Epochs = None,
    scale: Scale = None,
    trials: Trials = None,
    scheduler: Scheduler = True,
    settings: Set = None,
    weights: Weights = None,
    skip_corrupt: SkipCorrupt = False,
    storage: Storage = None,
    name: Annotated[str | None, typer.Option(help="the record's name")] = None,
    gpus_per_trial: GPUs = None,
    address: Annotated[str | None, typer.Option(help="a running Ray cluster")] = None,
    max_concurrent: Annotated[int | None, typer.Option(help="trials at a time")] = None,
    max_failures: Annotated[int, typer.Option(help="a failed trial is tried again")] = 1,
    max_node_losses: Annotated[int, typer.Option(help="and one whose machine was lost")] = 3,
    force: Annotated[bool, typer.Option(help="resume although versions or code differ")] = False,
    cache: Annotated[bool, typer.Option(help="take trials that a record there holds")] = True,
    warm_start: Annotated[
        list[str] | None, typer.Option(help="a record whose trials a search begins with")
    ] = None,
    optuna_storage: Annotated[
        str | None, typer.Option(help="sqlite:///FILE or FILE.journal, to watch a search")
    ] = None,
    project: ProjectDir = None,
) -> None:
    """Run studies, resume a record, or extend one by replicates, epochs or trials."""
    from sweepbook.commands.extend import extend
    from sweepbook.commands.resume import resume as resume_record
    from sweepbook.commands.run import run_studies

    placement = _placement(address, max_concurrent, max_failures, max_node_losses)
    found = _project(project)
    options = Options(
        data=data,
        replicates=replicates,
        seed=seed,
        epochs=epochs,
        scale=scale,
        gpus=gpus_per_trial,
        trials=trials,
        scheduler=scheduler,
        settings=dict(map(setting, settings or ())),
        optional=optional_settings(weights, skip_corrupt),
        everywhere="all" not in (studies or ()),
    )
    if resume is not None:
        more = Options(replicates=replicates, epochs=epochs, scale=scale, trials=trials)
        of_new_records = (storage, name, optuna_storage) != (None, None, None) or not cache
        if studies or options != more or warm_start or of_new_records:
            raise ValueError(
                "--resume goes on with a record as it was planned, where it is: give nothing "
                "else, or more of --replicates, --epochs, --scale or --trials to extend it"
            )
        go_on = resume_record if more == Options() else partial(extend, options=more)
        ended = go_on(resume, placement=placement, force=force, console=console)
    elif studies:
        if name is not None and (not name or Path(name).name != name or set(name) & set("?#")):
            raise ValueError(f"--name must be a plain folder name, got {name!r}")
        ended = run_studies(
            load_studies(studies, found),
            options,
            storage="records" if storage is None else storage,
            name=name,
            cache=cache,
            warm_start=warm_start or (),
            optuna_storage=optuna_storage,
            placement=placement,
            console=console,
        )
    else:
        raise ValueError("name a study (sweepbook list shows them), a study file, or --resume")
    _tell(ended)


@app.command()
def confirm(
    record: Annotated[str, typer.Argument(help="the record of a search")],
    seed: Annotated[int, typer.Option(help="fresh: other than the search's")],
    by: Annotated[
        str | None, typer.Option(help="KEY,KEY: the best of each combination; default its cells")
    ] = None,
    replicates: Annotated[int, typer.Option(help="seeds per config")] = 5,
    epochs: Epochs = None,
    storage: Annotated[str | None, typer.Option(help="default: beside the search")] = None,
    name: Annotated[str | None, typer.Option(help="the new record's name")] = None,
    address: Annotated[str | None, typer.Option(help="a running Ray cluster")] = None,
    max_concurrent: Annotated[int | None, typer.Option(help="trials at a time")] = None,
    max_failures: Annotated[int, typer.Option(help="a failed trial is tried again")] = 1,
    max_node_losses: Annotated[int, typer.Option(help="and one whose machine was lost")] = 3,
    force: Annotated[bool, typer.Option(help="although versions or code differ")] = False,
) -> None:
    """Train a search's winners anew, with fresh seeds and no early stopping."""
    from sweepbook.commands.confirm import confirm as run_confirmation

    placement = _placement(address, max_concurrent, max_failures, max_node_losses)
    _project(None)
    ended = run_confirmation(
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
    _tell(ended)


def _placement(
    address: str | None, max_concurrent: int | None, max_failures: int, max_node_losses: int
) -> "Placement":
    from sweepbook.tune.placement import Placement

    placement = Placement(
        address=address,
        max_concurrent=max_concurrent,
        max_failures=max_failures,
        max_node_losses=max_node_losses,
    )
    placement.prepare()
    return placement


_NOT_WELL = ("failed", "interrupted", "untried")


def _tell(ended: dict[Place, dict[str, int]]) -> None:
    for folder, counts in ended.items():
        shown = ", ".join(f"{n} {status}" for status, n in counts.items())
        console.print(f"{folder}: {shown}", markup=False, highlight=False, soft_wrap=True)
        if any(counts.get(status) for status in _NOT_WELL):
            again = f"go on with: sweepbook run --resume {folder}"
            console.print(again, markup=False, highlight=False, soft_wrap=True)
    bad = any(c.get(s) for c in ended.values() for s in _NOT_WELL)
    console.file.flush()
    if bad:
        raise typer.Exit(1)


@app.command()
def verify(
    record: Annotated[str, typer.Argument(help="a record's folder or URI")],
    trials: Annotated[int, typer.Option(help="how many trials to train anew")] = 1,
    epochs: Annotated[
        int | None, typer.Option(help="of each, so many epochs; default all")
    ] = None,
    seed: Annotated[int, typer.Option(help="draws the trials")] = 0,
) -> None:
    """Check a record: digest, completeness, and a sample of its trials trained anew."""
    from sweepbook.commands import verify as checks

    if trials < 0 or (epochs is not None and epochs < 1):
        raise ValueError("--trials must be at least 0 and --epochs at least 1")
    _project(None)
    found, n_trained = checks.verify(record, trials, seed, epochs)
    for line in found:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if found:
        raise typer.Exit(1)
    if n_trained:
        anew = f"{n_trained} trials trained anew gave the recorded numbers"
        anew += f", of {trials} asked for" if n_trained < trials else ""
    else:
        why = ": none of them ended by itself" if trials else ""
        anew = f"no trial was trained anew{why}"
    console.print(
        f"{record} holds: digest, completeness; {anew}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


@app.command()
def report(
    records: Annotated[list[str], typer.Argument(help="record folders or URIs")],
    out: Annotated[Path, typer.Option(help="the report's folder")] = Path("report"),
    repeat: Annotated[
        list[str] | None, typer.Option(help="a record of the same study with another seed")
    ] = None,
    project: ProjectDir = None,
) -> None:
    """Write a report: figures, tables, findings."""
    from sweepbook.pages.report import write_report

    _project(project)
    page = write_report(records, out, repeat or ())
    console.print(f"{page}", markup=False, highlight=False, soft_wrap=True)


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
    from sweepbook.replay import run as replays

    wanted = replays.Wanted(
        grace_periods=grace_period,
        reduction_factors=reduction_factor,
        workers=workers,
        n_orders=orders,
        seed=seed,
        equal_times=equal_times,
        jitter=jitter,
    )
    page = replays.replay(record, out, wanted, console)
    console.print(f"{page}", markup=False, highlight=False, soft_wrap=True)
