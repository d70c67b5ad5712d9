"""Every reader of a record, in this process, and what may become of it."""

import io
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from sweepbook.aggregates.curves import curve_table, end_table
from sweepbook.commands.completeness import problems
from sweepbook.commands.logs import logs
from sweepbook.commands.models.export import export
from sweepbook.figures.csv import csv_text
from sweepbook.findings.scorecard import scorecard
from sweepbook.pages.data_card import data_card
from sweepbook.pages.studies.claims import claims_of
from sweepbook.pages.studies.provenance import provenance
from sweepbook.pages.studies.trials import failed_logs, trial_table
from sweepbook.plan.further.confirmation import confirming_study
from sweepbook.plan.manifest import recorded_plan
from sweepbook.record.digest import record_digest
from sweepbook.record.load import load_record
from sweepbook.record.writer import RecordWriter
from sweepbook.replay.run import Wanted, replay

FINE, REFUSED, TRACEBACK, HANG = "fine", "refused", "traceback", "hang"
SECONDS = 60


@dataclass(frozen=True)
class Outcome:
    """What became of a reader: one of the four words, and what it said."""

    kind: str
    said: str = ""


class Hang(BaseException):
    """A reader took too long."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: Any) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def outcome_of(read: Callable[[Path], None], record: Path, seconds: float = SECONDS) -> Outcome:
    """Runs a reader; a ValueError is what the command line makes exit code 2 of."""
    try:
        with at_most(seconds):
            read(record)
    except Hang:
        return Outcome(HANG, f"over {seconds} s")
    except ValueError as error:
        frames = traceback.extract_tb(error.__traceback__)
        is_raised = "raise" in (frames[-1].line or "") or "check" in frames[-1].name
        if not is_raised or "/sweepbook/" not in frames[-1].filename:
            return Outcome(TRACEBACK, _last(error))
        return Outcome(REFUSED, str(error))
    except Exception as error:
        return Outcome(TRACEBACK, _last(error))
    return Outcome(FINE)


def _last(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/sweepbook/" in frame.filename] or frames
    where = f"{Path(own[-1].filename).name}:{own[-1].lineno}"
    return f"{type(error).__name__} at {where}: {str(error)[:200]}"


def quiet() -> Console:
    return Console(file=io.StringIO(), width=120)


def read_tables(record: Path) -> None:
    loaded = load_record(record)
    loaded.predictions()
    for name in loaded.manifest.study.artifacts:
        loaded.artifact(name)


def read_aggregates(record: Path) -> None:
    loaded = load_record(record)
    trials = trial_table(loaded)
    csv_text(trials)
    if loaded.metric in loaded.reports:
        curve_table(loaded, [loaded.metric], loaded.trials)
        end_table(loaded, [loaded.metric], loaded.trials)
    claims_of(loaded)
    scorecard([loaded])
    provenance(loaded)
    data_card(loaded)
    failed_logs(loaded, trials)


def read_verify(record: Path) -> None:
    loaded = load_record(record)
    record_digest(loaded)
    problems(loaded)


def read_replay(record: Path) -> None:
    wanted = Wanted(grace_periods=[1], reduction_factors=[2], workers=[1], n_orders=5)
    replay(record, record.parent / "replay", wanted, quiet())


def read_export(record: Path) -> None:
    import shutil

    shutil.rmtree(record.parent / "model", ignore_errors=True)
    export(str(record), record.parent / "model", None, quiet())


def read_logs(record: Path) -> None:
    logs(record, None, None, quiet())
    logs(record, load_record(record).trials["trial_id"].iloc[0], 3, quiet())


def read_confirm(record: Path) -> None:
    confirming_study(load_record(record), None, 2, 7)


def read_resume(record: Path) -> None:
    manifest = load_record(record).manifest
    recorded_plan(manifest)
    writer = RecordWriter(record, manifest, as_read=True)
    try:
        writer.end()
    finally:
        writer.release()


READERS = (read_tables, read_aggregates, read_verify, read_replay, read_export, read_logs,
           read_confirm, read_resume)  # fmt: skip
