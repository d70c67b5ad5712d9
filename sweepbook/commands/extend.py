"""More replicates, fidelity or trials: a new record that takes what the old one holds."""

import dataclasses
from collections.abc import Sequence

from rich.console import Console

from sweepbook.checks.declared import undecided_of
from sweepbook.commands.resume import resume
from sweepbook.commands.training import Endings, new_folders
from sweepbook.plan.further.extension import (
    Extension,
    changed_manifest,
    plan_extension,
    plan_more_trials,
    with_longer_scheduler,
)
from sweepbook.plan.manifest import check_unchanged, recorded_plan
from sweepbook.plan.options import Options
from sweepbook.plan.plan import Plan
from sweepbook.plan.trust.code import take_code
from sweepbook.record.digest import check_digest
from sweepbook.record.load import load_record
from sweepbook.record.origin.derived import Extends
from sweepbook.record.origin.taken import take_trials
from sweepbook.record.provenance import command_line
from sweepbook.record.storage.files import write_json
from sweepbook.record.storage.lock import lock
from sweepbook.record.storage.places import Place, Where, place
from sweepbook.tune.console import say
from sweepbook.tune.placement import HERE, Placement


def extend(
    where: Where,
    options: Options,
    *,
    console: Console,
    placement: Placement = HERE,
    force: bool = False,
    gpus: float | None = None,
    trust: bool = False,
) -> Endings:
    """Extends a record by replicates, fidelity or trials into a new one beside it.

    The old record stays as it is. What has ended unchanged is taken from it, longer trials of an
    extendable study go on from its checkpoints, the others are trained from the beginning.

    Raises:
        ValueError: as `resume`, for tables that have not their digest, and for fewer replicates,
            epochs or trials than there are.
    """
    folder = place(where).resolve()  # "." has no parent
    record = load_record(folder)
    if record.manifest.decide is not None:
        raise ValueError(
            f"{folder} cannot be extended, because its claims are judged at looks that were fixed "
            f"before: extend {record.manifest.decide.record}, the record that it began from"
        )
    check_digest(record)
    take_code(folder, record.manifest, trust=trust)
    check_unchanged(folder, record.manifest, force)
    command = list(command_line())
    (new,) = new_folders(folder.parent, [folder.name])
    plan = recorded_plan(record.manifest)
    extension = write_extension(folder, new, plan, options, command)
    say(console, f"{new} extends {folder}: {extension}")
    if plan.search is None:
        for line in undecided_of(dataclasses.replace(plan, trials=extension.trials)):
            say(console, line)
    return resume(new, console=console, placement=placement, force=force, gpus=gpus, trust=trust)


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
    manifest = record.manifest
    if plan.search is not None:
        extension, search = plan_more_trials(record, plan, options)
        manifest = dataclasses.replace(manifest, search=search)
    elif options.trials is not None:
        raise ValueError(f"--trials is for searches, but study {plan.study.name} is a grid")
    else:
        plan = with_longer_scheduler(plan, options)
        extension = plan_extension(record, plan, options, plan.study.extendable)
        if {t.trial_id for t in extension.trials} == {t.trial_id for t in plan.trials}:
            raise ValueError(
                f"record {folder} has all of this already: give more replicates, epochs or trials"
            )
        manifest = changed_manifest(manifest, plan, options)
    extends = Extends(
        record=folder.name,
        record_digest=record.manifest.record_digest,
        kept=extension.kept,
        continued=extension.continued,
        anew=tuple(extension.anew),
    )
    sources = {trial_id: trial_id for trial_id in extension.kept} | extension.continued
    take_trials(record, new, lambda rows: rows[rows["trial_id"].isin(extension.kept)], sources)
    manifest = manifest.begun_anew(
        trials=extension.trials, command=tuple(command), status="interrupted", extends=extends
    )
    write_json(new / "manifest.json", manifest.as_json())
    return extension
