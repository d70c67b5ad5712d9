"""What a trainable raised, as a text that any process can read."""

import traceback
from pathlib import Path

from sweepbook.study.errors import is_own

_HERE = Path(__file__).parents[2]  # the tool


class TrainableFailed(Exception):
    """A trainable raised; the text is its traceback, and its last line says what and where."""


def told(error: BaseException) -> str:
    """Returns the traceback of an exception, and last a line with its kind, text and place."""
    inner = error.__traceback__
    while inner is not None and _HERE in Path(inner.tb_frame.f_code.co_filename).parents:
        inner = inner.tb_next  # nobody looks for the fault here
    lines = "".join(traceback.format_exception(type(error), error, inner)).rstrip()
    try:
        text = " ".join(str(error).split())
    except Exception:  # its text is the trainable's code as well
        text = ""
    if isinstance(error, SystemExit):
        text += " (the trainable called sys.exit: write return instead)"
    return f"{lines}\n{type(error).__name__}: {text}{_place(error)}"


def _place(error: BaseException) -> str:
    """The innermost frame in the user's own code, in words; "" where there is none."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if is_own(frame.filename)]
    if not own:
        return ""
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno}, in {own[-1].name})"
