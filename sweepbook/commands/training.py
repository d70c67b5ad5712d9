"""What every command that trains does in the end."""

import contextlib
import secrets
from collections.abc import Mapping, Sequence
from functools import partial

from rich.console import Console

from sweepbook.commands.artifacts import make_artifacts
from sweepbook.plan.plan import Plan
from sweepbook.record.storage.files import delete, make_folder, write_bytes
from sweepbook.record.storage.ours import is_link
from sweepbook.record.storage.outage import Say, StorageAway
from sweepbook.record.storage.places import Place
from sweepbook.record.writer import RecordWriter
from sweepbook.study.texts import one_line, shortened
from sweepbook.tune.console import say
from sweepbook.tune.failures.signals import completing, ended_like_ctrl_c
from sweepbook.tune.placement import Placement
from sweepbook.tune.train import train

_ROOM = 2**18  # bytes that a disk must have for a record to begin
_MOST_OF_CAUSE = 150  # characters of what a store says
NO_ARTIFACTS = "artifacts interrupted"  # beside the statuses of trials, with how many
Endings = dict[Place, dict[str, int]]  # record -> status -> trials that ended so


def new_folders(storage: Place, names: Sequence[str]) -> list[Place]:
    """Returns a new record folder for each name, with a suffix where the name is taken.

    Raises:
        ValueError: where the storage cannot be written.
    """
    try:
        make_folder(storage)
        tried = storage / f".sweepbook-can-write-{secrets.token_hex(4)}"
        write_bytes(tried, bytes(_ROOM if storage.is_local else 0))
        delete(tried)
    except OSError as error:
        cause = shortened(one_line(error), _MOST_OF_CAUSE)
        raise ValueError(
            f"storage {storage} cannot be written ({cause}): choose another one with --storage"
        ) from error
    folders: list[Place] = []
    for name in names:
        candidates = [name, *(f"{name}-{i}" for i in range(2, 10_000))]
        places = (storage / candidate for candidate in candidates)
        free = (place for place in places if not (place.exists() or is_link(place)))
        folders.append(next(folder for folder in free if folder not in folders))
    return folders


def say_on(console: Console) -> Say:
    """Returns a function that prints lines there."""
    return partial(say, console)


def train_and_close(
    plans: Sequence[Plan],
    writers: Sequence[RecordWriter],
    import_paths: Sequence[str],
    placement: Placement,
    console: Console,
) -> Endings:
    """Trains what the plans still owe, ends their records, and returns how trials ended.

    Raises:
        StorageAway: a storage was away for too long; it says what is safe, and where.
    """
    with ended_like_ctrl_c():
        ended = _trained(plans, writers, import_paths, placement, console)
        try:
            for writer in writers:
                ended[writer.folder] |= _with_artifacts(writer, console)
        finally:
            for writer in writers:
                writer.release()
    return ended


def _trained(
    plans: Sequence[Plan],
    writers: Sequence[RecordWriter],
    import_paths: Sequence[str],
    placement: Placement,
    console: Console,
) -> Endings:
    """Trains and ends the records, whose locks are kept; signals leave them interrupted."""
    try:
        try:
            with contextlib.suppress(KeyboardInterrupt):  # before Tune hears it
                train(
                    plans,
                    writers,
                    import_paths=import_paths,
                    placement=placement,
                    console=console,
                )
            return _ended(writers, console)
        except KeyboardInterrupt:  # another one
            return _ended(writers, console)
    except StorageAway as error:
        for writer in writers:
            writer.release()
            go_on = f"resume with: sweepbook run --resume {writer.folder}"
            say(console, f"What is saved: {writer.folder} ({writer.safe}); {go_on}")
        raise StorageAway(f"{error}. What is saved of each record is said above") from error
    except BaseException:
        close_all(writers, say_on(console))
        raise


def _ended(writers: Sequence[RecordWriter], console: Console) -> Endings:
    with completing(say_on(console)):
        return {writer.folder: writer.end() for writer in writers}


def _with_artifacts(writer: RecordWriter, console: Console) -> dict[str, int]:
    """Makes the artifacts; where a signal ends that, the record is interrupted, and how many."""
    try:
        make_artifacts(writer, say_on(console))
    except KeyboardInterrupt:
        hooks = writer.manifest.study.artifacts
        with completing(say_on(console)):
            writer.note(status="interrupted", artifacts=dict.fromkeys(hooks, "interrupted"))
            writer.flush()
        return {NO_ARTIFACTS: len(hooks)}
    return {}


def close_all(writers: Sequence[RecordWriter], say: Say) -> Endings:
    """Ends every record after an error: one that cannot be ended is named, and released.

    Returns how the trials of the others ended.
    """
    ended: Endings = {}
    with completing(say):
        for writer in writers:
            try:
                ended[writer.folder] = writer.close()
            except Exception as error:
                saved = f"What is saved: {writer.safe}"
                say(f"{writer.folder} could not be completed: {error}. {saved}")
                writer.release()
    return ended


def tell_endings(
    ended: Endings,
    console: Console,
    go_on: str = "sweepbook run --resume {}",
    then: str | None = "sweepbook report {}",
) -> bool:
    """Says how the trials of each record ended; returns whether all of them ended well.

    Args:
        go_on: what to type to go on with a record, whose place stands for the braces.
        then: what to type where all trials of all records ended well; None: that is not said.
    """
    for folder, counts in ended.items():
        say(console, f"{folder}: {', '.join(f'{n} {status}' for status, n in counts.items())}")
        if not _is_well(counts):
            say(console, f"resume with: {go_on.format(folder)}")
    is_well = all(map(_is_well, ended.values()))
    if is_well and then:
        say(console, f"report with: {then.format(' '.join(map(str, ended)))}")
    console.file.flush()
    return is_well


def _is_well(counts: Mapping[str, int]) -> bool:
    bad = ("failed", "interrupted", "untried", NO_ARTIFACTS)
    return not any(counts.get(status) for status in bad)
