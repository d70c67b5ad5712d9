"""What every command that trains does in the end."""

from collections.abc import Sequence

from rich.console import Console

from sweepbook.plan.plan import Plan
from sweepbook.record.files import delete, make_folder, write_bytes
from sweepbook.record.outage import Say, StorageAway
from sweepbook.record.places import Place
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.signals import ended_like_ctrl_c
from sweepbook.tune.train import train

PROBE = ".sweepbook-can-write"


def new_folders(storage: Place, names: Sequence[str]) -> list[Place]:
    """Returns a new record folder for each name, with a suffix where the name is taken.

    Raises:
        ValueError: where the storage cannot be written.
    """
    try:
        make_folder(storage)
        write_bytes(storage / PROBE, b"")
        delete(storage / PROBE)
    except OSError as error:
        raise ValueError(
            f"storage {storage} is not writable: choose another by --storage ({error})"
        ) from error
    folders: list[Place] = []
    for name in names:
        candidates = [name, *(f"{name}-{i}" for i in range(2, 10_000))]
        free = (storage / c for c in candidates if not (storage / c).exists())
        folders.append(next(folder for folder in free if folder not in folders))
    return folders


def _say(console: Console) -> Say:
    return lambda text: console.print(text, markup=False, highlight=False, soft_wrap=True)


def _train(
    plans: Sequence[Plan],
    writers: Sequence[RecordWriter],
    import_paths: Sequence[str],
    address: str | None,
    max_concurrent: int | None,
    max_failures: int,
    max_node_losses: int,
    console: Console,
) -> dict[Place, dict[str, int]]:
    try:
        with ended_like_ctrl_c():
            train(
                plans,
                writers,
                import_paths=import_paths,
                address=address,
                max_concurrent=max_concurrent,
                max_failures=max_failures,
                max_node_losses=max_node_losses,
                console=console,
            )
        return _close(writers)
    except StorageAway as error:
        for writer in writers:
            writer.abandon()
        safe = "; ".join(f"{writer.folder} with {writer.safe}" for writer in writers)
        raise StorageAway(f"{error}. Safe is {safe}: go on by --resume") from error
    except BaseException:
        _close(writers)
        raise


def _close(writers: Sequence[RecordWriter]) -> dict[Place, dict[str, int]]:
    return {writer.folder: writer.close() for writer in writers}
