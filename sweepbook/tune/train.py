"""Runs the trials of some studies under Ray Tune."""

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from sweepbook.plan.modules.shipping import shipped_modules
from sweepbook.plan.plan import Plan
from sweepbook.record.ledger import Session, slots
from sweepbook.record.storage.files import write_bytes
from sweepbook.record.storage.places import Place
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.cluster.connection import connect, most, resources
from sweepbook.tune.console import say
from sweepbook.tune.failures.gpus import missing_gpus
from sweepbook.tune.owed import n_open
from sweepbook.tune.packed.round import train_in_packs, trains_in_packs
from sweepbook.tune.placement import HERE, Placement
from sweepbook.tune.rounds import train_together
from sweepbook.tune.search_round import train_search
from sweepbook.tune.site import Pair, Site
from sweepbook.tune.tuner import TUNE

SCRATCH = ".ray"  # in a record on a disk, while its trials are trained


def train(
    plans: Sequence[Plan],
    writers: Sequence[RecordWriter],
    *,
    import_paths: Sequence[str] = (),
    placement: Placement = HERE,
    console: Console,
) -> None:
    """Trains every trial that is not done yet; a trial that several plans share once.

    Plans of another metric or unit of fidelity share no training. The writers get every report
    and ending; the caller closes them. A plan with a scheduler is trained by itself, as is a
    search, after the others, which share their trials and their place.

    Args:
        plans, writers: one writer per plan.
        import_paths: where the trainables' code is found.
    """
    groups = _groups(plans, writers)
    if not groups:
        return
    session = Session(_rows(writers))
    folder, address = writers[0].folder, placement.address
    scratch = _scratch_folder(folder)
    paths = [] if address else list(import_paths)  # on a cluster the modules come by themselves
    site = Site(scratch, paths, placement, placement.limits())
    log = Path(folder if folder.is_local else scratch) / "ray.log"
    modules = shipped_modules([plan.study for plan in plans]) if address else []
    connection = connect(address, log, modules)
    has: dict[str, float] = {}
    try:
        has = resources()
        _tell_missing_gpus(plans, has, console)
        for group in groups:
            train_group = train_search if group[0][0].search else train_together
            train_group = train_in_packs if trains_in_packs(group) else train_group
            ended = train_group(group, site, console)
            has = most(has)
            if not ended:
                return  # interrupted
    finally:
        connection.close()
        if log.parent == scratch and not isinstance(sys.exc_info()[1], OSError):
            _keep_log(log, folder)
        empty_scratch(scratch)
        _end_session(session, writers, has, placement.max_concurrent)


def _groups(plans: Sequence[Plan], writers: Sequence[RecordWriter]) -> list[list[Pair]]:
    """The plans that are trained together, with their writers; none whose trials are done."""
    shared: dict[tuple[str, ...], list[Pair]] = {}
    alone = []
    for plan, writer in zip(plans, writers, strict=True):
        study = plan.study
        if study.scheduler is not None or plan.search is not None:
            alone.append([(plan, writer)])
        else:
            like = (study.metric.name, study.metric.mode, study.fidelity.unit)
            shared.setdefault(like, []).append((plan, writer))
    groups = [*shared.values(), *alone]
    return [group for group in groups if any(n_open(*pair) for pair in group)]


def _rows(writers: Sequence[RecordWriter]) -> list[dict[str, Any]]:
    """The rows of all trials; one that several records share once."""
    return list({i: row for writer in writers for i, row in writer.trials.items()}.values())


def _scratch_folder(record: Place) -> Path:
    """Makes a folder on the driver's disk for what Tune writes and nobody reads."""
    if not record.is_local:
        return Path(tempfile.mkdtemp(prefix="sweepbook-"))
    return Path(record.resolve()) / SCRATCH


def empty_scratch(folder: Path) -> None:
    """Removes what Tune and Ray have written, and the folder where it is empty then."""
    shutil.rmtree(folder / TUNE, ignore_errors=True)
    with contextlib.suppress(OSError):
        if folder.name != SCRATCH:  # a temporary one, which is ours alone
            shutil.rmtree(folder)
        else:
            folder.rmdir()


def _tell_missing_gpus(
    plans: Sequence[Plan], resources: Mapping[str, float], console: Console
) -> None:
    needs = [need for plan in plans for need in plan.needs]
    if note := missing_gpus(needs, resources.get("GPU", 0.0)):
        say(console, note)


def _keep_log(log: Path, record: Place) -> None:
    """Puts what Ray had to say, if anything, beside the record's tables."""
    with contextlib.suppress(OSError):  # not worth a study
        if log.exists():
            write_bytes(record / log.name, log.read_bytes())


def _end_session(
    session: Session,
    writers: Sequence[RecordWriter],
    resources: Mapping[str, float],
    max_concurrent: int | None,
) -> None:
    """Adds to every manifest what this driver's time was spent on."""
    trials = {t.trial_id: t for writer in writers for t in writer.manifest.trials}
    room = {i: slots(t.cpus, t.gpus, resources, max_concurrent) for i, t in trials.items()}
    summary = session.summary(_rows(writers), room) | {"n_studies": len(writers)}
    for writer in writers:
        writer.note(sessions=(*writer.manifest.sessions, summary))
