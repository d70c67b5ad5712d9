"""Writes the best model of a record into a folder: its state, its settings and a card."""

import json
import os
import shutil
from pathlib import Path, PurePosixPath

from rich.console import Console

from sweepbook.pages.model_card import model_card
from sweepbook.record.best import Best, best_of, state_file
from sweepbook.record.load import Record, load_record
from sweepbook.record.storage.files import aside_of
from sweepbook.record.storage.places import disk_folder
from sweepbook.study.forms.program import Program
from sweepbook.tune.console import say


def export(where: str, folder: Path, trial_id: str | None, console: Console) -> None:
    """Writes the state, config.json and README.md, all or nothing, and says what the model is.

    Args:
        where: a record's folder or URI.
        folder: must not exist.
        trial_id: of another trial than the best one.

    Raises:
        ValueError: the folder exists, or the record has no such model; see `best_of`.
        OSError: the folder cannot be written.
    """
    folder = disk_folder(folder, "--best")
    _check_new(folder)
    record = load_record(where)
    best = best_of(record, trial_id)
    files = {"config.json": f"{json.dumps(dict(best.config), indent=1)}\n".encode()}
    state_name = None
    if best.state is not None:
        state_name, files[state_name] = state_file(best.state)
        files |= _of_program(record, best)
    files["README.md"] = model_card(record, best, state_name, is_chosen=trial_id is None).encode()
    _write(folder, files)
    at = f"{best.unit} {best.fidelity}, {best.metric} {best.value:.6g}"
    names = sorted({name.partition("/")[0] for name in files})
    say(console, f"{folder} holds trial {best.trial_id} at {at}: {', '.join(names)}")
    if state_name is None:
        say(console, best.why_no_state)


def _of_program(record: Record, best: Best) -> dict[str, bytes]:
    """The files that a program has left, by replicate; none of another trainable."""
    if not isinstance(record.manifest.study.trainable, Program):
        return {}
    found = {
        f"replicate-{number}/{name}": content
        for number, state in enumerate(best.state)
        for name, content in state["files"].items()
    }
    for name in found:
        if ".." in PurePosixPath(name).parts or "//" in name or "\0" in name:
            raise ValueError(
                f"the state of trial {best.trial_id} in {record.path} has a file {name!r:.80}, "
                "which would lie elsewhere: somebody has changed the record's checkpoints"
            )
    return found


def _check_new(folder: Path) -> None:
    if folder.exists() or folder.is_symlink():
        raise ValueError(
            f"{folder} exists already and is not overwritten: give --best the name of a folder "
            "that does not exist, or move this one away"
        )


def _write(folder: Path, files: dict[str, bytes]) -> None:
    """Writes a folder aside and renames it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = aside_of(folder)
    try:
        aside.mkdir()
        for name, content in files.items():
            path = aside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        _check_new(folder)
        os.rename(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
