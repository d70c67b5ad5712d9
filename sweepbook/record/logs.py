"""What trials have printed: a text file per trial in the record, of bounded size, read as text."""

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from sweepbook.record.storage.files import make_folder, write_bytes
from sweepbook.record.storage.inside import file_in, files_in
from sweepbook.record.storage.places import Place, Where, place

MOST_BYTES = 1_000_000  # of a log
FIRST_BYTES = 100_000  # of which the beginning may take so many
LAST_BYTES = 450_000  # kept of the end when a log is shortened; the rest is room to grow
FOLDER = "logs"
_MOST_READ = 20 * MOST_BYTES  # a log that is being written may be longer for a moment
BEGAN = re.compile(rb"(?m)^--- attempt (\d+) began .*---$")
_LEFT_OUT = re.compile(rb"(?m)^--- (\d+) bytes left out ---\n")


def log_path(record: Where, trial_id: str) -> Place:
    """Returns where a record keeps what a trial has printed."""
    return place(record) / FOLDER / f"{trial_id}.txt"


def logged_trials(record: Where) -> set[str]:
    """Returns the ids of the trials that the record has a log of."""
    return {file.stem for file in files_in(record, FOLDER)}


def read_log(record: Where, trial_id: str) -> bytes | None:
    """Returns what a trial has printed so far, or None where there is no log.

    Raises:
        ValueError: what is there is no file of the record.
    """
    path = log_path(record, trial_id)
    try:
        found = file_in(record, FOLDER, path.name)
        return None if found is None else _bounded(found)
    except FileNotFoundError:
        return None


def _bounded(path: Place) -> bytes:
    """A log's content; of one that somebody has made far longer than ours are, the end."""
    if not path.is_local:
        return path.read_bytes()
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _MOST_READ))
        return file.read(_MOST_READ)


def copy_logs(record: Where, new: Where, sources: Mapping[str, str]) -> None:
    """Copies logs of trials that another record takes.

    Args:
        sources: trial_id in the new record -> trial_id in the old one; those without a log are
            passed over.
    """
    known = logged_trials(record)
    for trial_id, source in sources.items():
        content = read_log(record, source) if source in known else None
        if content is not None:
            target = log_path(new, trial_id)
            make_folder(target.parent)
            write_bytes(target, content)


def append_log(record: Where, new: Where, trial_id: str) -> None:
    """Appends what a trial has printed in one record to its log in another, if there is one."""
    if trial_id in logged_trials(record):
        target = log_path(new, trial_id)
        make_folder(target.parent)
        known, more = read_log(new, trial_id) or b"", read_log(record, trial_id) or b""
        write_bytes(target, (known + more)[-MOST_BYTES:])


def shorten(path: Path, line: bytes = b"") -> None:
    """Shortens a log that has grown beyond `MOST_BYTES`, while others go on appending to it.

    The beginning and the last part stay, with a line between them that says how many bytes are
    left out. Whoever is killed here leaves a part twice, and nothing is lost. What is appended
    within the last microseconds before the file is cut may be.

    Args:
        line: stays wherever it stands: the one that says when the present attempt began.
    """
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        if size <= MOST_BYTES:
            return
        file.seek(0)
        head, earlier, at = _beginning(file.read(FIRST_BYTES + 100))
        tail_at = file.seek(size - LAST_BYTES)
        tail = file.read(LAST_BYTES)
        cut = tail.find(b"\n") + 1  # the last part begins with a whole line, if it has one
        tail, tail_at = tail[cut:], tail_at + cut
        kept = line if line not in head and line not in tail else b""
        left_out = earlier + tail_at - at - len(kept)
        new = b"--- %d bytes left out ---\n" % left_out + kept + tail
        new = new if head.endswith(b"\n") else b"\n" + new
        file.seek(len(head))
        file.write(new)
        for _ in range(3):  # what came meanwhile
            file.flush()
            file.seek(size)
            more = file.read()
            size += len(more)
            file.seek(len(head) + len(new))
            file.write(more)
            new += more
        file.truncate(len(head) + len(new))


def _beginning(content: bytes) -> tuple[bytes, int, int]:
    """What stays of a log's beginning, how much was left out behind it, and where that ended."""
    if found := _LEFT_OUT.search(content):
        return content[: found.start()], int(found[1]), found.end()
    head = content[:FIRST_BYTES]
    head = head[: head.rfind(b"\n") + 1] or head
    return head, 0, len(head)


def readable(content: bytes) -> str:
    """Returns a log as text that a terminal only shows: its control characters are escaped.

    Newlines and tabs stay. A line that was written over after a carriage return, as progress bars
    do it, is what it was in the end.
    """
    lines = content.decode("utf-8", errors="backslashreplace").split("\n")
    return "\n".join(map(_readable_line, lines))


def _readable_line(line: str) -> str:
    last = line.rstrip("\r").rpartition("\r")[2]
    return last if last.isprintable() else "".join(map(_escaped, last))


def _escaped(character: str) -> str:
    is_space = character == "\t" or unicodedata.category(character) == "Zs"
    if is_space or character.isprintable():
        return character
    return character.encode("unicode_escape").decode()


def last_lines(content: bytes, n: int) -> list[str]:
    """Returns the last lines that a trial has printed, without empty ones at the end."""
    return readable(content).rstrip().split("\n")[-n:]


def has_prints(content: bytes) -> bool:
    """Whether a log holds more than when the attempts at the trial began."""
    return bool(BEGAN.sub(b"", content).strip())
