"""More replicates, fidelity or trials: a new record that takes what the old one holds."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.load import Record, load_record
from analysis.places import Place
from search_spaces import ASHA
from sweepbook.cache import ended_by_itself
from sweepbook.checkpoints import checkpoint_path
from sweepbook.files import make_folder, write_bytes, write_json, write_parquet
from sweepbook.lock import lock
from sweepbook.options import Options
from sweepbook.plan import Plan, extended_trial
from sweepbook.provenance import now
from sweepbook.record import DONE
from sweepbook.trial import Trial

_OF_ONE_RECORD = ("sessions", "resumed", "taken", "record_digest", "n_trials")


@dataclass(frozen=True)
class Extension:
    """What becomes of a record's trials.

    Args:
        trials: of the new record.
        kept: trial_ids that stay as they are, with every row.
        continued: new trial_id -> the old one, whose checkpoint it goes on from.
    """

    trials: tuple[Trial, ...]
    kept: tuple[str, ...]
    continued: dict[str, str]

    @property
    def anew(self) -> list[str]:
        """Ids of the trials that are trained from the beginning."""
        known = {*self.kept, *self.continued}
        return [t.trial_id for t in self.trials if t.trial_id not in known]

    def __str__(self) -> str:
        return (
            f"{len(self.kept)} trials are kept, {len(self.continued)} go on from their "
            f"checkpoints, {len(self.anew)} are trained from the beginning"
        )


def plan_extension(record: Record, plan: Plan, options: Options, extendable: bool) -> Extension:
    """Returns what becomes of a record's trials under the options.

    A trial that the options do not change is kept where it has ended. One that is only to be
    longer goes on from its checkpoint where the study says that this is the same training.

    Args:
        plan: as recorded, with its scheduler's new limits.
        options: replicates, epochs or scale, this one as a factor of the recorded lengths.

    Raises:
        ValueError: where a trial would get less than it has had.
    """
    ended = record.trials[ended_by_itself(record.trials)]
    trials: dict[str, Trial] = {}
    continued: dict[str, str] = {}
    for old in sorted(plan.trials, key=lambda trial: trial.max_fidelity):
        new = extended_trial(plan.study, old, options, plan.data, plan.files)
        _check_not_less(old, new)
        trials[new.trial_id] = new
        is_longer = new.trial_id != old.trial_id and new.n_replicates == old.n_replicates
        is_saved = checkpoint_path(record.path, old.trial_id).is_file()
        if extendable and is_longer and is_saved:
            continued[new.trial_id] = old.trial_id  # the longest, where several become one
    kept = sorted(trials.keys() & set(ended["trial_id"]))
    continued = {new: old for new, old in continued.items() if new not in kept}
    return Extension(tuple(trials.values()), tuple(kept), continued)


def _check_not_less(old: Trial, new: Trial) -> None:
    for what, before, after in (
        ("replicates", old.n_replicates, new.n_replicates),
        (f"{old.unit}s", old.max_fidelity, new.max_fidelity),
    ):
        if after < before:
            raise ValueError(
                f"an extended record cannot have less than before: trial {old.trial_id} has "
                f"{before} {what}, asked for are {after}; start a new study for fewer"
            )


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


def _bound(plan: Plan, options: Options) -> Plan:
    """The plan with a scheduler that follows trials to their new end, where it did so before."""
    asha, most = plan.study.scheduler, max(t.max_fidelity for t in plan.trials)
    if asha is None or asha.max_t != most or (options.epochs or options.scale) is None:
        return plan
    free = dataclasses.replace(plan.study, scheduler=None)
    longer = [extended_trial(free, t, options, plan.data, plan.files) for t in plan.trials]
    scheduler = dataclasses.replace(asha, max_t=max(t.max_fidelity for t in longer))
    return dataclasses.replace(plan, study=dataclasses.replace(plan.study, scheduler=scheduler))


def _changes(manifest: dict[str, Any], plan: Plan, options: Options) -> dict[str, Any]:
    """What the manifest says otherwise for the options."""
    asha: ASHA | None = plan.study.scheduler
    changed: dict[str, Any] = {
        "n_replicates": options.replicates or manifest["n_replicates"],
        "study": manifest["study"] | {"scheduler": dataclasses.asdict(asha) if asha else None},
    }
    if options.epochs is not None:
        changed |= {
            "scale": None,
            "overrides": {**manifest["overrides"], "epochs": options.epochs},
        }
    if options.scale is not None:
        changed["scale"] = (manifest["scale"] or 1) * options.scale
    return changed


def _more_trials(
    record: Record, plan: Plan, manifest: dict[str, Any], options: Options
) -> Extension:
    """A search with more trials per cell: all that have ended are kept."""
    if options.trials is None or options != Options(trials=options.trials):
        raise ValueError(
            "a search is extended by --trials alone: its suggestions hang on all the rest"
        )
    search = dict(manifest["search"])
    before = search["n_trials_per_cell"]
    if options.trials <= before:
        raise ValueError(f"--trials must be more than the {before} per cell that it has")
    search["n_trials"] = options.trials * search["n_trials"] // before
    manifest["search"] = search | {"n_trials_per_cell": options.trials, "exhausted": False}
    ended = record.trials["status"].isin(DONE)
    kept = record.trials.loc[ended, "trial_id"]
    continued = {t.trial_id: t.trial_id for t in plan.trials if t.trial_id not in set(kept)}
    saved = {i: i for i in continued if checkpoint_path(record.path, i).is_file()}
    return Extension(plan.trials, tuple(sorted(kept)), saved)


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
