"""Trains a drawn study as the tool's driver and worker do, without Ray, and checks the record."""

import contextlib
import io
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from sweepbook.commands.run import run_studies
from sweepbook.commands.verify import verify
from sweepbook.pages.report import write_report
from sweepbook.plan.manifest import check_unchanged, new_manifest, recorded_plan
from sweepbook.plan.options import Options
from sweepbook.plan.plan import Plan, make_plan
from sweepbook.record.best import best_of
from sweepbook.record.load import Record, load_record
from sweepbook.record.planned import Trial
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.owed import is_open
from sweepbook.tune.site import keeping_of
from sweepbook.tune.worker import course
from sweepbook.tune.worker.failure import TrainableFailed
from sweepbook.tune.worker.run import Assignment, _next, reports
from tests.random_studies import misbehaving
from tests.random_studies.oracle import Expected, expected, kind_of
from tests.random_studies.studies import Drawn

MODULE = "misbehaving"  # alone, or all of tests/ counts as its code
sys.modules.setdefault(MODULE, misbehaving)
MOST_LETTERS = 400


class Interrupted(Exception):
    """The driver stops hearing of its trials."""


def check(drawn: Drawn, folder: Path, with_report: bool = False) -> list[str]:
    """Checks a study from its plan to its report; returns its trials' rules, or ["refused"].

    Args:
        folder: an empty one.

    Raises:
        AssertionError: naming what does not hold.
    """
    with mock.patch.object(sys, "path", list(sys.path)):
        plan = planned(drawn, folder)
        if plan is None:
            return ["refused"]
        check_planned(drawn, plan, folder, with_report)
    return [trial.config["rule"] for trial in plan.trials]


def check_planned(drawn: Drawn, plan: Plan, folder: Path, with_report: bool) -> None:
    calm, known = folder / "calm", {"time_s": "number"}
    with quiet():
        writer = RecordWriter(calm, new_manifest(plan, Options(), [], []))
        train(plan.trials, writer, drawn.attempts)
        writer.close()
        stories = {trial.trial_id: expected(trial, known) for trial in plan.trials}
        record = load_record(calm)
        check_trials(plan, record)
        check_rows(stories, record)
        check_endings(stories, record)
        check_resumed(drawn, plan, folder / "resumed", record)
        check_sound(record, folder, with_report)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def planned(drawn: Drawn, folder: Path) -> Plan | None:
    """The plan; None where the study is refused, by one line that names something."""
    try:
        plan = make_plan(drawn.study(MODULE), Options())
    except ValueError as error:
        said = str(error)
        assert drawn.is_refused, f"must not be refused: {said}"
        assert len(said.splitlines()) == 1 and len(said) <= MOST_LETTERS, said
        assert "drawn" in said and len(said.split()) > 5, f"names nothing: {said}"
        with contextlib.suppress(ValueError):
            run_studies([drawn.study(MODULE)], storage=folder / "records")
        assert not (folder / "records").exists(), "a refused study wrote something"
        return None
    assert not drawn.is_refused, "must be refused, and was planned"
    return plan


def train(trials: Sequence[Trial], writer: RecordWriter, attempts: int, **stops: Any) -> None:
    """Trains trials one after the other; a failed one is tried again, as Tune does it.

    Args:
        stops: `after`: reports after which the driver is interrupted; `is_unheard`: the worker
            is one report ahead of it.

    Raises:
        Interrupted: there.
    """
    left = stops.get("after", math.inf)
    for trial in trials:
        for attempt in range(attempts):
            writer.start_trial(trial.trial_id)
            error = None
            keeping = keeping_of(writer.manifest.study)
            made = reports(Assignment(trial, [str(writer.folder)], [], keeping))
            try:
                with contextlib.closing(made):
                    while error is None and (report := _next(made)) is not None:
                        error = hear(trial, writer, report)
                        left -= 1
                        if left == 0:
                            if stops["is_unheard"]:
                                _next(made)
                            raise Interrupted
            except TrainableFailed as failed:
                if left == 0:
                    raise Interrupted from failed
                error = str(failed)
                if attempt + 1 < attempts:
                    writer.retry_trial(trial.trial_id)
                    continue
            writer.end_trial(trial.trial_id, error=error)
            break


def hear(trial: Trial, writer: RecordWriter, report: dict[str, Any]) -> str | None:
    """What `RecordCallback` does of a report; returns the error where its values do not fit."""
    if misfit := writer.misfit(report["rows"]):
        return f"TypeError: {misfit}"
    writer.add_rows(trial.trial_id, report["rows"])
    writer.add_spent(trial.trial_id, report["spent"])
    return None


def check_trials(plan: Plan, record: Record) -> None:
    """The planned trials are those of the record, each with an id of its own."""
    ids = [trial.trial_id for trial in plan.trials]
    assert len(set(ids)) == len(ids) == plan.n_trials, "two trials have one id"
    assert sorted(ids) == list(record.trials["trial_id"]), "the record has other trials"
    assert repr(plan.trials) == repr(record.manifest.trials), "the record has other configs"
    configs = {repr(sorted(trial.config.items())) for trial in plan.trials}
    assert len(configs) == len(ids), "two trials of one config"


def check_rows(stories: dict[str, Expected], record: Record) -> None:
    """The rows of the record are those that plain loops give."""
    unit = record.unit
    for trial_id, story in stories.items():
        own = record.reports[record.reports["trial_id"] == trial_id]
        found = {
            (int(row["replicate"]), int(row[unit])): row for row in own.to_dict(orient="records")
        }
        wanted = {(row["replicate"], int(row[unit])): row for row in story.rows}
        assert found.keys() == wanted.keys(), f"{sorted(found)}, not {sorted(wanted)}"
        for key, row in wanted.items():
            for name in (found[key].keys() | row.keys()) - {"trial_id", "time_s"}:
                old, new = found[key].get(name), row.get(name)
                assert same(old, new), f"{name!r} of {key} is {old!r}, not {new!r}"


def same(found: Any, wanted: Any) -> bool:
    """Whether a cell of the record holds a value; whole numbers may have become floats.

    Those beyond 2**53 are then rounded, where another row has a float or none.
    """
    if isinstance(wanted, int) and abs(wanted) > 2**53 and isinstance(found, float):
        wanted = float(wanted)
    found = found.tolist() if hasattr(found, "tolist") else found
    if isinstance(wanted, list) and isinstance(found, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    missing = [v is None or (isinstance(v, float) and math.isnan(v)) for v in (found, wanted)]
    if any(missing):
        return all(missing)
    return kind_of(found) == kind_of(wanted) and found == wanted


def check_endings(stories: dict[str, Expected], record: Record) -> None:
    """Every trial ends as it must, and the error of a failed one names kind and text."""
    for row in record.trials.to_dict("records"):
        story, rule = stories[row["trial_id"]], row["config/rule"]
        status, error, reason = row["status"], row["error"], row["reason"]
        assert status == story.status, f"{rule} is {status}, not {story.status}: {reason}"
        assert status == "failed" or not isinstance(error, str), error
        if status == "failed":
            last = error.splitlines()[-1]
            assert last in reason, f"{last} is not in {reason}"
            check_error(last, story.raised)


def check_error(last: str, raised: Any) -> None:
    if not isinstance(raised, BaseException):
        kind, _, text = last.partition(": ")
        assert kind in ("TypeError", "ValueError") and len(text.split()) > 3, last
        assert "must be an iterable" not in last and "object is not" not in last, last
        return
    text = "" if isinstance(raised, misbehaving.Silent) else " ".join(str(raised).split())
    assert last.startswith(f"{type(raised).__name__}: {text}"), last


def check_resumed(drawn: Drawn, plan: Plan, folder: Path, calm: Record) -> None:
    """A study that was interrupted and resumed says what an undisturbed one does."""
    with mock.patch.object(course, "CHECKPOINT_EVERY_S", -1):
        writer = RecordWriter(folder, new_manifest(plan, Options(), [], []))
        with contextlib.suppress(Interrupted):
            train(
                plan.trials, writer, drawn.attempts,
                after=drawn.stop_after, is_unheard=drawn.is_unheard,
            )  # fmt: skip
        writer.close()
        record = load_record(folder)
        check_unchanged(folder, record.manifest, force=False)
        again = recorded_plan(record.manifest)
        writer = RecordWriter(folder, record.manifest, as_read=True)
        train([t for t in again.trials if is_open(writer, t)], writer, drawn.attempts)
        writer.close()
    resumed = load_record(folder)
    ours, theirs = (
        list(zip(r.trials["trial_id"], r.trials["status"], r.trials["last_fidelity"], strict=True))
        for r in (resumed, calm)
    )
    assert ours == theirs, f"resumed: {ours}, not {theirs}"
    digests = [r.manifest.record_digest for r in (resumed, calm)]
    assert digests[0] == digests[1], "a resumed record has another digest"
    ours, theirs = (best_states(record) for record in (resumed, calm))
    assert ours == theirs, f"best states of the resumed: {ours}, not {theirs}"


def best_states(record: Record) -> dict[str, tuple[int, str] | None]:
    """The fidelity and the state of each trial's best step; a failed one's depends on its end."""
    found = {}
    for row in record.trials[record.trials["status"] != "failed"].to_dict("records"):
        found[row["trial_id"]] = None
        with contextlib.suppress(ValueError):  # it has no value
            best = best_of(record, row["trial_id"])
            found[row["trial_id"]] = best.fidelity, repr(best.state)
    return found


def check_sound(record: Record, folder: Path, with_report: bool) -> None:
    """The commands verify and report work on the record."""
    found, n_trained = verify(record.path, 1, 0, None)
    failed = record.trials["status"] == "failed"
    assert len(found) == failed.sum(), f"verify finds {found}"
    assert n_trained == min(1, int(np.sum(~failed))), "verify trained nothing"
    if with_report:
        page = write_report([Path(str(record.path))], folder / "report")
        assert page.stat().st_size > 1000
