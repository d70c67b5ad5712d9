"""A record's rows of trials: what a new one holds, how one ends, and the table of them."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sweepbook.record.checkpoints import Rows
from sweepbook.record.ledger import TIMES
from sweepbook.record.planned import Trial


def new_row(trial: Trial, study: str, metric: str) -> dict[str, Any]:
    """Returns the row of a trial that has not begun."""
    return {
        "trial_id": trial.trial_id,
        "study": study,
        "status": "pending",
        "reason": None,
        "error": None,
        "rung": None,
        "cutoff": None,
        "n_retries": 0,
        "n_node_losses": 0,
        "seed": trial.seed,
        "n_replicates": trial.n_replicates,
        "n_diverged": 0,
        "has_train_loss": False,
        "fidelity_unit": trial.unit,
        "max_fidelity": trial.max_fidelity,
        "last_fidelity": 0,
        f"{metric}_last": math.nan,
        f"{metric}_best": math.nan,
        f"{metric}_best_at": 0,
        **dict.fromkeys(TIMES, 0.0),
        "started": None,
        "ended": None,
        **({} if trial.number is None else {"number": trial.number}),
        **_settings(trial.config),
    }


def ending(
    trial: dict[str, Any], error: str | None, stopped: str | None, by_divergence: str | None
) -> tuple[str, str]:
    """Returns the status and the reason of a trial that has ended.

    Args:
        error, stopped, by_divergence: what ended it, as `RecordWriter.end_trial` has them; None
            of them: its trainable did.
    """
    unit, last, most = trial["fidelity_unit"], trial["last_fidelity"], trial["max_fidelity"]
    n, diverged = trial["n_replicates"], trial["n_diverged"]
    if error is not None:
        at = f"after {unit} {last}" if last else f"before {unit} 1"
        return "failed", f"error {at} of {most}: {error.strip().splitlines()[-1]}"
    if last and diverged == n:
        return "diverged", f"all {n} replicates NaN or infinite at {unit} {last}"
    if by_divergence is not None:
        return "diverged", by_divergence
    if stopped is not None:
        return "stopped", stopped
    kept = f"; {diverged} of {n} replicates diverged" if diverged else ""
    if last < most:
        return "finished", f"its trainable ended at {unit} {last} of {most}{kept}"
    return "finished", f"reached {unit} {most}{kept}"


def interruption(trial: Mapping[str, Any]) -> str:
    """Returns the reason of a trial that was interrupted, perhaps before it started."""
    unit, last, most = trial["fidelity_unit"], trial["last_fidelity"], trial["max_fidelity"]
    if trial["started"] is None:
        return "not started"
    at = f"at {unit} {last}" if last else f"before {unit} 1"
    return f"interrupted {at} of {most}"


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    return {f"config/{key}": _plain(value) for key, value in config.items()}


def _plain(value: Any) -> Any:
    """A cell of a table: a scalar as it is, anything else as JSON."""
    return value if isinstance(value, (str, int, float, bool, type(None))) else json.dumps(value)


def is_missing(value: Any) -> bool:
    """Whether a table's cell is empty."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def reports_frame(rows: Rows) -> pd.DataFrame:
    """Returns report rows as a table: a metric that is None alone is no number, as NaN is."""
    frame = pd.DataFrame(rows)
    for name in frame.columns[frame.isna().all()]:
        if all(row.get(name) is None for row in rows):
            frame[name] = pd.Series([None] * len(rows), dtype=object)
    return frame


def trials_frame(trials: list[dict[str, Any]]) -> pd.DataFrame:
    """Returns one row per trial; a setting of several kinds of values becomes JSON texts.

    Whole and other numbers stay numbers, unless some are equal: 3 and 3.0.
    """
    frame = pd.DataFrame(trials).astype({"rung": "Int64", "cutoff": "float64"})
    if "number" in frame:
        frame = frame.astype({"number": "Int64"})
    return _of_one_kind(frame, trials)


def settings_frame(configs: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Returns the columns config/KEY that the table of trials with these configs has."""
    rows = [_settings(config) for config in configs]
    return _of_one_kind(pd.DataFrame(rows), rows)


def _of_one_kind(frame: pd.DataFrame, trials: list[dict[str, Any]]) -> pd.DataFrame:
    for column in frame.columns[frame.columns.str.startswith("config/")]:
        # a text's None reads as NaN
        values = [None if is_missing(v) else v for v in (row.get(column) for row in trials)]
        given = [v for v in values if v is not None]
        kinds, texts = {type(v) for v in given}, {json.dumps(v) for v in given}
        is_mixed = len(kinds) > 1 and kinds != {int, float}
        if is_mixed or len(texts) > len(set(given)):
            frame[column] = [json.dumps(v) for v in values]
    return frame
