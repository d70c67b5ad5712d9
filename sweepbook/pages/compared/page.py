"""A comparison of two records as files: compare.html, compare.md and compare.csv."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sweepbook.pages.aside import checked_folder, written_aside
from sweepbook.pages.compared.records import Comparison, Pair, Side
from sweepbook.pages.files import csv_text, write_file
from sweepbook.pages.render import render_comparison
from sweepbook.pages.table import Table

PAGE = "compare.html"
_YES = {"inside": "yes", "outside": "no"}


def write_comparison(comparison: Comparison, out: Path) -> Path:
    """Writes a comparison into a folder and returns the path of its page.

    An earlier comparison there is replaced once the new one is complete.

    Raises:
        ValueError: `out` holds something that is not an earlier comparison.
    """
    folder = checked_folder(out, (PAGE, "compare.md", "compare.csv"), "comparison", ())
    pairs = [*comparison.moved, *comparison.stayed]
    context: dict[str, Any] = vars(comparison) | {
        "is_asked": any(pair.inside for pair in pairs),
        "verdicts": [
            ("Verdicts that moved", _table(comparison.moved)),
            ("Verdicts that stayed", _table(comparison.stayed)),
        ],
    }
    with written_aside(folder, PAGE, ()) as aside:
        write_file(aside / "compare.csv", csv_text(comparison.frame))
        for page, text in zip(("compare.md", PAGE), render_comparison(context), strict=True):
            write_file(aside / page, text)
    return folder / PAGE


def _table(pairs: Sequence[Pair]) -> Table:
    """Some claims in one line each."""
    rows = [
        [f"{p.claim} ({p.apart})" if p.apart else p.claim, _told(p.first), _told(p.second),
         p.change, _YES.get(p.inside, "–")]
        for p in pairs
    ]  # fmt: skip
    return Table(["claim", "A", "B", "change", "as predicted"], rows)


def _told(side: Side) -> str:
    """ "holds: +6.6 points (+5.5 to +7.8)"."""
    between = f" ({side.interval})" if side.interval != "–" else ""
    return side.verdict if side.estimate == "–" else f"{side.verdict}: {side.estimate}{between}"
