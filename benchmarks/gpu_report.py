"""What a measurement prints as it goes: markdown tables, JSON lines, what failed, time limits."""

import json
import math
import signal
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measure import Timing

AGAIN_S = 5.0  # the alarm rings again: an exception raised in a finaliser is lost


class TimeUp(BaseException):
    """A limit has passed. Not an Exception, so that no library takes it for one of its own."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises TimeUp in the block once `seconds` of the wall's clock have passed.

    Through SIGALRM, so in the main thread alone, and only when Python code runs again: a call
    that hangs inside a library is not interrupted.
    """

    def ring(*_: object) -> None:
        raise TimeUp(f"stopped at its limit of {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.01), AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Report:
    """Prints tables row by row; with `out`, writes every row to that file as one line of JSON.

    `failures` names what failed or was stopped.
    """

    def __init__(self, out: Path | None = None) -> None:
        self.failures: list[str] = []
        self._file = out.open("w", buffering=1) if out is not None else None
        self._section = ""
        self._columns: tuple[str, ...] = ()

    def section(self, title: str) -> None:
        """Begins a section; the rows that follow are its own."""
        self._section, self._columns = title, ()
        print(f"## {title}\n", flush=True)

    def note(self, text: str) -> None:
        """Prints a paragraph. It ends a table."""
        self._columns = ()
        print(f"{text}\n", flush=True)
        self._write({"note": text})

    def table(self, *columns: str) -> None:
        """Begins a table with these columns."""
        self._columns = columns
        print(_line(columns), _line(["---"] * len(columns)), sep="\n", flush=True)

    def row(self, *cells: Any) -> None:
        """Prints a row of the table: text, numbers, a Timing, or None for an empty cell.

        Raises:
            ValueError: for a row that is not as long as the table is wide.
        """
        named = dict(zip(self._columns, cells, strict=True))
        print(_line([_shown(cell) for cell in cells]), flush=True)
        self._write({name: _plain(cell) for name, cell in named.items()})

    def end_table(self) -> None:
        """Ends the table, so that what follows is not taken for a row of it."""
        self._columns = ()
        print(flush=True)

    @contextmanager
    def attempt(self, name: str) -> Iterator[None]:
        """Goes on after an Exception in the block: it is printed, as a row of a begun table."""
        try:
            yield
        except Exception as error:
            self.failed(name, error)

    def failed(self, name: str, error: BaseException) -> None:
        """Prints and counts a failure; the last places of its traceback go to the JSON."""
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        self.failures.append(f"{self._section}, {name}: {said}")
        if self._columns:
            cells = [name, f"FAILED: {said}"] + [""] * (len(self._columns) - 2)
            print(_line([cell.replace("|", "/") for cell in cells]), flush=True)
        else:
            print(f"FAILED: {name}: {said}\n", flush=True)
        places = [str(frame) for frame in traceback.extract_tb(error.__traceback__)[-4:]]
        self._write({"failed": name, "error": said, "places": places})

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()

    def _write(self, values: dict[str, Any]) -> None:
        if self._file is not None:
            print(json.dumps({"section": self._section} | values), file=self._file)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _shown(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Timing):
        low, high = min(cell.values), max(cell.values)
        return f"{_shown(cell.median)}{cell.unit} ({_shown(low)}..{_shown(high)})"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if 1000 <= abs(cell) < 1e15 else f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def _plain(cell: Any) -> Any:
    """As JSON has it: a Timing in full, no NaN and no infinity."""
    if isinstance(cell, Timing):
        return {"median": cell.median, "values": list(cell.values), "unit": cell.unit.strip()}
    if isinstance(cell, float) and not math.isfinite(cell):
        return str(cell)
    return cell
