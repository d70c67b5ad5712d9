"""At which step the arms of a claim are compared where early stopping ended a trial of one.

A stopped trial has no final value. It has one at every step up to the last, and so has every
other trial, so two trials can be compared at the last step that both have, if they were planned
for the same length: the setting of the length, and a schedule that depends on it, are then the
same in both, whether or not a shorter training would be the same (`Study.extendable`). What is
compared there is how the trials stand at that step of a training of that length, not how they
would have ended. Trials of different planned lengths stand at different places of their schedules
at the same step, and are not compared.

Which step it is depends on the values, so a claim has several chances to be decided: one at each
rung and one at the end. In a simulation (benchmarks/early_stopping.py) two equal arms are then
told apart in 5 to 7 % of the comparisons at a level of 5 %. The level of a comparison that early
stopping moved is therefore divided by the number of these steps (`looks`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sweepbook.aggregates.labels import listing
from sweepbook.findings.arms import find_trial
from sweepbook.record.load import Record
from sweepbook.study.claim import Claim


class Common(NamedTuple):
    """The step at which the arms of a claim are compared, since early stopping ended one there.

    looks: the number of steps at which the comparison could have happened. note: all this as a
    phrase.
    """

    step: int
    looks: int
    note: str


def needed_step(claim: Claim, i: int = 0) -> int | None:
    """The last step of arm i that the claim needs; None: the trial's own last, whichever it is.

    A trial that was stopped later has all that the claim asks for.
    """
    if claim.quantity == "steps_to":  # the first arm's steps count as far as they go
        return claim.since if i else 0
    if claim.quantity == "spread":
        return None
    return claim.fidelity if isinstance(claim.fidelity, int) else None


def compares_arms(claim: Claim) -> bool:
    """Whether the claim is about levels of several trials, which have a common step."""
    several = len(claim.arms) > 1 and claim.against_metric is None
    return several and claim.quantity == "value" and claim.over == "replicates"


def common_step(record: Record, claim: Claim, labels: Sequence[str]) -> Common | None:
    """The last step that all arms have, where a trial was stopped before the step of the claim.

    None where no trial was, and where the arms cannot be compared earlier: then `find_trial` says
    that a trial was stopped.
    """
    if not compares_arms(claim) or not (record.trials["status"] == "stopped").any():
        return None
    found = [find_trial(record, arm, reached=0)[0] for arm in claim.arms]
    trials = [trial for trial in found if trial is not None]
    if len(trials) < len(claim.arms):
        return None
    stopped = [i for i, trial in enumerate(trials) if trial["status"] == "stopped"]
    needed, step = needed_step(claim), min(int(trial["last_fidelity"]) for trial in trials)
    if not stopped or (needed is not None and needed <= step):
        return None
    lengths = {_length(trial) for trial in trials}
    if len(lengths) > 1 or None in lengths:
        return None
    length = lengths.pop() or step
    looks = _looks(record, min(length, needed or length))
    who = listing([labels[i] for i in stopped if int(trials[i]["last_fidelity"]) == step])
    return Common(step, looks, _note(record.unit, step, length, who, looks))


def _length(trial: Mapping[str, Any]) -> int | None:
    length = trial.get("max_fidelity")
    return int(length) if length is not None and length == length else None


def _looks(record: Record, until: int) -> int:
    """At how many steps trials of one length may be compared: at each rung before it, and there.

    Where the record does not say which rungs there were: at each step where a trial was stopped.
    """
    scheduler = record.manifest.study.scheduler
    if scheduler is None:
        stopped = record.trials[record.trials["status"] == "stopped"]
        return int(stopped["last_fidelity"].nunique()) + 1
    last = min(until - 1, scheduler.max_t or until)
    brackets = [scheduler.rungs(last, bracket) for bracket in range(scheduler.brackets)]
    return len(set().union(*brackets)) + 1


def _note(unit: str, step: int, length: int, who: str, looks: int) -> str:
    return (
        f"compared at {unit} {step} of {length}, because early stopping ended {who} there; this "
        f"could have happened at {looks} steps, so the level is {looks} times stricter"
    )
