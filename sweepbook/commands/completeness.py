"""Whether a record's tables are whole: its digest, its trials, their reports."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sweepbook.record.columns import plain_cell
from sweepbook.record.digest import record_digest
from sweepbook.record.load import CONFIG, Record
from sweepbook.record.rows import is_missing
from sweepbook.record.schema.identity import is_own_id


def problems(record: Record) -> list[str]:
    """Returns what is wrong with a record's tables; an empty list for a sound one."""
    found = []
    recorded = record.manifest.record_digest
    if not record.manifest.has_ended:
        found.append(f"the record has not ended: its status is {record.manifest.status!r}")
    elif record_digest(record) != recorded:
        found.append(f"the tables do not have the digest that the manifest gives, {recorded}")
    if untried := record.manifest.n_trials.get("untried"):
        found.append(f"{untried} trials of the search have not been tried")
    planned = {trial.trial_id for trial in record.manifest.trials}
    if planned != set(record.trials["trial_id"]):
        found.append("trials.parquet and the manifest do not hold the same trials")
    found += _unlike_planned(record)
    steps = _steps(record)
    for trial in record.trials.to_dict("records"):
        trial_id, status = trial["trial_id"], trial["status"]
        if status in ("failed", "interrupted"):
            found.append(f"trial {trial_id} is {status}: {trial['reason']}")
            continue
        own = steps.get(trial_id, {})
        if len(own) != trial["n_replicates"]:
            found.append(f"trial {trial_id} lacks report rows: a replicate has none")
        elif problem := _problem(own, int(trial["last_fidelity"]), int(trial["max_fidelity"])):
            found.append(f"trial {trial_id} lacks report rows: {problem}")
    for one in record.manifest.trials:
        if not is_own_id(one, record.manifest):
            found.append(
                f"trial {one.trial_id} does not have the id of its config, seed and "
                "data in the manifest"
            )
    return found


def _unlike_planned(record: Record) -> list[str]:
    """Where the table of trials says something else of a trial than the manifest, which plans it.

    The manifest's trials are what is retrained, and the table's what a report shows.
    """
    found = []
    planned = {trial.trial_id: trial for trial in record.manifest.trials}
    for row in record.trials.to_dict("records"):
        trial = planned.get(row["trial_id"])
        if trial is None:
            continue  # which is said elsewhere
        if not isinstance(trial.config, dict):
            found.append(f"trial {trial.trial_id}: its settings in the manifest are no dict")
            continue
        said = {f"{CONFIG}{key}": value for key, value in trial.config.items()}
        said |= {key: getattr(trial, key) for key in ("seed", "n_replicates", "max_fidelity")}
        shown = {str(key): value for key, value in row.items() if str(key).startswith(CONFIG)}
        for key in {**said, **shown}:
            if not _is_alike(row.get(key), said.get(key)):
                found.append(
                    f"trial {trial.trial_id}: {key} is {row.get(key)!r:.60} in trials.parquet and "
                    f"{said.get(key)!r:.60} in the manifest"
                )
                break
    return found


def _is_alike(cell: Any, value: Any) -> bool:
    """Whether a table's cell is a setting's value, as a number, a text or JSON."""
    cell = plain_cell(cell)
    if is_missing(value):
        return is_missing(cell) or cell == "null"
    text = json.dumps(value)
    # a list is a text already where a column of several kinds makes texts of all its values
    return bool(cell == value) or cell in (text, json.dumps(text))


def _steps(record: Record) -> dict[str, dict[int, list[int]]]:
    """The fidelities of every replicate's reports, upwards: trial_id -> replicate -> them."""
    found: dict[str, dict[int, list[int]]] = {}
    ordered = record.reports.sort_values(record.unit, kind="stable")
    columns = (ordered[name] for name in ("trial_id", "replicate", record.unit))
    for trial_id, replicate, at in zip(*columns, strict=True):
        found.setdefault(str(trial_id), {}).setdefault(int(replicate), []).append(int(at))
    return found


def _problem(steps: Mapping[int, Sequence[int]], last: int, most: int) -> str:
    """What is wrong with the fidelities at which a trial's replicates reported, if anything.

    They may report at any of them, every fifth, say, and some may end before others.
    """
    longest = max(steps.values(), key=len)
    if longest[-1] != last:
        return f"the last row is at {longest[-1]}, but the trial ended at {last}"
    if longest[0] < 1 or last > most or len({*longest}) < len(longest):
        return f"the rows must be at rising numbers from 1 to {most}"
    for replicate, own in steps.items():
        if own != longest[: len(own)]:
            missing = sorted({*longest[: len(own)]} - {*own}) or own
            return f"replicate {replicate} has no row at {missing[0]}, but others have"
    return ""
