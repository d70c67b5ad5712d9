"""Runs the trials of some studies under Ray Tune."""

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from sweepbook.plan.plan import Plan
from sweepbook.plan.studies import modules_of
from sweepbook.record.account import DONE
from sweepbook.record.files import write_bytes
from sweepbook.record.ledger import Session, slots
from sweepbook.record.load import Record, load_record
from sweepbook.record.outage import insist
from sweepbook.record.places import Place
from sweepbook.record.planned import Trial
from sweepbook.record.writer import RecordWriter
from sweepbook.study.asha import ASHA
from sweepbook.tune.cluster import connect, disconnect, most
from sweepbook.tune.gpus import missing_gpus
from sweepbook.tune.progress import Progress
from sweepbook.tune.recovery import Limits
from sweepbook.tune.tuner import TUNE, fit, tuner_of
from sweepbook.tune.worker import Assignment


def train(
    plans: Sequence[Plan],
    writers: Sequence[RecordWriter],
    *,
    import_paths: Sequence[str] = (),
    address: str | None = None,
    max_concurrent: int | None = None,
    max_failures: int = 1,
    max_node_losses: int = 3,
    console: Console,
) -> None:
    """Trains every trial that is not done yet; a trial that several plans share once.

    Plans of another metric or unit of fidelity share no training. The writers get every report
    and ending; the caller closes them. A plan with a scheduler is trained by itself, as is a
    search, after the others, which share their trials and their place.

    Args:
        plans, writers: one writer per plan.
        address: of a running Ray cluster; None: a Ray of this process's own.
        max_concurrent: most trials at a time; None: as many as there is room for.
        max_failures: how often a trial whose attempt failed is tried again.
        max_node_losses: how often one whose machine was lost is, which is no failure of its own.
    """
    groups = _groups(plans, writers)
    if not groups:
        return
    session = Session(_rows(writers))
    scratch = _scratch_folder(writers[0].folder)
    paths = [] if address else list(import_paths)  # on a cluster the modules come by themselves
    place = _Place(scratch, paths, max_concurrent, Limits(max_failures, max_node_losses))
    log = Path(writers[0].folder if writers[0].folder.is_local else scratch) / "ray.log"
    resources = connect(address, log, modules_of(import_paths) if address else [])
    note = missing_gpus([need for plan in plans for need in plan.needs], resources.get("GPU", 0.0))
    if note:
        console.print(note, markup=False, highlight=False, soft_wrap=True)
    try:
        for group in groups:
            train_group = _train_search if group[0][0].search else _train_together
            ended = train_group(group, place, console)
            resources = most(resources)
            if not ended:
                return  # interrupted
    finally:
        disconnect()
        if log.parent == scratch and not isinstance(sys.exc_info()[1], OSError):
            _keep_log(log, writers[0].folder)
        shutil.rmtree(scratch, ignore_errors=True)
        trials = {t.trial_id: t for writer in writers for t in writer.manifest.trials}
        room = {i: slots(t.cpus, t.gpus, resources, max_concurrent) for i, t in trials.items()}
        summary = session.summary(_rows(writers), room) | {"n_studies": len(plans)}
        for writer in writers:
            writer.note(sessions=(*writer.manifest.sessions, summary))


def _groups(
    plans: Sequence[Plan], writers: Sequence[RecordWriter]
) -> list[list[tuple[Plan, RecordWriter]]]:
    """The plans that are trained together, with their writers; none whose trials are done."""
    shared: dict[tuple[str, str], list[tuple[Plan, RecordWriter]]] = {}
    alone = []
    for plan, writer in zip(plans, writers, strict=True):
        study = plan.study
        if study.scheduler is not None or plan.search is not None:
            alone.append([(plan, writer)])
        else:
            like = (study.metric.name, study.fidelity.unit)
            shared.setdefault(like, []).append((plan, writer))
    groups = [*shared.values(), *alone]
    return [group for group in groups if any(_n_open(*pair) for pair in group)]


def _rows(writers: Sequence[RecordWriter]) -> list[dict[str, Any]]:
    """The rows of all trials; one that several records share once."""
    return list({i: row for writer in writers for i, row in writer.trials.items()}.values())


@dataclass(frozen=True)
class _Place:
    """Where and how trials are trained."""

    scratch: Path
    import_paths: list[str]
    max_concurrent: int | None
    limits: Limits


def _scratch_folder(record: Place) -> Path:
    """Makes a folder on the driver's disk for what Tune writes and nobody reads."""
    if not record.is_local:
        return Path(tempfile.mkdtemp(prefix="sweepbook-"))
    return Path(record.resolve()) / ".ray"


def _keep_log(log: Path, record: Place) -> None:
    """Puts what Ray had to say, if anything, beside the record's tables."""
    with contextlib.suppress(OSError):  # not worth a study
        if log.exists():
            write_bytes(record / log.name, log.read_bytes())


def _train_together(
    pairs: Sequence[tuple[Plan, RecordWriter]],
    place: _Place,
    console: Console,
    again: Sequence[str] = (),
    alone: Sequence[str] = (),
) -> bool:
    """Trains the open trials of some plans under one Tuner; returns whether all have ended.

    Those whose share of a GPU's memory was too small are trained again, each on a whole one, and
    those whose machines were lost before they began.

    Args:
        again: train only these.
        alone: those of them that get a whole GPU each.
    """
    trials, owners = _join(pairs)
    open_trials = [t for t in trials if any(_is_open(w, t) for w in owners[t.trial_id])]
    if again:
        whole = [replace(t, gpus=1.0) if t.trial_id in alone else t for t in open_trials]
        open_trials = [t for t in whole if t.trial_id in again]
    done = {t.trial_id for t in trials} - {t.trial_id for t in open_trials}
    assignments = {
        t.trial_id: Assignment(
            t, [str(w.folder.resolve()) for w in owners[t.trial_id]], place.import_paths
        )
        for t in open_trials
    }
    from sweepbook.tune.callback import RecordCallback

    shutil.rmtree(place.scratch / TUNE, ignore_errors=True)
    endings: dict[str, Any] = {}
    (plan, writer), *_ = pairs
    asha = plan.study.scheduler
    scheduler = _scheduler(plan, asha, endings, _recorded(writer)) if asha else None
    with Progress([plan for plan, _ in pairs], done, console) as progress:
        sharing = {t.trial_id for t in open_trials if 0 < t.gpus < 1}
        callback = RecordCallback(
            owners,
            progress,
            endings,
            sharing,
            limits=place.limits,
            has_rounds=True,
        )
        tuner = tuner_of(assignments, callback, scheduler, place.scratch, place.max_concurrent)
        fit(tuner, [w for _, w in pairs], progress)
    for _, writer in pairs:
        writer.flush()
    missing = len(progress.trials) - len(progress.endings)
    again = callback.crowded + callback.lost
    if again and missing == len(again):
        return _train_together(pairs, place, console, again, callback.crowded)
    return missing == 0


def _train_search(
    pairs: Sequence[tuple[Plan, RecordWriter]], place: _Place, console: Console
) -> bool:
    """Trains what a search suggests; returns whether it came to its end."""
    ((plan, writer),) = pairs
    from sweepbook.tune.callback import RecordCallback
    from sweepbook.tune.searcher import StudySearch

    shutil.rmtree(place.scratch / TUNE, ignore_errors=True)
    endings: dict[str, Any] = {}
    record = _recorded(writer)
    asha = plan.study.scheduler
    scheduler = _scheduler(plan, asha, endings, record) if asha else None
    owners = {t.trial_id: [writer] for t in plan.trials}
    done = {i for i, row in writer.trials.items() if row["status"] in DONE}
    with Progress([plan], done, console) as progress:

        def admit(trial: Trial, cell: int) -> Assignment:
            writer.add_trial(trial)
            owners[trial.trial_id] = [writer]
            progress.add(plan, trial)
            if scheduler is not None:
                scheduler.expect(trial.trial_id, trial.max_fidelity, cell)
            return Assignment(trial, [str(writer.folder.resolve())], place.import_paths)

        searcher = StudySearch(plan, endings, admit, writer.folder)
        searcher.enter_record(*record)
        callback = RecordCallback(
            owners,
            progress,
            endings,
            limits=place.limits,
        )
        try:
            search = (plan, searcher, _n_open(plan, writer))
            tuner = tuner_of({}, callback, scheduler, place.scratch, place.max_concurrent, search)
            fit(tuner, [writer], progress)
        finally:
            searcher.close()
    if writer.manifest.search is not None:
        exhausted = searcher.is_exhausted()
        writer.note(search=replace(writer.manifest.search, exhausted=exhausted))
    writer.flush()
    ended = len(progress.endings) == len(progress.trials)
    return ended and (progress.n_unknown == 0 or searcher.is_exhausted())


def _recorded(writer: RecordWriter) -> Record:
    """The record as it stands, to the last row."""
    writer.flush()
    return insist(writer.folder, lambda: load_record(writer.folder), writer.say)


def _scheduler(plan: Plan, asha: ASHA, endings: dict[str, Any], record: Record) -> Any:
    """The plan's scheduler with the rungs as the record has them."""
    study = plan.study
    from sweepbook.tune.scheduler import StudyASHA

    last = {t.trial_id: t.max_fidelity for t in plan.trials}
    scheduler = StudyASHA(asha, study.metric, study.fidelity.unit, endings, last)
    if plan.search is not None:
        for trial in plan.trials:
            scheduler.expect(trial.trial_id, trial.max_fidelity, plan.search.cell_of(trial.config))
    scheduler.enter_record(*record)
    return scheduler


def _join(
    pairs: Sequence[tuple[Plan, RecordWriter]],
) -> tuple[list[Trial], dict[str, list[RecordWriter]]]:
    """The distinct trials of all plans, longest first, and the writers that want each."""
    trials: dict[str, Trial] = {}
    owners: dict[str, list[RecordWriter]] = {}
    for plan, writer in pairs:
        for trial in plan.trials:
            trials.setdefault(trial.trial_id, trial)
            owners.setdefault(trial.trial_id, []).append(writer)
    return sorted(trials.values(), key=lambda t: (-t.cost_s, t.trial_id)), owners


def _n_open(plan: Plan, writer: RecordWriter) -> int:
    """How many trials a plan still owes."""
    if plan.search is None:
        return sum(_is_open(writer, trial) for trial in plan.trials)
    to_come = 0 if plan.search.exhausted else plan.n_trials - len(writer.trials)
    return sum(row["status"] not in DONE for row in writer.trials.values()) + to_come


def _is_open(writer: RecordWriter, trial: Trial) -> bool:
    return writer.trials[trial.trial_id]["status"] not in DONE
