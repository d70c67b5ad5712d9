"""Errors in a user's own code, told in one sentence with the line that they come from."""

import linecache
import os
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sweepbook.study.installed import pip_line
from sweepbook.study.texts import visible

_TOOL = Path(__file__).resolve().parents[1]
INSTALLED = ("site-packages", "dist-packages")  # names of the folders that pip installs into
_STANDARD = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")}
_MOST_LETTERS = 400


@contextmanager
def own_code(what: str) -> Iterator[None]:
    """Makes one sentence of whatever a user's own code raises in the block.

    A ValueError that is raised on purpose, by a `raise` in that code or in the tool, keeps its
    text. Ctrl-C stays what it is.

    Args:
        what: was called: how the sentence begins.

    Raises:
        ValueError: what was raised: kind, text, and the innermost line of the user's own.
    """
    try:
        yield
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        if isinstance(error, ValueError) and is_on_purpose(error):
            raise
        raise ValueError(f"{what}: {told(error)}") from error


def told(error: BaseException) -> str:
    """Returns an error in one line: its kind, its text, the innermost line of a user's own."""
    where = _own_place(error)
    if isinstance(error, ModuleNotFoundError) and error.name:
        frames = _own_frames(error)
        folder = Path(frames[-1].filename).resolve().parent if frames else None
        by = f" (imported by {where})" if where else ""
        line = pip_line([error.name.partition(".")[0]], folder)
        return f"{error.name} is not installed{by}: type {line}"
    kind = type(error).__name__
    if isinstance(error, SystemExit):
        return f"it ends the program by sys.exit ({error.code}){f' in {where}' if where else ''}"
    text = _text_of(error)
    return f"{kind}{f': {text}' if text else ''}{f' ({where})' if where else ''}"


def place_of(error: BaseException) -> str:
    """Returns the innermost line that an error comes from, whoever's it is."""
    frames = traceback.extract_tb(error.__traceback__)
    return _shown(frames[-1].filename, frames[-1].lineno) if frames else "an unknown line"


def is_own(file: str) -> bool:
    """Whether a file is a user's own: not the tool's, Python's, or what pip has installed."""
    path = Path(file).resolve()
    if file.startswith("<") or set(path.parts) & {*INSTALLED}:
        return False
    return not is_tool_s(file) and not any(folder in path.parents for folder in _STANDARD)


def is_tool_s(file: str) -> bool:
    """Whether a file is one of this package's."""
    return not file.startswith("<") and _TOOL in Path(file).resolve().parents


def _own_place(error: BaseException) -> str:
    """ "mine.py, line 3", or "" where no line of the user's own was involved."""
    if isinstance(error, SyntaxError) and error.filename:
        return _shown(error.filename, error.lineno)
    own = _own_frames(error)
    return _shown(own[-1].filename, own[-1].lineno) if own else ""


def _own_frames(error: BaseException) -> list[traceback.FrameSummary]:
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if is_own(frame.filename)]


class Faults(ValueError):
    """Several faults, each a line of the text; each is told on a line of its own."""


def is_on_purpose(error: BaseException) -> bool:
    """Whether a `raise` in the tool or in a user's own code is where an error comes from."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return False
    file, line = frames[-1].filename, frames[-1].lineno or 0
    return (is_tool_s(file) or is_own(file)) and "raise" in linecache.getline(file, line)


def shown_path(file: str) -> str:
    """Returns a file's path as a message names it: within the current folder, from there."""
    here, path = Path.cwd(), Path(file)
    return visible(os.path.relpath(path, here) if here in path.parents else file)


def _shown(file: str, line: int | None) -> str:
    return f"{shown_path(file)}, line {line}"


def _text_of(error: BaseException) -> str:
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
        text = visible(" ".join(str(text).split()))
    except Exception:  # its text is the user's code as well
        return ""
    return text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]} ..."
