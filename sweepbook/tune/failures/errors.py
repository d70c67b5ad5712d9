"""What is known of a failed attempt at a trial: Ray's text, and ours where a worker died."""

import pickle
import re
from pathlib import Path
from typing import Any

from ray.air.constants import EXPR_ERROR_FILE, EXPR_ERROR_PICKLE_FILE
from ray.exceptions import ActorUnavailableError, OutOfMemoryError, RayActorError

from sweepbook.tune.failures.memory import WorkerOutOfMemory

_USED = re.compile(r"Memory on the node .* was ([\d.]+ ?\w+) used / ([\d.]+ ?\w+) limit")
# what Ray puts around the text of a trainable's own error
_AROUND = re.compile(r"^ray::.*?^sweepbook\.\S+\.TrainableFailed: ", re.DOTALL | re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def last_error(folder: Path) -> BaseException | None:
    """Returns the exception of a trial's last failed attempt where Ray has kept it.

    Args:
        folder: the trial's on the driver; what Ray's `Trial.get_error` reads is copied later.
    """
    try:
        text = _COLOUR.sub("", (folder / EXPR_ERROR_FILE).read_text())
        cause = pickle.loads((folder / EXPR_ERROR_PICKLE_FILE).read_bytes())
    except Exception:  # none, or of a class that cannot be loaded here: the text has to do
        return None
    # the pickled one may be of an earlier attempt
    is_last = _COLOUR.sub("", str(cause)).strip() in text.rpartition("\nFailure # ")[2]
    return cause if isinstance(cause, BaseException) and is_last else None


def is_node_loss(error: BaseException | None) -> bool:
    """Whether the trial's machine was lost, or its Ray there: killed or cut off.

    A connection that broke without a word of the worker's death is taken for one: Ray learns
    seconds later that a machine is gone.
    """
    if isinstance(error, ActorUnavailableError):
        return True
    return isinstance(error, RayActorError) and "its node has died" in str(error)


def failure_text(trial: Any, trace: str | None, hang_s: float | None) -> str:
    """Returns the texts of all attempts so far; the last line says what ended the last one.

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
    cause = last_error(folder)
    text = _AROUND.sub("", text)
    if isinstance(cause, OutOfMemoryError | WorkerOutOfMemory):
        last = text.rpartition("\nFailure # ")[2]
        return f"{text}\n{_out_of_memory(last)}"
    if not isinstance(cause, RayActorError):
        return text
    if is_node_loss(cause):
        return f"{text}\nits machine was lost: it was killed, restarted, or cut off"
    if trace:
        return f"{text}\n{trace}\nit hung: no step within {hang_s} s (hang_s)"
    return f"{text}\nits worker died: it was killed, ran out of memory, or crashed"


def _out_of_memory(text: str) -> str:
    """What Ray's memory monitor says at length."""
    said = _USED.search(text)
    at = f" at {said[1]} used of its machine's {said[2]}" if said else ""
    return f"out of memory: Ray ended its worker{at}"
