"""A state in a file of its own, as an exported model has it."""

import json
from pathlib import Path
from typing import Any

from sweepbook.record.checkpoints import load_state
from sweepbook.record.storage.packing import packed

JSON, TENSORS, PLAIN = "state.json", "state.pt", "state.pickle"


def state_file(state: Any) -> tuple[str, bytes]:
    """Returns the name and the content of a state's file.

    That is state.json where JSON gives the state back as it is; state.pt, a file of torch, where
    it holds tensors; else state.pickle, of plain values and arrays.
    """
    try:
        text = json.dumps(state, allow_nan=False)
        if _is_same(state, json.loads(text)):
            return JSON, text.encode()
    except (TypeError, ValueError, RecursionError):
        pass
    content = packed({"state": state})
    return (TENSORS if content[:2] == b"PK" else PLAIN), content


def read_state(folder: str | Path) -> Any:
    """Returns the state of an exported model; tensors are on the CPU. Nothing is executed.

    Args:
        folder: what `sweepbook export` has written.

    Raises:
        ValueError: the folder holds no state, the file is damaged, or it holds tensors and torch
            is not installed.
    """
    if (path := Path(folder) / JSON).is_file():
        return json.loads(path.read_text(encoding="utf-8"))
    for name in (TENSORS, PLAIN):
        if (content := load_state(Path(folder) / name)) is not None:
            return content["state"]
    raise ValueError(
        f"{folder} holds none of {JSON}, {TENSORS} and {PLAIN}: name a folder that "
        "`sweepbook export RECORD --best FOLDER` has written, of a model with a state"
    )


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of the same kinds: 1, 1.0 and True are three."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_is_same(v, other[k]) for k, v in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return bool(one == other)
