"""What `sweepbook list` shows: the studies of a project."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from sweepbook.study.project import Project
from sweepbook.tune.console import say


def list_studies(project: Project | None, console: Console) -> None:
    """Prints one row per study, or what to do where there is no project."""
    if project is None:
        say(
            console,
            f"There is no project in {Path.cwd()} or above it, so there are no studies to list. "
            "Run a study file: sweepbook run my_study.py",
        )
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("study", "trials", "replicates", "question"):
        table.add_column(column, overflow="fold")
    for study in project.studies().values():
        table.add_row(study.name, str(study.n_trials), str(study.replicates), study.question)
    console.print(table)
