"""A figure's colours on a page that may be dark: ink and paper are the page's own."""

from __future__ import annotations

_TO_CURRENT, _TO_SOFT, _TO_LINE, _TO_PAPER = 0x58, 0x98, 0xD0, 0xF8  # brightness of greys
_DEEP = 0.07  # relative luminance of a colour that is lost on dark paper


def themed(colour: str) -> str:
    """A colour of the figure as the page shows it: greys follow the page, others stay."""
    parts = _parts(colour)
    if parts is None or max(parts) - min(parts) > 8:
        return colour
    grey = sum(parts) / 3
    if grey < _TO_CURRENT:
        return "currentColor"
    if grey < _TO_SOFT:
        return "var(--soft)"
    if grey >= _TO_PAPER:
        return "var(--paper)"
    return "var(--line)" if grey >= _TO_LINE else colour


def is_deep(colour: str) -> bool:
    """Whether a colour must be made lighter on dark paper."""
    parts = _parts(colour)
    if parts is None or themed(colour) != colour:
        return False
    linear = [((c / 255 + 0.055) / 1.055) ** 2.4 if c > 10 else c / 3294.6 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] < _DEEP


def _parts(colour: str) -> tuple[int, int, int] | None:
    if len(colour) != 7 or not colour.startswith("#"):
        return None
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
