"""What `sweepbook list` shows: the studies of a project."""

from pathlib import Path

from rich.console import Console

from sweepbook.study.project import Project
from sweepbook.study.texts import one_line
from sweepbook.tune.console import say, table_of


def list_studies(project: Project | None, console: Console) -> None:
    """Prints one row per study, or what to do where there is no project."""
    if project is None:
        say(
            console,
            f"There is no project in {Path.cwd()} or above it, so there are no studies to list. "
            "Run a study file: sweepbook run my_study.py",
        )
        return
    rows = [
        (study.name, study.n_trials, study.replicates, one_line(study.question))
        for study in project.studies().values()
    ]
    columns = ("study", "trials", "replicates", "question")
    console.print(table_of(columns, rows, overflow="fold"))
