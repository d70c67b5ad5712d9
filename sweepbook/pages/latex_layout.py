"""How a table fits on a page of an article: the letters' size, the columns, and turned or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sweepbook.pages.table import Table

# How many digits fit into a line of LaTeX's article on A4 (345 pt), by the size of the letters.
_SIZES = {"normalsize": 69, "small": 74, "footnotesize": 81, "scriptsize": 86, "tiny": 101}
_TURNED = 1.7  # how much longer a line is on a page that is turned
_GAP = 2  # digits: the space between two columns
_SMALLEST = 12  # characters that a column of texts may be narrowed to
# What is tried, in this order: turned or not, whether lines break within cells, and the sizes.
_TRIED = (
    (False, False, ("normalsize", "small", "footnotesize")),
    (False, True, ("small", "footnotesize", "scriptsize")),
    (True, False, ("footnotesize",)),
    (True, True, ("small", "footnotesize", "scriptsize", "tiny")),
)


@dataclass(frozen=True)
class Layout:
    """How a table is set.

    size: a command of LaTeX's, "small" for example. columns: what a tabular is given. is_turned:
    on a page of its own, in landscape.
    """

    size: str
    columns: str
    is_turned: bool


def layout_of(table: Table) -> Layout:
    """The first way in which the table fits into a line: larger letters and no breaks come first.

    A table that fits in no way is set in the smallest letters, and is too wide.
    """
    n = len(table.columns)
    whole = [_width(table, place, breaks=False) for place in range(n)]
    least = [_width(table, place, breaks=True) for place in range(n)]
    ways = list(_ways(n))
    fits = (way for way in ways if sum(least if way[1] else whole) <= way[3])
    is_turned, breaks, size, room = next(fits, ways[-1])
    columns = _with_breaks(table, least, whole, room) if breaks else "".join(_alignments(table))
    return Layout(size, columns, is_turned)


def _ways(n_columns: int) -> Iterator[tuple[bool, bool, str, float]]:
    """What is tried, with the characters that all columns together may have."""
    for is_turned, breaks, sizes in _TRIED:
        for size in sizes:
            line = _SIZES[size] * (_TURNED if is_turned else 1)
            yield is_turned, breaks, size, line - _GAP * n_columns


def _width(table: Table, place: int, breaks: bool) -> int:
    """Characters that a column needs at least; numbers are never broken, and words are not."""
    head, cells = table.columns[place], [row[place] for row in table.rows]
    longest = max(map(_length, cells), default=0)
    if not breaks:
        return max(longest, _length(head))
    words = max((_length(word) for text in (head, *cells) for word in text.split()), default=0)
    if head in table.numeric:
        ends = [_length(end) for cell in cells for end in cell.split(" to ")]  # of intervals
        return max([1, *ends, *map(_length, head.split())])
    return max(words, min(longest, _SMALLEST))


def _length(text: str) -> int:
    return len(text) + text.count("±")


def _alignments(table: Table) -> list[str]:
    return ["r" if name in table.numeric else "l" for name in table.columns]


def _with_breaks(table: Table, least: Sequence[int], whole: Sequence[int], room: float) -> str:
    """Columns of fixed widths; what is left of the line goes to those that would need more."""
    wanted = [max(all_of - own, 0) for own, all_of in zip(least, whole, strict=True)]
    left = max(room - sum(least), 0.0) / max(sum(wanted), 1)
    line = max(room, sum(least)) + _GAP * len(least)
    columns = []
    for own, more, side in zip(least, wanted, _alignments(table), strict=True):
        way = "left" if side == "r" else "right"
        share = (own + more * min(left, 1.0)) / line
        columns.append(rf">{{\ragged{way}\arraybackslash}}p{{{share:.3f}\linewidth}}")
    return "".join(columns)
