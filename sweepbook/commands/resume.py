"""Goes on with a record that was interrupted."""

import contextlib
import dataclasses
from typing import Any

from rich.console import Console

from sweepbook.commands.deciding.loop import go_on
from sweepbook.commands.judging.others import other_claims
from sweepbook.commands.training import Endings, say_on, train_and_close
from sweepbook.plan.further.extension import what_becomes
from sweepbook.plan.manifest import check_unchanged, recorded_plan
from sweepbook.plan.modules.shipping import import_paths
from sweepbook.plan.room import check_concurrency, check_room, with_share
from sweepbook.plan.trust.code import take_code
from sweepbook.record.account import DONE
from sweepbook.record.checkpoints import checkpoint_path, load_state
from sweepbook.record.digest import changed_tables
from sweepbook.record.load import load_record
from sweepbook.record.manifest import Manifest
from sweepbook.record.provenance import command_line, now
from sweepbook.record.storage.places import Where, place
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.console import say
from sweepbook.tune.placement import HERE, RETRIES, Placement


def resume(
    folder: Where,
    *,
    console: Console,
    placement: Placement = HERE,
    force: bool = False,
    gpus: float | None = None,
    trust: bool = False,
) -> Endings:
    """Trains what a record still lacks: unended, interrupted and failed trials.

    Ended trials stay as they are; the others go on from their checkpoints, as many at a time as
    the record was begun with, unless the placement says otherwise. A record of `decide` goes on to
    its next looks.

    Args:
        gpus: GPUs, or the share of one, of each trial that still trains on them; None: as before.
        trust: also take its code from outside of the folder or the project that one works in.

    Raises:
        ValueError: no record, its data or versions are not what they were, its code may not be
            run, or `gpus` would move trials to or from the CPU; the record is left untouched.
    """
    record = load_record(folder)
    if record.manifest.decide is not None:
        return go_on(folder, console=console, placement=placement, force=force, trust=trust)
    say(console, take_code(place(folder), record.manifest, trust=trust))
    edited = changed_tables(record)
    if edited and not force:
        raise ValueError(f"{edited}: run the study anew, or add --force to go on nevertheless")
    changes = [*edited.splitlines(), *check_unchanged(folder, record.manifest, force)]
    if line := other_claims(record):
        say(console, line)
    ended = record.trials.loc[record.trials["status"].isin(DONE), "trial_id"]
    plan = with_share(recorded_plan(record.manifest), gpus, set(ended))
    placement = _as_begun(placement, record.manifest, console)
    check_room(plan.needs, placement.address)
    searches = [plan.study.name] if plan.search else []
    check_concurrency(searches, placement.address, placement.max_concurrent)
    paths = import_paths([plan.study])  # the project may lie elsewhere now
    writer = RecordWriter(folder, record.manifest, say_on(console), as_read=True)
    command = list(command_line())
    resumed = {"at": now(), "command": command, "changes": changes}
    writer.note(
        resumed=(*writer.manifest.resumed, resumed),
        max_concurrent=placement.max_concurrent,
        study=plan.study,
        trials=plan.trials,
        retries=placement.retries,
    )
    if not record.manifest.extends or record.manifest.resumed:  # `extend` has said it itself
        _tell_what_becomes(writer, console)
    _tell_who_begins_anew(writer, console)
    return train_and_close([plan], [writer], paths, placement, console)


def _tell_what_becomes(writer: RecordWriter, console: Console) -> None:
    """Says how many trials are kept, continue and are trained from the beginning."""
    owed = [trial_id for trial_id, row in writer.trials.items() if row["status"] not in DONE]
    saved = [i for i in owed if checkpoint_path(writer.folder, i).is_file()]
    at = ""
    if len(saved) == 1:
        with contextlib.suppress(ValueError):  # damaged: its trial will say so
            state = load_state(checkpoint_path(writer.folder, saved[0]))
            unit = writer.manifest.study.fidelity.unit
            at = f" at {unit} {state['fidelity']}" if state else ""
    kept = len(writer.trials) - len(owed)
    text = what_becomes(kept, len(saved), len(owed) - len(saved), at)
    search = writer.manifest.search
    if search and not search.exhausted and (untried := search.n_trials - len(writer.trials)) > 0:
        text += f"; {untried} {'is' if untried == 1 else 'are'} still to be suggested"
    say(console, text)


def _tell_who_begins_anew(writer: RecordWriter, console: Console) -> None:
    """Says which trials have lost their steps: no checkpoint of them has been kept."""
    lost = [
        trial_id
        for trial_id, row in writer.trials.items()
        if row["status"] not in DONE
        and row["last_fidelity"]
        and not checkpoint_path(writer.folder, trial_id).is_file()
    ]
    if lost:
        some = ", ".join(lost[:3]) + (", ..." if len(lost) > 3 else "")
        trials = "1 trial starts" if len(lost) == 1 else f"{len(lost)} trials start"
        say(
            console,
            f"{trials} from the beginning, because there is no checkpoint ({some}): a trainable "
            'that yields "state" and takes it as a parameter is saved about every second',
        )


def _as_begun(placement: Placement, manifest: Manifest, console: Console) -> Placement:
    """The placement with the record's own limit of trials at a time, where it has no other."""
    placement = _with_retries(placement, manifest, console)
    begun, given = manifest.max_concurrent, placement.max_concurrent
    if begun is None or begun == given:
        return placement
    trials = "1 trial" if begun == 1 else f"{begun} trials"
    if given is None:
        say(console, f"{trials} at a time, as before; --max-concurrent N changes that")
        return dataclasses.replace(placement, max_concurrent=begun)
    stopping = manifest.search or manifest.study.scheduler
    why = ": this may change which trials are suggested or stopped" if stopping else ""
    say(console, f"--max-concurrent is {given} now and was {begun} before{why}")
    return placement


def _with_retries(placement: Placement, manifest: Manifest, console: Console) -> Placement:
    """The placement with the record's own numbers of retries, where it has no others."""
    taken: dict[str, Any] = {
        name: most
        for name, most in manifest.retries.items()
        if name in RETRIES and getattr(placement, name) is None
    }
    for name, most in taken.items():
        say(console, f"--{name.replace('_', '-')} is {most}, as before")
    return dataclasses.replace(placement, **taken)
