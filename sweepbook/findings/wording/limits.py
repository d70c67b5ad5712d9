"""Sentences of at most 30 words: what is counted, and lists that stop in time."""

from __future__ import annotations

from collections.abc import Sequence

from sweepbook.aggregates.labels import count

MOST_WORDS = 30
_LONGEST = 12  # words of a name, of which a sentence has room for two


def n_words(text: str) -> int:
    """The number of words, as a reader counts them: what stands between blanks."""
    return len(text.split())


def shortened(name: str, most: int = _LONGEST) -> str:
    """A name that is not longer than `most` words.

    >>> shortened("a very long name", most=3)
    'a very …'
    """
    words = name.split()
    return name if len(words) <= most else f"{' '.join(words[: most - 1])} …"


def enumerated(items: Sequence[str], most: int, words: int = MOST_WORDS) -> str:
    """ "a, b and c"; "a, b and 14 others" where there are more than `most`, or no room for them.

    At least one is named. Items with a comma inside are set apart by semicolons.

    >>> enumerated(["a", "b", "c"], 4), enumerated(list("abcdef"), 4), enumerated(["a", "b"], 1)
    ('a, b and c', 'a, b, c, d and 2 others', 'a and 1 other')
    """
    items = list(items)
    comma = "; " if any(", " in item for item in items) else ", "
    for n in range(min(most, len(items)), 0, -1):
        rest = len(items) - n
        shown = items[:n] + ([f"{rest} {'other' if rest == 1 else 'others'}"] if rest else [])
        text = f"{comma.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else shown[0]
        if n_words(text) <= words or n == 1:
            return text
    return count(len(items), "trial")


def as_sentence(phrase: str) -> str:
    """A phrase with a capital and a full stop.

    >>> as_sentence("epoch 60 is the last")
    'Epoch 60 is the last.'
    """
    phrase = phrase.strip()
    ended = phrase if phrase.endswith((".", "?", "!", "…")) else f"{phrase}."
    return f"{ended[:1].upper()}{ended[1:]}"
