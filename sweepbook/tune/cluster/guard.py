"""Ends what a driver's Ray leaves: `python guard.py FOLDER`, run as a process of its own.

Ray's agents outlive a killed driver by a minute, and its folder stays for good. Standard input has
the ID of one session of processes a line, and ends when the driver does, however that ends. What
is alive in these sessions a little later is killed, and FOLDER deleted, unless the last line was
"keep". The standard library alone is used, for the process lives as long as the driver.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

GRACE_S = 3.0  # Ray ends its processes by itself, most of them at once


def processes_of(sessions: set[int]) -> list[int]:
    """The living processes of these sessions; none where the system has no /proc."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # "PID (NAME) STATE PARENT GROUP SESSION ...", where a name may hold anything
            state, _, _, session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(session) in sessions and state != "Z":
                found.append(int(folder.name))
    return found


def main() -> None:
    """Waits for the driver's end as nobody's child, so that nobody has to wait for this."""
    if os.fork():
        os._exit(0)
    lines = sys.stdin.read().split()
    sessions = {int(line) for line in lines if line.isdigit()}
    deadline = time.monotonic() + GRACE_S
    while processes_of(sessions) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in processes_of(sessions):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if lines[-1:] != ["keep"]:
        shutil.rmtree(sys.argv[1], ignore_errors=True)


if __name__ == "__main__":
    main()
