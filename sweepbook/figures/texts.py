"""The texts of a drawn figure as they are: no mathematics, no boxes, none so long that it hides.

Names and values come from studies of strangers. Whatever a figure of the tool says goes through
here once it is drawn, wherever in the figure it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sweepbook.aggregates.labels import listing
from sweepbook.figures.fonts import families_for, without_glyph
from sweepbook.study.texts import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.text import Text
    from matplotlib.ticker import Formatter


_MOST = 80  # letters of a line below a figure or above its only panel
_MOST_ROW = 110  # of all titles of a row of panels
_MOST_UPRIGHT = 48  # along the y axis
_MOST_TICK = 40
_MOST_TICK_BESIDE = 60  # on the y axis
_CUT = " … "


def write_plainly(figure: Figure) -> list[str]:
    """Makes matplotlib draw every text of a figure as it is; returns sentences for its caption.

    Dollar signs start no mathematics. Lines that are too long keep their beginning and end.
    Characters that no installed font can draw are written as their codes. Ticks that matplotlib
    names by numbers stay. Call it once, after everything is drawn.
    """

    from matplotlib.text import Text
    from matplotlib.ticker import FixedFormatter, FuncFormatter

    short = _Shortened()
    axes = [axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]
    of_texts = (FuncFormatter, FixedFormatter)  # the names of ticks are texts, not numbers
    named = [axis for axis in axes if isinstance(axis.get_major_formatter(), of_texts)]
    ticks = {id(text) for axis in axes for text in _tick_texts(axis)}
    texts = [text for text in figure.findobj(Text) if id(text) not in ticks and text.get_text()]
    rooms = {id(text): most for ax in figure.axes for text, most in _rooms(ax)}
    for text in texts:
        text.set_label(text.get_text())  # the whole name, for a page
        text.set_text(short(text.get_text(), rooms.get(id(text), _MOST)))
    letters = frozenset("".join([t.get_text() for t in texts] + [*_names(named, short)]))
    missing = without_glyph(letters)
    for text in texts:
        text.set_text(_plain(text.get_text(), missing))
    _name_plainly(named, short, missing)
    families = families_for(letters)
    if len(families) > 1:
        for axis in axes:
            axis.set_tick_params(which="both", labelfontfamily=families)
        for text in texts:
            text.set_fontfamily(families)
    return [*_cut_sentence(short), *_codes_sentence(missing)]


def _names(named: Sequence[Axis], short: _Shortened) -> Iterator[str]:
    """The names of ticks, as they are shown."""
    for axis in named:
        names = axis.get_major_formatter().format_ticks(list(axis.get_majorticklocs()))
        yield from (short(name, _room(axis)) for name in names)


def _name_plainly(named: Sequence[Axis], short: _Shortened, missing: frozenset[str]) -> None:
    made: set[int] = set()  # panels may share a formatter
    for axis in named:
        formatter, most = axis.get_major_formatter(), _room(axis)
        if id(formatter) not in made:
            plain = _plain_formatter(formatter, short, most, missing)
            axis.set_major_formatter(plain)
            made.add(id(plain))


def _room(axis: Axis) -> int:
    from matplotlib.axis import YAxis

    return _MOST_TICK_BESIDE if isinstance(axis, YAxis) else _MOST_TICK


class _Shortened:
    """Lines made short, no two of them alike."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, int], str] = {}

    def __call__(self, text: str, most: int) -> str:
        return "\n".join(self._line(line, most) for line in text.split("\n"))

    def _line(self, line: str, most: int) -> str:
        if len(line) <= most:
            return line
        if (line, most) not in self.known:
            used, n, more = {*self.known.values()}, 1, ""
            while (cut := _cut(line, most, more)) in used:
                n += 1
                more = f" ({n})"
            self.known[line, most] = cut
        return self.known[line, most]


def _cut(line: str, most: int, more: str) -> str:
    """The beginning and the end of a line, `most` letters together."""
    room = most - len(_CUT) - len(more)
    tail = room // 3
    return f"{line[: room - tail].rstrip()}{_CUT}{line[-tail:].lstrip()}{more}"


def _tick_texts(axis: Axis) -> Iterator[Text]:
    for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
        yield from (tick.label1, tick.label2)


def _rooms(ax: Axes) -> Iterator[tuple[Text, int]]:
    """How many letters there is room for in the texts around one panel."""
    place = ax.get_subplotspec()
    n_columns = place.get_gridspec().ncols if place is not None else 1
    # matplotlib's stubs leave out the titles at the sides
    titles = (ax.title, ax._left_title, ax._right_title)  # type: ignore[attr-defined]
    for text in (*titles, ax.xaxis.label):
        yield text, min(_MOST, max(_MOST_ROW // n_columns, 20))
    yield ax.yaxis.label, _MOST_UPRIGHT


def _plain_formatter(
    formatter: Formatter, short: _Shortened, most: int, missing: frozenset[str]
) -> Formatter:
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda x, place: _plain(short(formatter(x, place), most), missing))


def _plain(text: str, missing: frozenset[str]) -> str:
    """The text in characters that can be drawn, with dollar signs that are no mathematics."""
    drawn = "".join(_code(c) if c in missing else c for c in visible(text, keep="\n"))
    return drawn.replace("$", r"\$")


def _code(character: str) -> str:
    code = ord(character)
    if 0xFE00 <= code <= 0xFE0F:  # says how the character before is drawn, in colour or not
        return ""
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _cut_sentence(short: _Shortened) -> list[str]:
    return ["Long names are shortened here; the CSV has them whole."] if short.known else []


def _codes_sentence(missing: frozenset[str]) -> list[str]:
    said = [f"{_code(c)} is {c}" for c in sorted(missing) if _code(c)]
    if not said:
        return []
    return [
        f"No font on this machine can draw some characters, so their codes are: {listing(said)}."
    ]
