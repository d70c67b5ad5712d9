"""What docs/gallery.md shows: reports, what they are of, and the commands that make them."""

from dataclasses import dataclass

_MLPS = "learning-rate epochs batch-norm batch-size architecture deep-gradients implicit".split()
_ALL = [*_MLPS, "vision-baselines"]


@dataclass(frozen=True)
class Entry:
    """A report of the gallery.

    example: the folder in examples/ that it is made in; "": it is made of the exercise's studies.
    """

    name: str
    title: str
    says: str
    commands: tuple[str, ...]
    example: str = ""


def _alone(*names: str) -> str:
    return " ".join(f"records/{name}" for name in names)


EXERCISE = Entry(
    "exercise",
    "The exercise at full scale",
    "Seven studies of MLPs on the exercise's own data, at the published number of epochs and with "
    "five seeds, trained twice with different seeds; and five models on the embedded pictures.",
    (
        f"sweepbook run {' '.join(_MLPS)} --data DIR",
        f"sweepbook run {' '.join(_MLPS)} --data DIR --seed 1 --name seed-1",
        "sweepbook run vision-baselines --weights pretext --set size=64",
        f"sweepbook report {_alone(*_ALL)} "
        + " ".join(f"--repeat records/seed-1-{name}" for name in _MLPS),
    ),
)
ENTRIES = (
    EXERCISE,
    Entry(
        "search",
        "A search and its confirmation",
        "Optuna tries sixteen configs and ASHA stops most of them early; the best three are then "
        "trained again with new seeds.",
        (
            "sweepbook run tuned-mlp --trials 16 --set train_rows=20000 --max-concurrent 1",
            "sweepbook confirm records/tuned-mlp --top 3 --seed 1",
            f"sweepbook report {_alone('tuned-mlp', 'tuned-mlp-confirm')}",
        ),
    ),
    Entry(
        "ray-function",
        "A training function of Ray Tune",
        "A function that calls `ray.tune.report`, unchanged, with ASHA.",
        ("sweepbook run study.py", f"sweepbook report {_alone('digits-asha')}"),
        "ray-function",
    ),
    Entry(
        "cross-validation",
        "A pipeline of scikit-learn",
        "Five folds of one data set, with intervals that allow for their shared rows.",
        ("sweepbook run study.py", f"sweepbook report {_alone('cross-validation')}"),
        "cross-validation",
    ),
    Entry(
        "program",
        "Any program that prints its metrics",
        "Each training is a process of its own; its metrics are read from what it prints.",
        ("sweepbook run study.py", f"sweepbook report {_alone('program')}"),
        "program",
    ),
)
INTRODUCTION = """# Gallery

Reports as `sweepbook report` wrote them, each a single HTML file that you can send to somebody.
Under each picture are the commands that made it. A script runs them all again: `make gallery`.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *map(_section, ENTRIES)])


def _section(entry: Entry) -> str:
    at = "report/report.html" if entry is EXERCISE else f"gallery/{entry.name}.html"
    where = f"In [examples/{entry.example}](../examples/{entry.example}):\n\n"
    commands = "".join(f"    {command}\n" for command in entry.commands)
    return (
        f"## {entry.title}\n\n{entry.says} [Open the report]({at}).\n\n"
        f"[![The first screen of the report](gallery/{entry.name}.png)]({at})\n\n"
        f"{where if entry.example else ''}{commands}"
    )
