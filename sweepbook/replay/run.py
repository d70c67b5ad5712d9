"""Replays a record through ASHA in virtual time, and writes what came of it."""

import io
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from sweepbook.figures import style
from sweepbook.figures.csv import csv_text
from sweepbook.record.load import load_record
from sweepbook.record.storage.files import write_bytes
from sweepbook.record.storage.places import Where, disk_folder
from sweepbook.replay.close import stated_margin
from sweepbook.replay.figure import draw_replay
from sweepbook.replay.page import Asked, n_close, replay_page
from sweepbook.replay.table import Setting, replay_table
from sweepbook.replay.virtual import Curve, arrivals, full_curves, redrawn
from sweepbook.study.asha import ASHA

FACTORS = (2, 3, 4)
MOST_GRACES = 3
FILES = ("replay.csv", "replay.svg", "replay.png", "replay.md")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be replayed; None: see settings_of.

    Raises:
        ValueError: at construction, naming the option and its value.
    """

    grace_periods: Sequence[int] | None = None
    reduction_factors: Sequence[int] | None = None
    workers: Sequence[int] | None = None
    n_orders: int = 1000
    seed: int = 0
    equal_times: bool = False
    jitter: float = 0.1
    margin: float | None = None

    def __post_init__(self) -> None:
        bad = [n for n in self.workers or () if n < 1]
        if bad:
            raise ValueError(f"--workers must be at least 1, got {bad[0]}")
        if self.n_orders < 2:
            raise ValueError(f"--orders must be at least 2, got {self.n_orders}")
        if self.seed < 0:
            raise ValueError(f"--seed must be at least 0, got {self.seed}")
        if not 0 <= self.jitter <= 2:
            raise ValueError(f"--jitter must lie in 0 .. 2, got {self.jitter}")
        if self.margin is not None and not 0 <= self.margin < math.inf:
            raise ValueError(
                f"--margin must be a number of at least 0, in the unit of the study's metric, got "
                f"{self.margin}"
            )


def replay(path: Where, out: Path, wanted: Wanted, console: Console) -> Path:
    """Writes replay.csv, .svg, .png and .md into `out`, and returns the path of the last.

    Raises:
        ValueError: the record cannot be replayed (see full_curves), a setting does not fit it,
            or `out` holds something that is not an earlier replay. Nothing is written then.
    """
    record = load_record(path)
    curves = full_curves(record, equal_times=wanted.equal_times)
    settings = settings_of(curves, wanted)
    out = _checked(out)
    margin = stated_margin(record, curves) if wanted.margin is None else wanted.margin
    arrived = arrivals(len(curves), wanted.n_orders, wanted.seed, wanted.jitter)
    arrived = redrawn(arrived, wanted.seed)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(f"{len(settings)} settings", total=len(settings))
        table = replay_table(
            curves, settings, arrived, margin=margin, after_each=lambda: progress.advance(task)
        )
    out.mkdir(parents=True, exist_ok=True)
    write_bytes(out / "replay.csv", csv_text(table).encode())
    figure = draw_replay(table, n_close(curves, margin), record.metric, record.unit)
    with style.look():
        for form, metadata in (("svg", {"Date": None}), ("png", {"Software": None})):
            picture = io.BytesIO()
            figure.savefig(picture, format=form, metadata=metadata)
            write_bytes(out / f"replay.{form}", picture.getvalue())
    asked = Asked(
        seed=wanted.seed,
        equal_times=wanted.equal_times,
        jitter=wanted.jitter,
        margin=margin,
        of_claims=wanted.margin is None,
    )
    page = replay_page(record, curves, table, asked)
    write_bytes(out / "replay.md", page.encode())
    return out / "replay.md"


def settings_of(curves: Sequence[Curve], wanted: Wanted) -> list[Setting]:
    """Returns every combination of what is wanted, for curves of this number and length.

    By default: reduction factors 2, 3 and 4; grace periods 1 and then each 3 times the one before,
    up to a third of the longest curve; workers 1, 4, 16, ... below the number of trials, and one
    for each trial.

    Raises:
        ValueError: where a grace period is longer than the longest curve, or a number is wrong.
    """
    max_t = max(len(curve.values) for curve in curves)
    graces = wanted.grace_periods or _powers(3, max(1, max_t // 3))[:MOST_GRACES]
    workers = wanted.workers or [*_powers(4, len(curves) - 1), len(curves)]
    factors = wanted.reduction_factors or FACTORS
    for grace, factor in itertools.product(graces, factors):
        ASHA(grace_period=grace, reduction_factor=factor, max_t=max_t)
    return [
        Setting(grace_period=grace, reduction_factor=factor, n_workers=n)
        for n, grace, factor in itertools.product(*map(_distinct, (workers, graces, factors)))
    ]


def _powers(base: int, most: int) -> list[int]:
    found = [1]
    while found[-1] * base <= most:
        found.append(found[-1] * base)
    return found


def _distinct(values: Sequence[int]) -> list[int]:
    return sorted(set(values))


def _checked(out: Path) -> Path:
    """The folder, if a replay may stand there."""
    out = disk_folder(out)
    if (out.exists() or out.is_symlink()) and not out.is_dir():
        raise ValueError(f"{out}: is no folder; give one with --out")
    is_ours = all((out / f"replay.{form}").is_file() for form in ("csv", "md"))
    if out.is_dir() and any(out.iterdir()) and not is_ours:
        raise ValueError(
            f"{out}: is not empty and holds no earlier replay (replay.csv, replay.md); "
            "give a new or empty folder with --out"
        )
    return out
