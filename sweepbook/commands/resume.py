"""Goes on with a record that was interrupted."""

import sys
from pathlib import Path

from rich.console import Console

from sweepbook.commands.training import _say, _train
from sweepbook.plan.manifest import check_unchanged, recorded_plan
from sweepbook.plan.room import check_concurrency, check_room
from sweepbook.record.load import load_record
from sweepbook.record.places import Place, Where
from sweepbook.record.provenance import now
from sweepbook.record.writer import RecordWriter


def resume(
    folder: Where,
    *,
    console: Console,
    address: str | None = None,
    max_concurrent: int | None = None,
    max_failures: int = 1,
    max_node_losses: int = 3,
    force: bool = False,
) -> dict[Place, dict[str, int]]:
    """Trains what a record still lacks: unended, interrupted and failed trials.

    Ended trials stay as they are; the others go on from their checkpoints.

    Raises:
        ValueError: no record, or its data or versions are not what they were; the record is
            left untouched.
    """
    record = load_record(folder)
    changes = check_unchanged(folder, record.manifest, force)
    plan = recorded_plan(record.manifest)
    check_room(plan.needs, address)
    check_concurrency([plan.study.name] if plan.search else [], address, max_concurrent)
    writer = RecordWriter(folder, record.manifest, _say(console), as_read=True)
    command = [Path(sys.argv[0]).name, *sys.argv[1:]]
    resumed = {"at": now(), "command": command, "changes": changes}
    writer.note(resumed=(*writer.manifest.resumed, resumed))
    paths = record.manifest.import_paths
    return _train(
        [plan], [writer], paths, address, max_concurrent, max_failures, max_node_losses, console
    )
