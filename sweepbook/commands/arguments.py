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

Data = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="Folder of the data. Default: the study's own data."),
]
Replicates = Annotated[
    int | None, typer.Option(metavar="N", help="Seeds per trial. Default: as the study declares.")
]
Seed = Annotated[
    int | None,
    typer.Option(metavar="N", help="Seed of the study. Default: as the study declares."),
]
Epochs = Annotated[
    int | None,
    typer.Option(metavar="N", help="Length of every trial, in the study's unit (epochs, rounds)."),
]
Scale = Annotated[
    float | None,
    typer.Option(metavar="X", help="Factor for the length of every trial, e.g. 0.1 for a test."),
]
GPUs = Annotated[
    float | None,
    typer.Option(
        "--gpus-per-trial",
        metavar="X",
        help="GPUs per trial: 1, 2, ..., or a share such as 0.5 for two trials on each GPU.",
    ),
]
Trials = Annotated[
    int | None, typer.Option(metavar="N", help="Configs to try in each cell of a search.")
]
Scheduler = Annotated[
    bool, typer.Option(help="Stop unpromising trials early, if the study declares a scheduler.")
]
Fuse = Annotated[
    bool | None,
    typer.Option(
        "--fuse/--no-fuse",
        help="Train trials that differ in a few settings alone in one stack; results stay the "
        "same. By default as the study declares.",
        show_default=False,
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Setting for every trial; may be repeated. VALUE is JSON or a Python literal, such "
        "as 1e-3, true, None or [1, 2]; anything else is a text. To pass a text that looks like "
        "one of these, quote it twice: 'KEY=\"None\"'.",
    ),
]

Storage = Annotated[
    str | None,
    typer.Option(
        metavar="PLACE",
        help="Folder or URI for new records: DIR, s3://BUCKET/... or gs://BUCKET/... "
        "Default: records.",
    ),
]
ProjectDir = Annotated[
    str | None,
    typer.Option(
        "--project",
        metavar="DIR",
        help="Folder of the project. Default: the current folder or the nearest one above it "
        "that is a project.",
    ),
]
RecordPlace = Annotated[
    str,
    typer.Argument(
        metavar="RECORD",
        help="Folder or URI of the record, e.g. records/batch-norm.",
        show_default=False,
    ),
]

Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT",
        help="Address of a running Ray cluster, or auto. Default: a Ray of its own on this "
        "machine.",
    ),
]
MaxConcurrent = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Maximum number of trials at a time. Default: as many as fit the CPUs and GPUs. A "
        "search with --address needs this option.",
    ),
]
MaxFailures = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Retries per failed trial. Default: 1; with --resume, as before.",
    ),
]
MaxNodeLosses = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Retries per trial after losing the trial's machine. Default: 3; with --resume, as "
        "before.",
    ),
]


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
