"""The last net: whatever ends a command is told in one line; what else is known goes to a file."""

import atexit
import os
import shlex
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence

from rich.console import Console

from sweepbook.record.provenance import without_credentials
from sweepbook.study.errors import Faults, is_on_purpose, place_of, told
from sweepbook.study.texts import one_line, shortened
from sweepbook.tune.console import say
from sweepbook.tune.failures.signals import ended_like_ctrl_c

MOST = 300  # characters of a message
_END = 60  # characters of a long message that are kept at its end, or a few less
_MOST_LINES = 10  # of a message that lists faults
_COMMAND = 60  # of which the command may take so many
_LEAST = 40  # which the error's own text has in any case
INTERRUPTED = 130  # exit code, as a shell has it for Ctrl-C


def run_safely(command: Callable[[], object], errors: Console) -> int:
    """Runs a command; returns its exit code, whatever happens, and never shows a traceback.

    Args:
        errors: gets one line where the command fails.
    """
    try:
        try:
            with ended_like_ctrl_c():
                command()
        except SystemExit as error:
            if error.code is None or isinstance(error.code, int):
                return error.code or 0
            say(errors, without_credentials(str(error.code)))
            return 1
        except KeyboardInterrupt:
            return INTERRUPTED
        except BaseException as error:
            say(errors, f"sweepbook: {sentence_of(error)}", style="red")
            errors.file.flush()
            return 2 if isinstance(error, ValueError) else 1
        return 0
    except KeyboardInterrupt:  # again
        return INTERRUPTED
    except BaseException:  # nobody can be told
        return 1


def leave(code: int) -> None:
    """Ends this process without another word, also where nobody reads what it prints.

    While Python ends, Ctrl-C ends it at once.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # none, a closed pipe, closed
            code = code or 1
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, 1 if stream is sys.stdout else 2)
    sys.exit(code)


def sentence_of(error: BaseException) -> str:
    """Returns what a command says of an error: one line of at most 300 characters.

    A list of faults has such a line for each of the first ten. An error that nobody has foreseen
    is told with the command, and where its traceback is; of a longer text the whole is in a file,
    which the line names. Credentials in URIs are left out.
    """
    if not _is_foreseen(error):
        return unforeseen(error)
    lines = [one_line(line) for line in str(error).splitlines() if line.strip()]
    if isinstance(error, Faults):
        return _each_on_a_line([without_credentials(line) for line in lines])
    text = without_credentials(one_line(error) or told(error))
    if isinstance(error, OSError) and not error.filename and not is_on_purpose(error):
        text = f"{text} (in sweepbook {_command()})"
    if len(text) <= MOST:
        return text
    where = _kept([text, "\n"])
    return f"{_without_middle(text, MOST - len(where) - 1)} {where}"


def _without_middle(text: str, most: int) -> str:
    """The text without a part of its middle: an error says at its end what to do."""
    end = text[-_END:].partition(" ")[2]
    return f"{text[: most - len(end) - 5]} ... {end}" if end else shortened(text, most)


def _each_on_a_line(lines: Sequence[str]) -> str:
    """Several faults, each cut where it is long; what is left out is in a file."""
    shown = [shortened(line, MOST) for line in lines[:_MOST_LINES]]
    if shown == list(lines):
        return "\n".join(shown)
    return "\n".join([*shown, _kept([f"{line}\n" for line in lines])])


def unforeseen(error: BaseException) -> str:
    """Returns one line about an error; its traceback is written where the line says."""
    head = f"an unexpected error in sweepbook {_command()}: "
    tail = f". {traceback_kept([error])}"
    text = told(error)
    text += f" ({place_of(error)})" if ", line " not in text else ""
    room = max(_LEAST, MOST - len(head) - len(tail))
    return f"{head}{shortened(without_credentials(text), room)}{tail}"


def traceback_kept(errors: Sequence[BaseException]) -> str:
    """Writes the tracebacks of some errors to a file; returns a sentence that says where."""
    try:
        lines = [line for error in errors for line in traceback.format_exception(error)]
    except BaseException as error:  # the error's own code raised another one
        lines = [f"no traceback: {type(error).__name__}\n"]
    return _kept(lines)


def _kept(lines: Sequence[str]) -> str:
    try:
        handle, path = tempfile.mkstemp(prefix="sweepbook-error-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(map(without_credentials, lines))
    except Exception:  # a full disk, no memory left
        return "The details could not be written to a file."
    return f"The details are in {path}"


def _command() -> str:
    """What was typed after sweepbook: it names the record, the study or the option."""
    return shortened(without_credentials(one_line(shlex.join(sys.argv[1:]))), _COMMAND)


def _is_foreseen(error: BaseException) -> bool:
    """Whether its text is for a user to read."""
    return isinstance(error, OSError) or (isinstance(error, ValueError) and is_on_purpose(error))
