"""Which trial an arm of a claim means, and the values that it reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sweepbook.aggregates.choice import Choice, choose
from sweepbook.aggregates.kept import lookup
from sweepbook.aggregates.labels import better, setting_name, setting_value
from sweepbook.record.load import Record

_ANEW = "for a verdict, run the study again with --no-scheduler"


def settings_label(settings: Mapping[str, Any]) -> str:
    """ "depth 6, width 16"."""
    parts = (f"{setting_name(k)} {setting_value(v)}" for k, v in settings.items())
    return ", ".join(parts) or "this config"


def find_trial(
    record: Record,
    settings: Mapping[str, Any],
    diverged_is_fine: bool = False,
    reached: int | None = None,
) -> tuple[dict[str, Any] | None, str]:
    """The one trial with these settings that trained to its end; or None and the reason.

    A diverged trial passes only where that is what is asked about: survivors are not averaged. One
    that was stopped early passes only where the step `reached`, and no later one, is asked for.
    """
    rows = lookup(record).trials(settings)
    label = settings_label(settings)
    if len(rows) != 1:
        return None, f"{len(rows) or 'no'} trial{'s' * (len(rows) > 1)} with {label}"
    trial = {str(key): value for key, value in rows[0].items()}
    status, n_diverged = trial["status"], trial.get("n_diverged") or 0
    if diverged_is_fine and status in ("finished", "diverged"):
        return trial, ""
    if n_diverged == n_diverged and n_diverged > 0:
        total = trial.get("n_replicates")
        return None, f"{int(n_diverged)} of {total:.0f} replicates diverged with {label}"
    if status == "stopped" and reached is not None and trial["last_fidelity"] >= reached:
        return trial, ""
    if status != "finished":
        last = trial.get("last_fidelity")
        at = f" at {record.unit} {last:.0f}" if last is not None and last == last else ""
        state = {"running": "is still training", "failed": "failed"}.get(status, f"was {status}")
        next_step = f"; {_ANEW}" if status == "stopped" else ""
        return None, f"the trial with {label} {state}{at}{next_step}"
    return trial, ""


def find_choice(
    record: Record, settings: Mapping[str, Any], metric: str
) -> tuple[Choice | None, str]:
    """The choice by a validation metric among the trials with these settings; or the reason.

    At least one trial must have these settings.
    """
    rows = lookup(record).trials(settings)
    label = settings_label(settings)
    choice = choose(
        record, pd.DataFrame(rows), metric, "max" if better(metric) == "max" else "min"
    )
    if choice is not None:
        return choice, ""
    ended = Counter(row["status"] for row in rows)
    failed, stopped = ended["failed"], ended["stopped"]
    how = [f"{failed} failed"] if failed else []
    how += [f"{stopped} {'was' if stopped == 1 else 'were'} stopped"] if stopped else []
    counts = f" ({', '.join(how)})" if how else ""
    next_step = f"; {_ANEW}" if stopped else ""
    return None, f"none of the {len(rows)} trials with {label} finished{counts}{next_step}"


def value_table(record: Record, trial_id: str, column: str) -> pd.DataFrame | None:
    """Step x replicate table of one trial's metric; None where nothing was recorded.

    What a replicate reports once it has diverged means nothing: NaN stands there, but for seconds
    and for lists of values.
    """
    return lookup(record).table(trial_id, column)
