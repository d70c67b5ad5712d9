"""What a trainable raised, as a text that any process can read."""

import sysconfig
import traceback
from pathlib import Path

_INSTALLED = ("site-packages", "dist-packages")
_HERE = Path(__file__).parents[2]  # the tool


class TrainableFailed(Exception):
    """A trainable raised; the text is its traceback, and its last line says what and where."""


def told(error: BaseException) -> str:
    """Returns the traceback of an exception, and last a line with its kind, text and place."""
    inner = error.__traceback__
    while inner is not None and _is_ours(inner.tb_frame.f_code.co_filename):
        inner = inner.tb_next  # nobody looks for the fault here
    lines = "".join(traceback.format_exception(type(error), error, inner)).rstrip()
    text = " ".join(str(error).split())
    if isinstance(error, SystemExit):
        text += " (the trainable called sys.exit, and ends by return)"
    return f"{lines}\n{type(error).__name__}: {text}{_place(error)}"


def _place(error: BaseException) -> str:
    """The innermost frame in the user's own code, in words; "" where there is none."""
    library = sysconfig.get_path("stdlib")
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not any(part in frame.filename for part in _INSTALLED)
        and not frame.filename.startswith((library, "<frozen"))
        and not _is_ours(frame.filename)
    ]
    if not frames:
        return ""
    last = frames[-1]
    return f" ({Path(last.filename).name}, line {last.lineno}, in {last.name})"


def _is_ours(file: str) -> bool:
    return _HERE in Path(file).parents
