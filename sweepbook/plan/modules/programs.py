"""The files that a program is made of, as far as its command tells, and a hash of them."""

import hashlib
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from sweepbook.plan.modules.imports import python_files, reached
from sweepbook.record.provenance import PART_OF_CODE
from sweepbook.study.forms.program import Program
from sweepbook.study.forms.words import GIVEN, filled, names_in, setting_of

_PYTHON = re.compile(r"python[\d.]*")
_FILE = re.compile(rf"\{{(?!({'|'.join(GIVEN)})\}})[^{{}}]+\}}\.[A-Za-z]\w*$")  # {size}.yaml
_OTHER_SCRIPTS = (".sh", ".bash", ".zsh", ".r", ".jl", ".pl", ".js", ".rb", ".lua")


def program_sha256(program: Program, configs: Sequence[Mapping[str, Any]]) -> str | None:
    """Returns a hash of the files that a program is made of; None: its command names none.

    It begins with `PART_OF_CODE` where the program may run others, which nobody can see in its
    command: those of a shell script, say.
    """
    files = program_files(program, configs)
    content = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            own = hashlib.file_digest(file, "sha256").digest()
        content.update(
            Path(os.path.relpath(path, program.place)).as_posix().encode() + b"\0" + own
        )
    if not files:
        return None
    is_whole = _names_all(program, files, configs)
    return content.hexdigest() if is_whole else f"{PART_OF_CODE}{content.hexdigest()}"


def program_files(program: Program, configs: Sequence[Mapping[str, Any]]) -> list[Path]:
    """Returns the files that a program's command names with some config, those of Python first.

    Of a Python file, also those that it imports from beside it; of `-m name`, the module with its
    whole package, and those that they import from the program's folder.
    """
    found: set[Path] = set()
    for name in _filled(_parts(program), configs):
        path = Path(os.path.normpath(program.place / name))
        if _is_readable(path) and not _is_installed(path):
            found |= {path, *(reached([path], path.parent) if _is_python(path) else ())}
    for name in _filled(_modules(program), configs):
        first = program.place / name.partition(".")[0]
        file = first.with_suffix(".py")
        own = [file] if file.is_file() else python_files(first)
        found |= {*own, *reached(own, program.place)}
    return sorted(found, key=lambda path: (not _is_python(path), path))


def _names_all(
    program: Program, files: Sequence[Path], configs: Sequence[Mapping[str, Any]]
) -> bool:
    """Whether the files that a command names are all that it runs: Python's, or one binary."""
    if any(not _filled({part}, configs) for part in _parts(program) if _FILE.search(part)):
        return False  # a search has yet to say which
    if any(option == "-c" and " " in word for option, word in pairwise(program.words)):
        return False
    if any(_is_other_script(path) for path in files):
        return False
    first = Path(os.path.normpath(program.place / program.words[0]))
    return first in files or any(map(_is_python, files))


def _is_python(path: Path) -> bool:
    return path.suffix == ".py" or b"python" in _interpreter(path)


def _is_other_script(path: Path) -> bool:
    is_other = path.suffix.lower() in _OTHER_SCRIPTS or bool(_interpreter(path))
    return is_other and not _is_python(path)


def _interpreter(path: Path) -> bytes:
    """The first line of a script that names its interpreter; else nothing."""
    with path.open("rb") as file:
        return file.readline(200) if file.read(2) == b"#!" else b""


def _is_readable(path: Path) -> bool:
    return os.path.isfile(path) and os.access(path, os.R_OK)  # of a text of any length


def _is_installed(path: Path) -> bool:
    """Whether a file is a program that comes with Python or the system, and no code of a study."""
    folders = [os.path.dirname(sys.executable), *os.get_exec_path()]
    return bool(_PYTHON.fullmatch(path.name)) or os.fspath(path.parent) in folders


def _parts(program: Program) -> set[str]:
    """What may be a file's name in a command: words, parts behind "=", words of `sh -c`."""
    texts = [text for word in program.words for text in (word.split() or [word])]
    return {part for text in [*texts, *program.words] for part in (text, text.partition("=")[2])}


def _modules(program: Program) -> set[str]:
    """The modules that `-m` names in a command."""
    return {name for option, name in pairwise(program.words) if option == "-m"}


def _filled(parts: set[str], configs: Sequence[Mapping[str, Any]]) -> set[str]:
    """The parts of a command with the settings of each config."""
    found: set[str] = set()
    for part in parts:
        for config in configs:
            with suppress(KeyError, ValueError):  # a part of a placeholder is none
                texts = {name: str(setting_of(config, name)) for name in names_in(part)}
                found.add(filled(part, texts))
                if not texts:
                    break
    return {name.strip("'\";") for name in found} - {""}
