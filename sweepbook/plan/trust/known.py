"""The folders and programs of studies that somebody has run here, which a resume takes again.

`sweepbook run elsewhere/my_study.py` has taken code from there by the user's own wish, so that
`run --resume` of its record may do so from any folder. No record can add anything to the list.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from sweepbook.study.forms.program import Program
from sweepbook.study.study import Study

_MOST = 1000  # folders, the last ones


def remember(studies: Iterable[Study], import_paths: Iterable[str]) -> None:
    """Adds the folders and programs of studies to the list, a file that the user alone may change.

    Where it cannot be written, nothing is remembered.

    Args:
        import_paths: where their functions are found.
    """
    programs = [study.trainable for study in studies if isinstance(study.trainable, Program)]
    places = [*map(Path, import_paths), *(program.place for program in programs)]
    lines = [str(place.resolve()) for place in places] + [*map(_line, programs)]
    before = _lines()
    new = [line for line in dict.fromkeys(lines) if line not in before]
    with contextlib.suppress(OSError):
        if new and not any("\n" in line for line in new):
            file = _file()
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            aside = file.with_name(f".{file.name}.{os.getpid()}.tmp")
            aside.write_text("".join(f"{one}\n" for one in [*before, *new][-_MOST:]))
            aside.chmod(0o600)
            os.replace(aside, file)


def known() -> list[Path]:
    """Returns the folders of the list; none where it cannot be read, or others may change it."""
    return [Path(line) for line in _lines() if line.startswith("/")]


def is_known(program: Program) -> bool:
    """Whether a program was run before: the same words in the same folder."""
    return _line(program) in _lines()


def _line(program: Program) -> str:
    whole = json.dumps([str(program.place.resolve()), program.words, program.settings])
    return f"program {hashlib.sha256(whole.encode()).hexdigest()}"


def _lines() -> list[str]:
    file = _file()
    try:
        status = file.stat()
        if status.st_uid != os.getuid() or status.st_mode & 0o022:
            return []
        return file.read_text().splitlines()
    except (OSError, ValueError):
        return []


def _file() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(state) / "sweepbook" / "folders-of-studies"
