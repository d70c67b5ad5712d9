"""What is asked: studies, metrics, fidelities, searches, claims, all checked values."""

import sys
from pathlib import Path

# This room is imported before any other. A record's lock, the signals that end a study and the
# processes of a Ray of one's own need what Windows lacks: fcntl, SIGHUP, fork, sessions.
if sys.platform == "win32":
    NEEDED = (
        "Sweepbook runs on Linux and macOS, and not on Windows: "
        "install it in the Windows Subsystem for Linux (WSL)"
    )
    is_command = Path(sys.argv[0]).stem in ("sweepbook", "-m")
    raise SystemExit(f"sweepbook: {NEEDED}") if is_command else ImportError(NEEDED)
