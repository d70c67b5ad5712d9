"""What a training raised, as its author sees it: with the traceback of the author's own code."""

import bdb
import traceback
from collections.abc import Iterator

from sweepbook.doors.programs.told import log_words
from sweepbook.record.planned import Trial
from sweepbook.study.errors import is_tool_s


def failure_text(error: BaseException, trial: Trial) -> str:
    """Returns what is said of an exception that has ended a training.

    The traceback begins in the user's own code and has no frames of the tool. What the tool
    itself raised about a thing that was yielded is a sentence alone.
    """
    if isinstance(error, bdb.BdbQuit):
        return "the debugger was left by quit, which ends the training: continue with c"
    told = traceback.TracebackException.from_exception(error)
    is_ours = not _without_ours(told)
    text = str(error) if is_ours else "".join(told.format()).rstrip()
    text = text.replace(log_words(trial), "all that it printed is above")
    if isinstance(error, SystemExit):
        text += "\nthe training called sys.exit: write return instead"
    return text


def _without_ours(told: traceback.TracebackException) -> bool:
    """Takes the frames of the tool out of a traceback and its causes; says if any are left."""
    for one in _chain(told):
        one.stack[:] = [frame for frame in one.stack if not is_tool_s(frame.filename)]
    return any(one.stack for one in _chain(told))


def _chain(told: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    yield told
    for inner in (told.__cause__, told.__context__, *(told.exceptions or ())):
        if inner is not None:
            yield from _chain(inner)
