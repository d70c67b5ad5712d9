"""What a trainable raised, as a text that any process can read."""

import bdb
import traceback
from pathlib import Path

from sweepbook.study.errors import is_own, is_tool_s


class TrainableFailed(Exception):
    """A trainable raised; the text is its traceback, and its last line says what and where."""


def told(error: BaseException) -> str:
    """Returns the traceback of an exception, and last a line with its kind, text and place."""
    inner = error.__traceback__
    while inner is not None and is_tool_s(inner.tb_frame.f_code.co_filename):
        inner = inner.tb_next  # nobody looks for the fault here
    lines = "".join(traceback.format_exception(type(error), error, inner)).rstrip()
    try:
        text = " ".join(str(error).split())
    except Exception:  # its text is the trainable's code as well
        text = ""
    own = _own_frame(error) or _own_frame(error.__cause__)
    text += _advice(error, (own and own.line) or "")
    place = f" ({Path(own.filename).name}, line {own.lineno}, in {own.name})" if own else ""
    return f"{lines}\n{type(error).__name__}: {text}{place}"


def _own_frame(error: BaseException | None) -> traceback.FrameSummary | None:
    """The innermost frame in the user's own code; None where there is none."""
    frames = traceback.extract_tb(error.__traceback__) if error is not None else []
    return next((frame for frame in reversed(frames) if is_own(frame.filename)), None)


def _advice(error: BaseException, line: str) -> str:
    """What to write instead of what works elsewhere, and in no trial; "" for other errors.

    Args:
        line: of the user's own code that has raised the error.
    """
    if isinstance(error, SystemExit):
        return " (the trainable called sys.exit: write return instead)"
    if isinstance(error, bdb.BdbQuit):
        return " (a trial has no terminal for a debugger: use sweepbook try)"
    if isinstance(error, EOFError) and "input(" in line:
        return " (a trial has no keyboard: make the answer a setting)"
    if isinstance(error, ValueError) and "signal." in line and "main thread" in str(error):
        return " (a trial runs in a thread: leave signals to the program that runs it)"
    return ""
