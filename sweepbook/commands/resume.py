"""Goes on with a record that was interrupted."""

import sys
from pathlib import Path

from rich.console import Console

from sweepbook.commands.training import Endings, say_on, train_and_close
from sweepbook.plan.manifest import check_unchanged, recorded_plan
from sweepbook.plan.room import check_concurrency, check_room
from sweepbook.plan.shipping import import_paths
from sweepbook.record.load import load_record
from sweepbook.record.provenance import now
from sweepbook.record.storage.places import Where
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.placement import HERE, Placement


def resume(
    folder: Where,
    *,
    console: Console,
    placement: Placement = HERE,
    force: bool = False,
) -> Endings:
    """Trains what a record still lacks: unended, interrupted and failed trials.

    Ended trials stay as they are; the others go on from their checkpoints.

    Raises:
        ValueError: no record, or its data or versions are not what they were; the record is
            left untouched.
    """
    record = load_record(folder)
    changes = check_unchanged(folder, record.manifest, force)
    plan = recorded_plan(record.manifest)
    check_room(plan.needs, placement.address)
    searches = [plan.study.name] if plan.search else []
    check_concurrency(searches, placement.address, placement.max_concurrent)
    paths = import_paths([plan.study])  # the project may lie elsewhere now
    writer = RecordWriter(folder, record.manifest, say_on(console), as_read=True)
    command = [Path(sys.argv[0]).name, *sys.argv[1:]]
    resumed = {"at": now(), "command": command, "changes": changes}
    writer.note(resumed=(*writer.manifest.resumed, resumed))
    return train_and_close([plan], [writer], paths, placement, console)
