"""One batch of replicates: trained in a record of its own, then taken into the one that grows."""

import contextlib
import dataclasses
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console

from sweepbook.commands.training import say_on, train_and_close
from sweepbook.plan.manifest import recorded_plan
from sweepbook.plan.modules.shipping import import_paths
from sweepbook.record.load import read_manifest
from sweepbook.record.manifest import Manifest
from sweepbook.record.planned import Trial
from sweepbook.record.provenance import now
from sweepbook.record.storage.files import make_folder
from sweepbook.record.storage.places import Place
from sweepbook.record.storage.removal import delete_empty, delete_record
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.placement import Placement

FOLDER = "batches"  # in the record that grows, until the batch is taken


def batch_folder(record: Place, look: int) -> Place:
    """Returns where the batch is trained that brings a record to a look's number of replicates."""
    return record / FOLDER / f"{look:05d}"


@dataclass
class Deadline:
    """When the budget of a command is spent.

    Args:
        at: seconds of the monotonic clock; None: there is no budget.
        has_passed: whether it has stopped a training.
    """

    at: float | None = None
    has_passed: bool = False

    @property
    def left_s(self) -> float | None:
        """Seconds that are left, at least 0; None without a budget."""
        return None if self.at is None else max(0.0, self.at - time.monotonic())

    @contextlib.contextmanager
    def stopping(self) -> Iterator[None]:
        """A training within ends, as by Ctrl-C, when the budget is spent."""
        if self.left_s is None:
            yield
            return
        timer = threading.Timer(self.left_s, self._stop)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _stop(self) -> None:
        self.has_passed = True
        os.kill(os.getpid(), signal.SIGINT)


def train_batch(
    writer: RecordWriter,
    trials: Sequence[Trial],
    look: int,
    *,
    placement: Placement,
    deadline: Deadline,
    console: Console,
) -> dict[str, int]:
    """Trains a batch, or goes on with it; returns how many of its trials ended how.

    Args:
        writer: of the record that is to grow. trials: of the batch; those that an earlier command
            planned for this look are the same.
    """
    folder = batch_folder(writer.folder, look)
    begun = (folder / "manifest.json").is_file()
    manifest = read_manifest(folder) if begun else _manifest(writer.manifest, trials)
    if begun and manifest.status == "complete":
        return dict(manifest.n_trials)
    make_folder(folder)
    own = RecordWriter(folder, manifest, say_on(console), as_read=begun)
    if begun:
        own.note(resumed=(*manifest.resumed, {"at": now(), "command": [], "changes": []}))
    plan = recorded_plan(manifest)
    with deadline.stopping():
        ended = train_and_close([plan], [own], import_paths([plan.study]), placement, console)
    return ended[folder]


def _manifest(manifest: Manifest, trials: Sequence[Trial]) -> Manifest:
    """The manifest of a batch: no scheduler stops its trials, and no hook is run on it."""
    study = dataclasses.replace(manifest.study, scheduler=None, artifacts={})
    return manifest.begun_anew(
        study=study,
        trials=tuple(trials),
        status=None,
        confirms=None,
        extends=None,
        decide=None,
    )


def drop_batches(record: Place, look: int) -> None:
    """Deletes the batches up to a look: their rows are in the record."""
    for folder in (record / FOLDER).iterdir():
        if folder.name.isdigit() and int(folder.name) <= look:
            delete_record(folder)
    delete_empty(record / FOLDER)
