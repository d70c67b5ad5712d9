"""A running program: read line by line, stopped between its steps, ended with all it started."""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from sweepbook.doors.programs import guard
from sweepbook.doors.programs.lines import Lines, shown
from sweepbook.doors.programs.watch import begins, has_ended, watch

GRACE_S = 2.0  # for a program to end by itself when it is told to
POLL_S = 0.05  # where the system does not tell that a process has ended
_PIECE = 1 << 16  # bytes
_PIECES = 32  # more than a pipe holds: whoever writes on meanwhile is not waited for
_LAST = 60  # lines kept for an error's text


@dataclass(frozen=True)
class Line:
    """A line of a program's output, and when it was read (nanoseconds since 1970)."""

    text: str
    read_ns: int


class Process:
    """A program that runs while somebody waits for its next line, and stands still otherwise.

    Args:
        words, folder, environment: of the program.
        own_folder: is deleted where this process dies without ending the program.
        stream: whose lines are given; both go to this process's output.
        mark: stands before each line there.
        limit_s: how long it may run, without the time that it stands still; None: for ever.
    """

    def __init__(
        self,
        words: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        *,
        own_folder: Path,
        stream: Literal["stdout", "stderr"] = "stdout",
        mark: str = "",
        limit_s: float | None = None,
    ) -> None:
        self.mark, self.limit_s, self.spent_s = mark.encode(), limit_s, 0.0
        self.lines: deque[Line] = deque()  # that have been read and not been given
        self.last: dict[str, deque[str]] = {s: deque(maxlen=_LAST) for s in ("stdout", "stderr")}
        self.exit_code: int | None = None
        self._stream, self._stands, self._own_folder = stream, False, own_folder
        watch()  # before there is anything to be watched
        self._popen = subprocess.Popen(
            words,
            cwd=folder,
            env={**environment, guard.MARK: str(own_folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.pid = self._popen.pid
        begins(self.pid, own_folder)
        self._selector = selectors.DefaultSelector()
        self._parts: dict[str, Lines] = {}
        for name, pipe in (("stdout", self._popen.stdout), ("stderr", self._popen.stderr)):
            self._open(name, pipe)
        self._pidfd: int | None = None
        if hasattr(os, "pidfd_open"):
            self._pidfd = os.pidfd_open(self.pid)
            self._selector.register(self._pidfd, selectors.EVENT_READ, "exit")

    def _open(self, name: str, pipe: IO[bytes] | None) -> None:
        assert pipe is not None
        os.set_blocking(pipe.fileno(), False)
        self._selector.register(pipe, selectors.EVENT_READ, name)
        self._parts[name] = Lines()

    def next_line(self) -> Line | None:
        """Returns the next line; the program goes on until there is one. None: it has ended.

        Raises:
            TimeoutError: it has run for longer than it may.
        """
        while not self.lines and self.exit_code is None:
            self._go_on()
            start = time.monotonic()
            left = None if self.limit_s is None else self.limit_s - self.spent_s
            if left is not None and left <= 0:
                raise TimeoutError
            self._wait(left)
            self.spent_s += time.monotonic() - start
        return self.lines.popleft() if self.lines else None

    def stand_still(self) -> None:
        """Stops it where it is, and reads what it has written until then."""
        if self.exit_code is None and not self._stands:
            self._signal(signal.SIGSTOP)
            self._stands = True
            self._await_stop()
            self._drain()

    def end(self) -> None:
        """Ends it with all that it has started: none of them is alive afterwards."""
        if self.exit_code is None:
            for number in (signal.SIGTERM, signal.SIGCONT):  # it does nothing else before it ends
                guard.signal_all(self.pid, str(self._own_folder), number)
            deadline = time.monotonic() + GRACE_S
            while not self._has_exited(min(POLL_S, GRACE_S)) and time.monotonic() < deadline:
                self._drain()
            self._close()

    def family(self) -> set[int]:
        """Returns the living processes of it and of all that it has started."""
        if self.exit_code is not None:
            return set()
        return guard.family(self.pid, str(self._own_folder))

    def _go_on(self) -> None:
        if self._stands:
            self._stands = False
            self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _await_stop(self) -> None:
        """Waits until its first process stands, for as long as a signal may take to arrive."""
        deadline = time.monotonic() + POLL_S
        stat = Path(f"/proc/{self.pid}/stat")
        while time.monotonic() < deadline:
            try:
                state = stat.read_text(errors="replace").rpartition(")")[2].split()[0]
            except (OSError, IndexError):
                return
            if state in "TtZX":
                return
            time.sleep(0.0002)

    def _wait(self, most_s: float | None) -> None:
        """Waits for output or the end, and takes it."""
        limits = [
            limit for limit in (most_s, None if self._pidfd else POLL_S) if limit is not None
        ]
        ready = self._selector.select(min(limits) if limits else None)
        for key, _ in ready:
            if key.data != "exit":
                self._read(key.fileobj, key.data)  # type: ignore[arg-type]  # a pipe
        has_exited = any(key.data == "exit" for key, _ in ready)
        if has_exited or (self._pidfd is None and self._popen.poll() is not None):
            self._close()

    def _has_exited(self, most_s: float) -> bool:
        deadline = time.monotonic() + most_s
        if self._pidfd is None:
            while self._popen.poll() is None and time.monotonic() < deadline:
                time.sleep(0.005)
            return self._popen.returncode is not None
        while time.monotonic() < deadline:
            ready = self._selector.select(most_s)
            if any(key.data == "exit" for key, _ in ready):
                return True
            if ready:
                return False
        return False

    def _drain(self) -> None:
        for key in [k for k in self._selector.get_map().values() if k.data != "exit"]:
            for _ in range(_PIECES):
                if not self._read(key.fileobj, key.data):  # type: ignore[arg-type]
                    break

    def _read(self, pipe: IO[bytes], name: str) -> bool:
        """Reads a piece of a pipe; whether there may be more of it now."""
        try:
            piece = os.read(pipe.fileno(), _PIECE)
        except BlockingIOError:
            return False
        if not piece:  # it has closed its end, and may go on without
            self._selector.unregister(pipe)
            return False
        self._take(name, self._parts[name].feed(piece))
        return True

    def _take(self, name: str, lines: Sequence[tuple[bytes, bool]]) -> None:
        now, output = time.time_ns(), bytearray()
        for content, is_whole in lines:
            text = shown(content)
            output += self.mark + text.encode("utf-8", "replace") + b"\n"
            self.last[name].append(text[:1000])
            if is_whole and name == self._stream:
                self.lines.append(Line(text, now))
        _print(bytes(output))

    def _close(self) -> None:
        """Takes its last output and its exit code, and kills what it has left running."""
        guard.kill_all(self.pid, str(self._own_folder))
        self._drain()
        self.exit_code = self._popen.wait()
        for name, lines in self._parts.items():
            if rest := lines.rest():  # what a program leaves that died may be half a line
                self._take(name, [(rest, self.exit_code == 0)])
        has_ended(self.pid)
        self._selector.close()
        for pipe in (self._popen.stdout, self._popen.stderr):
            if pipe is not None:
                pipe.close()
        if self._pidfd is not None:
            os.close(self._pidfd)


def _print(content: bytes) -> None:
    """Writes to this process's standard output, which is the log of a trial in a worker."""
    with contextlib.suppress(OSError):
        while content:
            content = content[os.write(1, content) :]
