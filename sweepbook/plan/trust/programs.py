"""Whether a program of a record may be run: it must begin with a file of where one stands."""

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from sweepbook.plan.trust.known import is_known
from sweepbook.plan.trust.places import is_within, why_outside
from sweepbook.record.storage.places import Place
from sweepbook.study.forms.program import Program

_PYTHON = re.compile(r"python[\d.]*")
_OTHERS = ("sh", "bash", "zsh", "Rscript", "julia", "node", "perl", "ruby", "lua")
_FLAGS = ("-u", "-B", "-O", "-OO", "-E", "-I", "-P", "-s")  # of Python, which name no code
_LOADING = re.compile(  # variables by which programs and libraries find code
    r"(PYTHON|LD_|DYLD_|BASH_|PERL|RUBY|NODE|JULIA|LUA|R_|JAVA|GCONV|OPENSSL|MPL).*|.*PATH"
    r"|ENV|IFS|HOME|SHELL|PAGER|EDITOR|TMPDIR",
)


def why_not_run(
    program: Program, settings: Iterable[str], record: Place | None, trust: bool = False
) -> str:
    """Returns why a program that a record names may not be run; "" where it may.

    Its folder must be one that one stands in, and its command must begin with a file of one,
    `python train.py`, `python -m module`, `sh run.sh` or `./run`, or have been run before. With
    `trust` any command may be run outside of the record.

    Args:
        settings: their names, which become variables of its environment if it wants that.
        record: where the record lies; None: nowhere yet.
    """
    paths = [program.place, *(program.place / word for word in program.words if os.sep in word)]
    if within := [path for path in paths if is_within(path, record)]:
        return f"{within[0]} lies in the record itself"
    if trust or not program.place.is_dir():  # who goes on says that it is gone
        return ""
    if why := why_outside(program.place, record):
        return f"{program.place} {why}"
    if program.settings == "environment":
        found = [name for name in settings if _LOADING.fullmatch(name)]
        if found:
            return f"its setting {found[0]} would decide which code other programs load"
    if is_known(program) and not any("{" in word for word in program.words[:2]):
        return ""
    file = _first_file(program)
    is_file = file is not None and file.is_file()
    if file is None or not is_file or is_within(file, record):
        return "its command does not begin with a file of that folder"
    why = why_outside(file.resolve().parent, record)
    return f"{file} {why}" if why else ""


def _first_file(program: Program) -> Path | None:
    """The file that a command runs, where its first words say so."""
    first, *others = program.words
    runner = os.path.basename(first)
    is_python = bool(_PYTHON.fullmatch(runner))
    if not is_python and runner not in _OTHERS:
        return program.place / first if os.sep in first and "{" not in first else None
    folders = (*os.get_exec_path(), os.path.dirname(sys.executable))
    if os.sep in first and os.path.dirname(first) not in folders:
        return None
    while is_python and others and others[0] in _FLAGS:
        others = others[1:]
    if is_python and others[:1] == ["-m"] and len(others) > 1:
        return _of_module(program.place, others[1])
    if not others or others[0].startswith("-") or "{" in others[0]:
        return None
    return program.place / others[0]


def _of_module(folder: Path, name: str) -> Path | None:
    """The file of a module that `python -m` runs from the program's folder."""
    path = folder.joinpath(*name.split("."))
    files = (path / "__main__.py", path.with_suffix(".py"))
    return next((file for file in files if file.is_file()), None)
