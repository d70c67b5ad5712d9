"""The folders of the studies that somebody has run on this machine, which a resume takes again.

`sweepbook run elsewhere/my_study.py` has taken code from there by the user's own wish, so that
`run --resume` of its record may do so from any folder. No record can add a folder to the list.
"""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from sweepbook.study.forms.program import Program
from sweepbook.study.study import Study

_MOST = 1000  # folders, the last ones


def remember(studies: Iterable[Study], import_paths: Iterable[str]) -> None:
    """Adds the folders of studies to the list, a file that the user alone may change.

    Where it cannot be written, nothing is remembered.

    Args:
        import_paths: where their functions are found.
    """
    programs = [
        str(study.trainable.place) for study in studies if isinstance(study.trainable, Program)
    ]
    folders = [str(Path(folder).resolve()) for folder in (*import_paths, *programs)]
    before = [str(folder) for folder in known()]
    new = [folder for folder in dict.fromkeys(folders) if folder not in before]
    with contextlib.suppress(OSError):
        if new and not any("\n" in folder for folder in new):
            file = _file()
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            aside = file.with_name(f".{file.name}.{os.getpid()}.tmp")
            aside.write_text("".join(f"{one}\n" for one in [*before, *new][-_MOST:]))
            aside.chmod(0o600)
            os.replace(aside, file)


def known() -> list[Path]:
    """Returns the folders of the list; none where it cannot be read, or others may change it."""
    file = _file()
    try:
        status = file.stat()
        if status.st_uid != os.getuid() or status.st_mode & 0o022:
            return []
        return [Path(line) for line in file.read_text().splitlines() if line.startswith("/")]
    except (OSError, ValueError):
        return []


def _file() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(state) / "sweepbook" / "folders-of-studies"
