"""An error that nobody has foreseen, told in a sentence; what a developer needs goes to a file."""

import os
import tempfile
import traceback

from sweepbook.study.errors import place_of, told


def unforeseen(error: Exception) -> str:
    """Returns one sentence about an error; its traceback is written where the sentence says."""
    text = told(error)
    where = f", raised in {place_of(error)}" if ", line " not in text else ""
    said = f"an unexpected error: {text}{where}"
    try:
        handle, path = tempfile.mkstemp(prefix="sweepbook-error-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(traceback.format_exception(error))
    except OSError:
        return f"{said}. Its traceback could not be written to a file"
    return f"{said}. Its traceback is in {path}"
