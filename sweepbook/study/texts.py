"""A stranger's texts, made fit to be shown: what nobody can see in them is written out."""

import re

# controls, line and paragraph separators, what turns the direction of writing, half characters
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def visible(text: object, keep: str = "") -> str:
    r"""Returns a text on one line, its control characters written as Python writes them.

    Args:
        keep: control characters that stay as they are.

    >>> visible("a\nb\x1b[31m")
    'a\\nb\\x1b[31m'
    """
    return _HIDDEN.sub(lambda found: _written(found[0], keep), str(text))


def one_line(text: object) -> str:
    """Returns prose on one line: spaces for line breaks, other control characters written out."""
    return visible(" ".join(str(text).split()))


def _written(character: str, keep: str) -> str:
    if character in keep:
        return character
    code = ord(character)
    return _SHORT.get(character, f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
