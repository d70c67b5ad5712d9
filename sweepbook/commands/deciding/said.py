"""What a person reads of a decision: one line for each look, and how it ended."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from sweepbook.findings.finding import HOLDS
from sweepbook.findings.sequential.compared import DECIDED, GIVEN_UP, MISSING, OPEN
from sweepbook.record.batches.ranges import batches_of
from sweepbook.record.manifest import Manifest
from sweepbook.record.origin.decision import Decision
from sweepbook.study.texts import count
from sweepbook.tune.console import duration, rough_duration


def look_line(manifest: Manifest, left_s: float | None) -> str:
    """Returns one line on the last look: claims decided and open, seeds spent, time left."""
    decision = manifest.decide
    if decision is None or not decision.judged:
        return ""
    last = decision.judged[-1]
    states = [ending["state"] for ending in last["endings"].values()]
    n_decided = sum(state in DECIDED for state in states)
    parts = [f"{count(n_decided, 'claim')} decided", f"{states.count(OPEN)} open"]
    if n := states.count(GIVEN_UP):
        parts.append(f"{n} given up")
    spent = f"{count(n_added(manifest), 'replicate')} added so far"
    left = "" if left_s is None else f", {rough_duration(left_s)} of the budget left"
    return (
        f"look {last['look']} of {len(decision.looks)} ({count(last['n'], 'seed')}): "
        f"{', '.join(parts)}; {spent}{left}"
    )


def n_added(manifest: Manifest) -> int:
    """Returns how many replicates were added to those that the record began with."""
    return sum(trial.n_replicates - len(batches_of(trial)[0]) for trial in manifest.trials)


def summary(manifest: Manifest, folder: object) -> list[str]:
    """Returns sentences on how the decision of a record stands: claims, seeds, time.

    Args:
        folder: of the record, as a command names it.
    """
    decision = manifest.decide
    if decision is None or not decision.judged:
        return []
    endings = list(decision.judged[-1]["endings"].values())
    lines = [_decided(endings)]
    lines += _open(endings, decision)
    lines.append(_added(manifest, decision.spent_s))
    if decision.ending in ("", "budget"):
        lines.append(f"What has begun is kept; continue with: sweepbook decide {folder}")
    return lines


def _added(manifest: Manifest, spent_s: float) -> str:
    n = n_added(manifest)
    if not n:
        return "No replicate was added."
    trials = sum(len(trial.batches) > 1 for trial in manifest.trials)
    to = f"{trials} of {count(len(manifest.trials), 'trial')}"
    return f"{count(n, 'replicate')} {_were(n)} added to {to} in {duration(spent_s)} of training."


def _were(n: int) -> str:
    return "was" if n == 1 else "were"


def _decided(endings: Sequence[Mapping[str, Any]]) -> str:
    own = [ending for ending in endings if ending["state"] in DECIDED]
    if not own:
        return f"None of {count(len(endings), 'claim')} is decided."
    held = sum(ending["state"] == HOLDS for ending in own)
    seeds = sorted(int(ending["n"]) for ending in own)
    at = f"{seeds[0]}"
    if seeds[0] != seeds[-1]:
        at += f" to {seeds[-1]}, half of them at {int(statistics.median_low(seeds))} or fewer"
    return (
        f"{len(own)} of {count(len(endings), 'claim')} are decided: {held} hold and "
        f"{len(own) - held} do not. Seeds that it took: {at}."
    )


def _open(endings: Sequence[Mapping[str, Any]], decision: Decision) -> list[str]:
    states = [ending["state"] for ending in endings]
    n_open, n_given_up, n_none = (states.count(s) for s in (OPEN, GIVEN_UP, MISSING))
    most, at = decision.looks[-1], decision.judged[-1]["n"]
    lines = []
    if n_given_up:
        lines.append(
            f"{count(n_given_up, 'claim')} {_is(n_given_up)} given up: the chance to decide it by "
            f"{most} seeds was small."
        )
    if n_open:
        why = {
            "looks": f"{most} seeds were not enough",
            "budget": f"the budget was spent at {at} seeds",
            "decided": "no trial of theirs can get more seeds",
        }.get(decision.ending, f"the training was interrupted after {at} seeds")
        lines.append(f"{count(n_open, 'claim')} {_is(n_open)} open: {why}.")
    if n_none:
        lines.append(f"{count(n_none, 'claim')} {_is(n_none)} without trials to be decided by.")
    return lines


def _is(n: int) -> str:
    return "is" if n == 1 else "are"
