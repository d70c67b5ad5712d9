"""A trial's state beside its rows so far, so that no checkpoint outruns its record."""

from pathlib import Path
from typing import Any

from sweepbook.files import write_aside

Rows = list[dict[str, Any]]


def checkpoint_path(record: str | Path, trial_id: str) -> Path:
    """Returns where a record keeps the checkpoint of a trial."""
    return Path(record) / "checkpoints" / f"{trial_id}.pt"


def save_checkpoint(
    records: list[str], trial_id: str, fidelity: int, state: Any, rows: Rows
) -> None:
    """Writes state and rows into each record that shares the trial, atomically."""
    import torch

    content = {"fidelity": fidelity, "state": state, "rows": rows}
    for record in records:
        write_aside(checkpoint_path(record, trial_id), lambda aside: torch.save(content, aside))


def load_checkpoint(records: list[str], trial_id: str) -> dict[str, Any] | None:
    """Returns the furthest checkpoint among the records, or None."""
    paths = [checkpoint_path(record, trial_id) for record in records]
    paths = [path for path in paths if path.is_file()]
    if not paths:
        return None  # torch takes a second to import, and not every trainable needs it
    import torch

    found: list[dict[str, Any]] = [torch.load(path, weights_only=True) for path in paths]
    return max(found, key=lambda content: int(content["fidelity"]))
