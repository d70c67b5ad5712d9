"""More replicates, fidelity or trials: a new record that takes what the old one holds."""

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from sweepbook.commands.resume import resume
from sweepbook.commands.training import new_folders
from sweepbook.plan.extension import Extension, _bound, _changes, _more_trials, plan_extension
from sweepbook.plan.manifest import check_unchanged, recorded_plan
from sweepbook.plan.options import Options
from sweepbook.plan.plan import Plan
from sweepbook.record.checkpoints import checkpoint_path
from sweepbook.record.files import make_folder, write_bytes, write_json, write_parquet
from sweepbook.record.load import Record, load_record
from sweepbook.record.lock import lock
from sweepbook.record.places import Place, Where, place
from sweepbook.record.provenance import now


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


_OF_ONE_RECORD = ("sessions", "resumed", "taken", "record_digest", "n_trials")


def write_extension(
    folder: Place, new: Place, plan: Plan, options: Options, command: Sequence[str]
) -> Extension:
    """Writes `new`, an interrupted record that resume completes; `folder` stays as it is.

    The manifest comes last: until then `new` is no record.

    Raises:
        ValueError: a record that is being written, that would get less than it has, or nothing
            new; a search, but by more trials.
    """
    lock(folder).close()  # nobody writes it
    record = load_record(folder)
    manifest = {k: v for k, v in record.manifest.items() if k not in _OF_ONE_RECORD}
    extendable = bool(record.manifest["study"].get("extendable"))
    if manifest.get("search"):
        extension = _more_trials(record, plan, manifest, options)
    elif options.trials is not None:
        raise ValueError(f"--trials is for searches, and study {plan.study.name} is a grid")
    else:
        plan = _bound(plan, options)
        extension = plan_extension(record, plan, options, extendable)
        if {t.trial_id for t in extension.trials} == {t.trial_id for t in plan.trials}:
            raise ValueError(f"record {folder} has all that already: nothing would be added")
        manifest |= _changes(manifest, plan, options)
    manifest |= {
        "trials": [dataclasses.asdict(trial) for trial in extension.trials],
        "command": list(command),
        "started": now(),
        "ended": None,
        "status": "interrupted",
        "extends": {
            "record": folder.name,
            "record_digest": record.manifest.get("record_digest"),
            "kept": list(extension.kept),
            "continued": extension.continued,
            "anew": extension.anew,
        },
    }
    _write_tables(record, new, extension)
    write_json(new / "manifest.json", manifest)
    return extension


def _write_tables(record: Record, new: Place, extension: Extension) -> None:
    for name in ("parts", "checkpoints"):
        make_folder(new / name)
    for name, table in (
        ("trials", record.trials),
        ("reports", record.reports),
        ("predictions", record.predictions()),
    ):
        own: pd.DataFrame = table[table["trial_id"].isin(extension.kept)]
        if len(own):
            write_parquet(new / f"{name}.parquet", own)
    sources = {trial_id: trial_id for trial_id in extension.kept} | extension.continued
    for trial_id, source in sources.items():
        checkpoint = checkpoint_path(record.path, source)
        if checkpoint.is_file():
            write_bytes(checkpoint_path(new, trial_id), checkpoint.read_bytes())
