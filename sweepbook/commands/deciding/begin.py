"""A new record beside an old one, whose claims it is to decide: all of the old one's rows."""

import dataclasses
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Literal

from sweepbook.commands.deciding.judged import is_open, plain
from sweepbook.commands.deciding.looks import Looks, looks_of
from sweepbook.commands.training import new_folders
from sweepbook.findings.sequential.design import Design, design_of
from sweepbook.findings.sequential.judge import judge
from sweepbook.plan.further.deciding import any_grows, check_can_grow, check_looks, to_grow
from sweepbook.plan.manifest import recorded_plan
from sweepbook.plan.plan import Plan
from sweepbook.record.batches.rows import renamed
from sweepbook.record.cache import ended_by_itself
from sweepbook.record.load import Record, load_record
from sweepbook.record.manifest import Manifest
from sweepbook.record.origin.decision import Decision
from sweepbook.record.origin.derived import Extends
from sweepbook.record.origin.taken import take_trials
from sweepbook.record.planned import Trial
from sweepbook.record.storage.files import write_json
from sweepbook.record.storage.lock import lock
from sweepbook.record.storage.places import Place


def looks_for(
    record: Record, looks: Sequence[int] | None, most: int | Literal["none"] | None
) -> Looks:
    """Returns the looks at a record, which is refused where more seeds would decide nothing.

    Nothing is written.

    Raises:
        ValueError: naming the value, and what to do.
    """
    plan = recorded_plan(record.manifest)
    check_can_grow(record, plan)
    found = looks_of(record.manifest.n_replicates, looks, most)
    check_looks(plan, found.numbers)
    judged = judge(record, _design(record, found), ())
    if not any(is_open(ending) for ending in judged.endings.values()):
        raise ValueError(
            f"{record.path} has no undecided claim: each is decided, or has no trials to be "
            "decided by. Nothing is left to decide"
        )
    _check_wanted(record, plan, sorted(judged.wanted))
    return found


def _check_wanted(record: Record, plan: Plan, wanted: Sequence[str]) -> None:
    """Refuses where the trials of undecided claims are all deterministic, or one has failed."""
    trials = [trial for trial in plan.trials if trial.trial_id in wanted]
    if not any_grows(plan, wanted):
        raise ValueError(
            f"the undecided claims of {record.path} are about models that do not depend on the "
            "seed, so more seeds change nothing: only another split of the data could decide them"
        )
    ended = set(record.trials.loc[ended_by_itself(record.trials), "trial_id"])
    if lacking := [trial.trial_id for trial in trials if trial.trial_id not in ended]:
        raise ValueError(
            f"{len(lacking)} trials of undecided claims have not trained to their end, such as "
            f"{lacking[0]}: complete them first, by sweepbook run --resume {record.path}"
        )


def _design(record: Record, looks: Looks) -> Design:
    claims, unlimited = record.manifest.study.claims, not looks.has_end
    return design_of(record, claims, looks=looks.numbers, unlimited=unlimited)


def write_beginning(folder: Place, looks: Looks, command: Sequence[str]) -> Place:
    """Writes the new record NAME-decide, with the design in its manifest, and returns its folder.

    The manifest comes last: until then it is no record. The old record stays as it is.

    Raises:
        ValueError: the record is being written, or the storage cannot be.
    """
    lock(folder).close()  # nobody writes it
    record = load_record(folder)
    (new,) = new_folders(folder.parent, [f"{folder.name}-decide"])
    trials = to_grow(recorded_plan(record.manifest))
    ids = {old: trial.trial_id for old, trial in trials.items()}
    sources = {trial_id: old for old, trial_id in ids.items()}
    take_trials(record, new, partial(renamed, ids=ids), sources)
    manifest = _manifest(record, trials, command)
    frames = (renamed(table, ids).sort_values("trial_id", ignore_index=True) for table in record)
    design = _design(Record(new, manifest, *frames), looks)
    decide = Decision(
        record=folder.name,
        record_digest=record.manifest.record_digest,
        design=plain(design.as_json()),
    )
    write_json(new / "manifest.json", dataclasses.replace(manifest, decide=decide).as_json())
    return new


def _manifest(record: Record, trials: Mapping[str, Trial], command: Sequence[str]) -> Manifest:
    """The manifest of the new record, without its design."""
    ids = {old: trial.trial_id for old, trial in trials.items()}
    return record.manifest.begun_anew(
        trials=tuple(trials.values()),
        command=tuple(command),
        status="interrupted",
        extends=_extends(record.manifest.extends, ids),
        taken={ids[i]: name for i, name in record.manifest.taken.items() if i in ids},
    )


def _extends(extends: Extends | None, ids: Mapping[str, str]) -> Extends | None:
    """What the old record extends, by the new ids: its claims were looked at before."""
    if extends is None:
        return None
    return dataclasses.replace(
        extends,
        kept=tuple(ids.get(i, i) for i in extends.kept),
        continued={ids.get(new, new): old for new, old in extends.continued.items()},
        anew=tuple(ids.get(i, i) for i in extends.anew),
    )
