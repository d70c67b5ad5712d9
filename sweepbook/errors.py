"""What is known of a failed attempt at a trial: Ray's text, and ours where a worker died."""

import pickle
import re
from pathlib import Path
from typing import Any

from ray.air.constants import EXPR_ERROR_FILE, EXPR_ERROR_PICKLE_FILE
from ray.exceptions import OutOfMemoryError, RayActorError

from sweepbook.memory import WorkerOutOfMemory

_USED = re.compile(r"Memory on the node .* was ([\d.]+ ?\w+) used / ([\d.]+ ?\w+) limit")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def failure_text(trial: Any, trace: str | None, hang_s: float | None) -> str:
    """Returns the texts of all attempts so far; the last line says what ended the last one.

    Reads the driver's own files: those that Ray's `Trial.get_error` reads are copied later.

    Args:
        trial: Ray's.
        trace: the stacks of a worker that was ended because it hung, or None.
        hang_s: the limit that it ran into.
    """
    folder = Path(trial.local_path)
    try:
        text = _COLOUR.sub("", (folder / EXPR_ERROR_FILE).read_text()).strip()
    except FileNotFoundError:
        return "unknown error"
    last = text.rpartition("\nFailure # ")[2]
    cause = _cause(folder / EXPR_ERROR_PICKLE_FILE, last)
    if isinstance(cause, OutOfMemoryError | WorkerOutOfMemory):
        return f"{text}\n{_out_of_memory(last)}"
    if not isinstance(cause, RayActorError):
        return text
    if trace:
        return f"{text}\n{trace}\nit hung: no step within {hang_s} s (hang_s)"
    return f"{text}\nits worker died: killed, out of memory, or crashed"


def _cause(pickled: Path, text: str) -> BaseException | None:
    """The error pickled last, where it is the one in `text`."""
    try:
        cause: BaseException = pickle.loads(pickled.read_bytes())
    except Exception:  # none, or of a class that cannot be loaded here: the text has to do
        return None
    return cause if _COLOUR.sub("", str(cause)).strip() in text else None


def _out_of_memory(text: str) -> str:
    """What Ray's memory monitor says at length."""
    said = _USED.search(text)
    at = f" at {said[1]} used of its machine's {said[2]}" if said else ""
    return f"out of memory: Ray ended its worker{at}"
