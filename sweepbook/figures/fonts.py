"""Which installed fonts can draw the characters that the usual one lacks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from sweepbook.figures.style import FAMILY

_log = logging.getLogger(__name__)
_FOUND: dict[str, str | None] = {}  # character -> a family that has it; None: there is none


def families_for(letters: frozenset[str]) -> list[str]:
    """The families that together draw `letters`, the usual one first: it draws what it can."""
    _look_for(letters)
    others = {_FOUND[letter] for letter in letters} - {FAMILY, None}
    return [FAMILY, *sorted(family for family in others if family)]


def without_glyph(letters: frozenset[str]) -> frozenset[str]:
    """Those of `letters` that no installed font can draw."""
    _look_for(letters)
    return frozenset(letter for letter in letters if _FOUND[letter] is None)


def _look_for(letters: frozenset[str]) -> None:
    """Finds a family for each letter, the usual one's first; asks as few fonts as it takes."""
    wanted = {letter for letter in letters if letter not in _FOUND}
    for family, path in _fonts():
        if not wanted:
            return
        codes = _codes(path)
        found = {letter for letter in wanted if ord(letter) in codes or letter == "\n"}
        _FOUND.update(dict.fromkeys(found, family))
        wanted -= found
    _FOUND.update(dict.fromkeys(wanted))


def _fonts() -> Iterator[tuple[str, str]]:
    """Family and file of the usual font, then of the installed ones, upright before slanted.

    Those that come with matplotlib for its mathematics, and the one of boxes, are left out.
    """

    import matplotlib as mpl
    from matplotlib.font_manager import FontProperties, findfont, fontManager

    yield FAMILY, str(findfont(FontProperties(family=FAMILY)))
    own = Path(mpl.get_data_path())
    for font in sorted(fontManager.ttflist, key=lambda f: (f.style != "normal", f.name, f.fname)):
        if own not in Path(font.fname).parents and "lastresort" not in font.name.lower():
            yield font.name, font.fname


def _codes(path: str) -> dict[int, int]:
    """The characters of a font; none of one of pictures, or one that cannot be read."""
    from matplotlib.font_manager import get_font

    try:
        font = get_font(path)
        return dict(font.get_charmap()) if font.scalable else {}
    except (OSError, RuntimeError, ValueError) as error:
        _log.debug("font %s cannot be read: %s", path, error)
        return {}
