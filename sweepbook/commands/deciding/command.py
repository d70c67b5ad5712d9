"""The command `decide`: begins a decision beside each record, or goes on with one."""

import time
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Literal

from rich.console import Console

from sweepbook.commands.deciding.batch import Deadline
from sweepbook.commands.deciding.begin import looks_for, write_beginning
from sweepbook.commands.deciding.looks import NO_END, Looks, budget_s, most_of, numbers_of
from sweepbook.commands.deciding.loop import go_on
from sweepbook.commands.training import Endings
from sweepbook.plan.manifest import check_unchanged
from sweepbook.plan.trust.code import take_code
from sweepbook.record.digest import check_digest
from sweepbook.record.load import load_record, read_manifest
from sweepbook.record.provenance import command_line
from sweepbook.record.storage.places import Place, Where, place
from sweepbook.tune.console import say
from sweepbook.tune.placement import HERE, Placement


def decide(
    records: Sequence[Where],
    *,
    looks: str | None = None,
    most: str | None = None,
    budget: str | None = None,
    placement: Placement = HERE,
    force: bool = False,
    trust: bool = False,
    console: Console,
) -> Endings:
    """Decides the claims of records by more seeds, one record after the other.

    All records are checked before anything is written. A record that `decide` has written goes
    on; beside every other one NAME-decide is written.

    Args:
        looks: replicates at which the claims are judged, such as "5,10,20".
        most: of the last look, such as "60"; "none": there is no last one.
        budget: for all records together, such as "30m".
        trust: also take their code from outside of the folder or the project that one works in.

    Returns:
        How the trials of each record ended.

    Raises:
        ValueError: what cannot be done, or not be understood.
    """
    seconds, wanted, last = budget_s(budget), numbers_of(looks), most_of(most)
    if last == NO_END and seconds is None:
        raise ValueError(
            "--most none needs a --budget, such as 2h: a claim may stay open for good"
        )
    if not records:
        raise ValueError("no record is named: give the folder of one, such as records/my-study")
    planned = [(_named(own), _looks(own, wanted, last, force, trust)) for own in records]
    if len({str(folder.resolve()) for folder, _ in planned}) < len(planned):
        raise ValueError("a record is named twice: name each once")
    deadline = Deadline(None if seconds is None else time.monotonic() + seconds)
    command = list(command_line())
    ended: Endings = {}
    for folder, own_looks in planned:
        new = write_beginning(folder, own_looks, command) if own_looks else folder
        if own_looks:
            say(console, f"{new} decides the claims of {folder}: looks at {own_looks} seeds")
        found = go_on(
            new,
            console=console,
            placement=placement,
            deadline=deadline,
            budget_s=seconds,
            force=force,
            trust=trust,
            is_new=own_looks is not None,
        )
        ended |= found
        if found[new].get("interrupted"):
            break
    return ended


def _named(where: Where) -> Place:
    """The folder of a record as it was given, where that has a name and a folder above it."""
    folder = place(where)
    is_plain = PurePosixPath(folder.path).name not in ("", "..")
    return folder if is_plain else folder.resolve()


def decide_all(
    records: Sequence[Place], *, placement: Placement, force: bool, console: Console
) -> Endings:
    """Decides the claims of those records that have undecided ones; says why of the others."""
    ended: Endings = {}
    for folder in records:
        try:
            looks_for(load_record(folder), None, None)
        except ValueError as error:
            say(console, f"not decided: {error}")
            continue
        own = decide([folder], placement=placement, force=force, console=console)
        ended |= own
        if any(counts.get("interrupted") for counts in own.values()):
            break
    return ended


def _looks(
    where: Where,
    looks: Sequence[int] | None,
    most: int | Literal["none"] | None,
    force: bool,
    trust: bool,
) -> Looks | None:
    """The looks at a record; None of one that a decision goes on with.

    Raises:
        ValueError: more seeds would decide nothing; options that a design has fixed; code that
            may not be run, or a table that was edited.
    """
    folder = place(where)
    manifest = read_manifest(folder)
    take_code(folder, manifest, trust=trust)
    if manifest.decide is not None:
        if looks is not None or most is not None:
            raise ValueError(
                f"the looks of {folder} were fixed before its first batch, at "
                f"{', '.join(map(str, manifest.decide.looks))} seeds: leave --looks and --most out"
            )
        return None
    check_unchanged(folder, manifest, force)
    record = load_record(folder)
    check_digest(record)
    return looks_for(record, looks, most)
