"""The arguments and options that one command alone has, with their help texts."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sweepbook.tune.console import say


def _version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        say(Console(), f"sweepbook {version('sweepbook')}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", help="Print the version and exit.", callback=_version)
]
StudiesToShow = Annotated[
    list[str],
    typer.Argument(
        metavar="STUDY",
        help="Names of studies, study files (my_study.py, my_study.yaml or my_study.py:NAME), or "
        "all.",
    ),
]
StudyToTry = Annotated[
    list[str],
    typer.Argument(
        metavar="STUDY", help="Name of a study, or a study file (my_study.py or my_study.py:NAME)."
    ),
]
Steps = Annotated[
    int,
    typer.Option(
        metavar="N",
        help="Steps to train. From 2 on, the last one is trained once more from the state before "
        "it, to see whether a resumed trial goes on as without a break.",
    ),
]
StudiesToRun = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="STUDY",
        help="Names of studies, study files (my_study.py, my_study.yaml or my_study.py:NAME), or "
        "all for every study of the project that is not a search.",
    ),
]
Resume = Annotated[
    str | None,
    typer.Option(
        metavar="RECORD",
        help="Record to resume. With --replicates, --epochs, --scale or --trials, a new record "
        "with more training is written instead, and RECORD stays as it is.",
    ),
]
Name = Annotated[
    str | None, typer.Option(metavar="NAME", help="Name of the record. Default: the study's name.")
]
ForceResume = Annotated[
    bool, typer.Option(help="Resume although code, data or versions have changed.")
]
Cache = Annotated[
    bool,
    typer.Option(
        help="Reuse finished trials from records in the same storage, if the study's data have a "
        "hash. Searches reuse nothing."
    ),
]
WarmStart = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RECORD",
        help="Earlier record whose results are given to Optuna before a search starts; may be "
        "repeated.",
    ),
]
OptunaStorage = Annotated[
    str | None,
    typer.Option(
        metavar="PLACE",
        help="Where Optuna keeps a search, to watch it live: sqlite:///FILE or FILE.journal.",
    ),
]

ChosenRecord = Annotated[
    str,
    typer.Argument(
        metavar="RECORD",
        help="Folder or URI of the record of a search or a grid, e.g. records/my-search.",
    ),
]
FreshSeed = Annotated[
    int, typer.Option(metavar="N", help="Seed of the new study. It must differ from the record's.")
]
By = Annotated[
    str | None,
    typer.Option(
        metavar="KEY,KEY",
        help="Settings to compare: the best trial of each combination of their values is "
        "retrained. Default: the settings that tell the cells of a search apart; for a grid none, "
        "so that the best of all trials is retrained.",
    ),
]
Top = Annotated[
    int,
    typer.Option(
        metavar="N",
        help="Trials to retrain for each combination: the best, from 2 on also the runners-up.",
    ),
]
SeedsPerTrial = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Seeds per trial. Default: 5, or those of the study if it has an Estimator.",
    ),
]
ConfirmStorage = Annotated[
    str | None,
    typer.Option(
        metavar="PLACE",
        help="Folder or URI for the new record. Default: beside RECORD.",
    ),
]
ConfirmName = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Name of the new record. Default: STUDY-confirm."),
]
ForceConfirm = Annotated[
    bool, typer.Option(help="Confirm although code, data or versions have changed.")
]

Trust = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Run the code that the record names wherever it lies: in another folder, in an "
        "installed library, or any program. Without it, only code of the current folder or the "
        "project is run. Code within the record is never run.",
    ),
]
AllDigests = Annotated[
    bool,
    typer.Option(
        "--all-digests",
        help="Check only the digests, of all records in the folder RECORD. Nothing is retrained.",
    ),
]

TrialsToRetrain = Annotated[int, typer.Option(metavar="N", help="Number of trials to retrain.")]
EpochsToRetrain = Annotated[
    int | None,
    typer.Option(metavar="N", help="Epochs or rounds to retrain of each. Default: all."),
]
RetrainSeed = Annotated[
    int, typer.Option(metavar="N", help="Seed that draws the trials to retrain.")
]

TrialToRead = Annotated[
    str | None,
    typer.Argument(
        metavar="TRIAL",
        help="Id of a trial, or the beginning of one. Default: a table of all trials.",
    ),
]
Tail = Annotated[
    int | None, typer.Option(metavar="N", help="Number of last lines to show. Default: all.")
]

Records = Annotated[
    list[str],
    typer.Argument(
        metavar="RECORD",
        help="Folders or URIs of the records, e.g. records/batch-norm or records/*.",
    ),
]
ReportFolder = Annotated[Path, typer.Option(metavar="DIR", help="Folder of the report.")]
Repeat = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RECORD",
        help="Record of the same study with another seed, to compare the verdicts; may be "
        "repeated.",
    ),
]

ClaimsOf = Annotated[
    str | None,
    typer.Option(
        metavar="STUDY",
        help="Study file (my_study.py or my_study.yaml) or study whose claims are judged as "
        "well. Those that a record does not declare are marked as declared after the training "
        "began.",
    ),
]

Latex = Annotated[
    bool,
    typer.Option(
        "--latex",
        help="Write every table as latex/NAME.tex and every figure as figures/NAME.pdf, too.",
    ),
]

First = Annotated[str, typer.Argument(metavar="A", help="Folder or URI of a record.")]
Second = Annotated[
    str,
    typer.Argument(
        metavar="B",
        help="Record of the same study, with another seed, code, data or length of training.",
    ),
]
ComparisonFolder = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder for compare.html, compare.md and compare.csv. Default: no file is written.",
    ),
]

ModelFolder = Annotated[
    Path,
    typer.Option(
        metavar="DIR",
        help="Folder for the state and the settings of the best model and for README.md, the "
        "model card. It must not exist.",
    ),
]
ModelTrial = Annotated[
    str | None,
    typer.Option(metavar="TRIAL", help="Id of the trial to export. Default: the best trial."),
]

FullRecord = Annotated[
    str,
    typer.Argument(
        metavar="RECORD",
        help="Folder or URI of a record. Only trials that were not stopped early are used, and "
        "at least two are needed.",
    ),
]
GracePeriod = Annotated[
    list[int] | None, typer.Option(metavar="N", help="Epoch of the first rung; may be repeated.")
]
ReductionFactor = Annotated[
    list[int] | None,
    typer.Option(metavar="N", help="One of N trials continues at each rung; may be repeated."),
]
Workers = Annotated[
    list[int] | None,
    typer.Option(
        metavar="N", help="Number of workers, each with one trial at a time; may be repeated."
    ),
]
Orders = Annotated[
    int, typer.Option(metavar="N", help="Number of searches to simulate for each setting.")
]
OrderSeed = Annotated[
    int, typer.Option(metavar="N", help="Seed that draws the configs and the orders.")
]
EqualTimes = Annotated[
    bool,
    typer.Option(
        "--equal-times", help="Give every epoch the same time instead of the recorded one."
    ),
]
Jitter = Annotated[
    float,
    typer.Option(
        metavar="X",
        help="Random spread of a trial's speed between searches: the standard deviation of its "
        "logarithm, 0 (no spread) to 2.",
    ),
]
Margin = Annotated[
    float | None,
    typer.Option(
        metavar="X",
        help="Largest loss that you accept: trials that are worse than the best one by at most X, "
        "in the unit of the study's metric, count as good. Default: the smallest difference of "
        "the study's claims about this metric, if it has any.",
    ),
]
ReplayFolder = Annotated[
    Path,
    typer.Option(metavar="DIR", help="Folder for replay.md (the page), the table and the figure."),
]
