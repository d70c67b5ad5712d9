"""From a command to finished records: new ones, and interrupted ones that go on."""

import dataclasses
import sys
import sysconfig
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from analysis.load import load_record
from analysis.places import Place, Where, place
from search_spaces import Study
from sweepbook.cache import take_known_trials
from sweepbook.cluster import set_environment
from sweepbook.extend import write_extension
from sweepbook.files import delete, make_folder, write_bytes
from sweepbook.gpus import check_room
from sweepbook.imports import OURS, load_object
from sweepbook.manifest import check_unchanged, manifest_of, recorded_plan
from sweepbook.options import Options
from sweepbook.outage import Say, StorageAway
from sweepbook.plan import Plan
from sweepbook.plans import make_plans
from sweepbook.provenance import now
from sweepbook.record import RecordWriter
from sweepbook.runner import train
from sweepbook.search_plan import check_concurrency
from sweepbook.signals import ended_like_ctrl_c
from sweepbook.warm_start import with_warm_start

PROBE = ".sweepbook-can-write"


def run_studies(
    studies: Sequence[Study],
    options: Options,
    *,
    storage: Where,
    console: Console,
    name: str | None = None,
    address: str | None = None,
    max_concurrent: int | None = None,
    max_failures: int = 1,
    max_node_losses: int = 3,
    cache: bool = True,
    warm_start: Sequence[str] = (),
    optuna_storage: str | None = None,
    notes: Mapping[str, Any] | None = None,
) -> dict[Place, dict[str, int]]:
    """Runs studies, each into a record of its own, and returns how its trials ended.

    Everything is checked before anything starts or is written. With `cache`, trials that an
    ended record under the same storage holds are taken from there. `warm_start` names records
    that the searches among the studies begin with, `optuna_storage` where Optuna keeps theirs;
    `notes` go into every manifest.

    Raises:
        ValueError: a setting, data set or storage that cannot be used.
    """
    set_environment(address)
    plans = make_plans(studies, options, _say(console))
    plans = [_with_search_options(plan, warm_start, optuna_storage, console) for plan in plans]
    check_room([need for plan in plans for need in plan.needs], address)
    check_concurrency([plan.study.name for plan in plans if plan.search], address, max_concurrent)
    names = [name if name and len(plans) == 1 else _join(name, p.study.name) for p in plans]
    folders = new_folders(place(storage), names)
    for plan, folder in zip(plans, folders, strict=True):
        if plan.search and optuna_storage:
            from sweepbook.search_kept import kept_studies

            kept_studies(plan.search, folder)
    counts = ", ".join(f"{p.study.name}: {p.n_trials} trials" for p in plans)
    console.print(counts, highlight=False, soft_wrap=True)
    command = [Path(sys.argv[0]).name, *sys.argv[1:]]
    import_paths = sorted({path for p in plans for path in _import_paths(p.study)})
    manifests = [
        manifest_of(plan, options, command, import_paths) | dict(notes or {}) for plan in plans
    ]
    writers = [
        RecordWriter(folder, manifest, list(plan.trials), _say(console))
        for folder, manifest, plan in zip(folders, manifests, plans, strict=True)
    ]
    if cache:
        _take_known(writers, place(storage), console)
    return _train(
        plans,
        writers,
        import_paths,
        address,
        max_concurrent,
        max_failures,
        max_node_losses,
        console,
    )


def _with_search_options(
    plan: Plan, warm_start: Sequence[str], optuna_storage: str | None, console: Console
) -> Plan:
    if not warm_start and optuna_storage is None:
        return plan
    if plan.search is None:
        raise ValueError(
            "--warm-start and --optuna-storage are for searches: "
            f"study {plan.study.name} is a grid"
        )
    search = dataclasses.replace(plan.search, optuna_storage=optuna_storage)
    plan = dataclasses.replace(plan, search=search)
    for path in warm_start:
        plan, line = with_warm_start(plan, load_record(path))
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    return plan


def _take_known(writers: Sequence[RecordWriter], storage: Place, console: Console) -> None:
    taken, damaged = take_known_trials(writers)
    for line in damaged:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    for name, n_trials in Counter(taken.values()).items():
        console.print(f"{n_trials} trials are taken from {storage / name}", highlight=False)


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
    writer = RecordWriter(folder, record.manifest, list(plan.trials), _say(console), as_read=True)
    command = [Path(sys.argv[0]).name, *sys.argv[1:]]
    resumed = {"at": now(), "command": command, "changes": changes}
    writer.manifest.setdefault("resumed", []).append(resumed)
    paths = record.manifest["import_paths"]
    return _train(
        [plan], [writer], paths, address, max_concurrent, max_failures, max_node_losses, console
    )


def extend(
    where: Where, options: Options, *, console: Console, force: bool = False, **rest: Any
) -> dict[Place, dict[str, int]]:
    """Extends a record by replicates, fidelity or trials into a new one beside it.

    The old record stays as it is. What has ended unchanged is taken from it, longer trials of an
    extendable study go on from its checkpoints, the others are trained from the beginning.

    Raises:
        ValueError: as `resume`, and for fewer replicates, epochs or trials than there are.
    """
    folder = place(where).resolve()  # "." has no parent
    record = load_record(folder)
    check_unchanged(folder, record.manifest, force)
    command = [Path(sys.argv[0]).name, *sys.argv[1:]]
    (new,) = new_folders(folder.parent, [folder.name])
    plan = recorded_plan(record.manifest)
    extension = write_extension(folder, new, plan, options, command)
    console.print(f"{new} extends {folder}: {extension}", highlight=False, soft_wrap=True)
    return resume(new, console=console, force=force, **rest)


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


def _join(name: str | None, study: str) -> str:
    return f"{name}-{study}" if name else study


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


def _import_paths(study: Study) -> list[str]:
    """The folder that a worker needs to import the trainable, where it is not installed."""
    load_object(study.trainable)
    name = study.trainable.split(":")[0].split(".")[0]
    file = Path(sys.modules[name].__file__ or "").resolve()
    folder = str(file.parent.parent if file.name == "__init__.py" else file.parent)
    if name in OURS or folder in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        return []
    return [folder] if folder in sys.path else []
