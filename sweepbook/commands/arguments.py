"""The options that several commands share: their types, and the values that they become."""

import dataclasses
from typing import Annotated, Any

import typer

from sweepbook.plan.options import Options, setting
from sweepbook.study.hooks import add_to_path
from sweepbook.study.project import Project, find_project, project_at
from sweepbook.tune.placement import Placement

# What the tool does not know may be an option that a study declares: see commands/words.py.
OF_STUDIES = {"ignore_unknown_options": True, "allow_extra_args": True}
OWN_OPTIONS = "Options of a study itself follow its name; sweepbook show STUDY lists them."

Data = Annotated[str | None, typer.Option(help="folder of the data set, instead of the embedded")]
Replicates = Annotated[int | None, typer.Option(help="seeds per trial")]
Seed = Annotated[int | None, typer.Option(help="study seed")]
Epochs = Annotated[int | None, typer.Option(help="epochs (or rounds) of every trial")]
Scale = Annotated[float | None, typer.Option(help="factor of every trial's epochs")]
GPUs = Annotated[
    float | None,
    typer.Option("--gpus-per-trial", help="GPUs of one trial; 0.5: two share one"),
]
Trials = Annotated[int | None, typer.Option(help="of each cell of a search")]
Scheduler = Annotated[bool, typer.Option(help="off: no trial is stopped early")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="KEY=VALUE in every trial. VALUE is JSON or a Python literal: 1e-3, true, None, "
        "[1, 2]; a text needs quotes only where it looks like one of these: 'KEY=\"None\"'.",
    ),
]

Storage = Annotated[
    str | None,
    typer.Option(
        help="where records are kept: a folder, s3://BUCKET/..., gs://...; default records"
    ),
]
ProjectDir = Annotated[
    str | None, typer.Option("--project", help="Folder of the project; default: found upwards.")
]

Address = Annotated[str | None, typer.Option(help="a running Ray cluster")]
MaxConcurrent = Annotated[int | None, typer.Option(help="trials at a time")]
MaxFailures = Annotated[int, typer.Option(help="a failed trial is tried again")]
MaxNodeLosses = Annotated[int, typer.Option(help="and one whose machine was lost")]


def options_of(context: typer.Context) -> Options:
    """Returns what a command's options change in studies: those that `Options` has a field for.

    Raises:
        ValueError: a value out of range, or no KEY=VALUE.
    """
    settings = dict(map(setting, context.params.get("settings") or ()))
    return Options(**_fields_of(Options, context) | {"settings": settings})


def placement_of(context: typer.Context) -> Placement:
    """Returns where a command trains, checked; Ray's environment is set for it.

    That is before a study's own file may import Ray.

    Raises:
        ValueError: a value out of range.
        ConnectionError: where nobody answers at the address.
    """
    placement = Placement(**_fields_of(Placement, context))
    placement.prepare()
    return placement


def _fields_of(kind: type[Any], context: typer.Context) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in context.params.items() if name in names}


def spellings(context: typer.Context) -> list[str]:
    """Returns how a command's own options are spelt: --seed, --cache, --no-cache, ..."""
    known = [spelt for p in context.command.params for spelt in (*p.opts, *p.secondary_opts)]
    return [*(spelt for spelt in known if spelt.startswith("-")), "--help"]


def enter_project(folder: str | None) -> Project | None:
    """Returns the project that is named or stood in, its root first on sys.path; or None.

    Records and studies name the project's code by import path.
    """
    found = find_project() if folder is None else project_at(folder)
    if found is not None:
        add_to_path(str(found.root))
    return found
