"""Compares two records of the same study in the terminal, and writes the comparison if asked."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from sweepbook.pages.compared.page import write_comparison
from sweepbook.pages.compared.records import Pair, Side, comparison_of
from sweepbook.pages.table import Table
from sweepbook.study.texts import visible
from sweepbook.tune.console import say, table_of

_COLOURS = {"holds": "green", "does not hold": "red", "undecided": "yellow"}


def compare(first: str, second: str, out: Path | None, console: Console) -> None:
    """Prints what changed between two records, and writes it into the folder `out`, if any.

    Raises:
        ValueError: as `sweepbook.pages.compared.records.comparison_of` and `write_comparison`.
    """
    found = comparison_of(first, second)
    page = write_comparison(found, out) if out else None
    console.print(Text(visible(found.sentence), style="bold"))
    for text in found.more:
        console.print(Text(visible(text)))
    for which, name in zip("AB", found.names, strict=True):
        say(console, f"{which}: {name}")
    _print_table(console, "What differs", found.differs)
    _print_pairs(console, "Verdicts that moved", found.moved)
    _print_pairs(console, "Verdicts that stayed", found.stayed)
    _print_table(console, "Claims that only one declares", found.alone)
    _print_table(console, "Configs that only one has", found.configs)
    if page:
        say(console, f"\n{page}")


def _print_table(console: Console, title: str, table: Table) -> None:
    if table.rows:
        _print_title(console, title)
        console.print(table_of(table.columns, table.rows, overflow="fold"))


def _print_title(console: Console, title: str) -> None:
    console.print()
    console.print(Text(title, style="bold"))


def _print_pairs(console: Console, title: str, pairs: Sequence[Pair]) -> None:
    """Each claim, and below it what A and what B say of it, one line each."""
    if not pairs:
        return
    _print_title(console, title)
    widths = [
        max(len(visible(text)) for pair in pairs for text in texts(pair))
        for texts in (
            lambda pair: (pair.first.verdict, pair.second.verdict),
            lambda pair: (pair.first.estimate, pair.second.estimate),
        )
    ]
    for pair in pairs:
        change = f" ({pair.change})" if pair.change == "opposite" else ""
        console.print(Text(visible(pair.claim) + change))
        if pair.apart:
            console.print(Padding(Text(visible(pair.apart)), (0, 0, 0, 2), expand=False))
        for which, side in (("A", pair.first), ("B", pair.second)):
            line = _line(which, side, widths, pair.inside if which == "B" else "")
            console.print(Padding(line, (0, 0, 0, 2), expand=False))


def _line(which: str, side: Side, widths: Sequence[int], inside: str) -> Text:
    line = Text(f"{which}  ")
    line.append(side.verdict.ljust(widths[0]), style=_COLOURS.get(side.verdict, ""))
    if side.estimate != "–":
        line.append(f"  {visible(side.estimate).ljust(widths[1])}")
        line.append(f"  {side.interval}" if side.interval != "–" else "")
    if inside:
        line.append(f"  {inside}", style="" if inside == "inside" else "bold")
    return line
