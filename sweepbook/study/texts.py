"""A stranger's texts, made fit to be shown: what nobody can see in them is written out."""

import re
from collections.abc import Mapping

# controls, line and paragraph separators, what turns the direction of writing, half characters
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_BREAKS = re.compile(r"\s*[\n\r]\s*|\t")
# a text that reads as one of these would be taken for it
_VALUE = re.compile(r"\s*|None|True|False|[-+]?[.\d][-+.\w]*|[-+]?(nan|inf)")
MOST_WORDS, MOST_WORD, MOST_SENTENCE = 5, 40, 200  # of a study's: how many, and their characters
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
# what Markdown could take for more than a letter: these wherever they stand, an underscore beside
# no letter, and what begins a list or a line across; of HTML, which some programs find behind a
# backslash, too: < and >, and the & of an entity
_MARKDOWN = re.compile(r"[\\`*\[\]|~$#]|(?<![^\W_])_|_(?![^\W_])|^[-+](?=[-+\s]|$)")
_HTML = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_OF_HTML = re.compile(r"[<>]|&(?=#?\w+;)")
_NUMBERED = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")


def visible(text: object, keep: str = "") -> str:
    r"""Returns a text on one line, its control characters written as Python writes them.

    Args:
        keep: control characters that stay as they are.

    >>> visible("a\nb\x1b[31m")
    'a\\nb\\x1b[31m'
    """
    return _HIDDEN.sub(lambda found: _written(found[0], keep), str(text))


def setting_text(value: object) -> str:
    r"""Returns a setting's value as a text; what reads as a number or as nothing gets quotes.

    >>> setting_text("adam"), setting_text("1e-3"), setting_text(0.001), setting_text("")
    ('adam', "'1e-3'", '0.001', "''")
    """
    is_other = isinstance(value, str) and _VALUE.fullmatch(value)
    return repr(value) if is_other else str(value)


def shortened(text: str, most: int) -> str:
    """Returns a text of at most `most` characters: one that is longer ends in three dots."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def one_line(text: object) -> str:
    """Returns prose on one line: spaces for line breaks, other control characters written out."""
    return visible(_BREAKS.sub(" ", str(text)))


def markdown_text(text: object) -> str:
    r"""Returns a text on one line that Markdown shows as it is.

    >>> markdown_text("a|b\n<b> *c* val_loss _d_")
    'a\\|b &lt;b&gt; \\*c\\* val_loss \\_d\\_'
    """
    escaped = _MARKDOWN.sub(lambda found: f"\\{found[0]}", one_line(text).lstrip())
    escaped = _OF_HTML.sub(lambda found: _HTML[found[0]], escaped)
    return _NUMBERED.sub(r"\1\\\2", escaped)


def _written(character: str, keep: str) -> str:
    if character in keep:
        return character
    code = ord(character)
    return _SHORT.get(character, f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def count(n: int, noun: str) -> str:
    """ "1 trial", "3 trials".

    >>> count(1, "trial"), count(3, "trial")
    ('1 trial', '3 trials')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def check_words(study: str, words: Mapping[str, str]) -> None:
    """Checks the words that a study explains.

    Raises:
        ValueError: too many, one that is no word, or one whose sentence is missing or too long.
    """
    for word, sentence in words.items():
        is_word = isinstance(word, str) and re.search(r"\w", word) and len(word) <= MOST_WORD
        if not is_word:
            raise ValueError(
                f"a word of {study} must be a text of 1 to {MOST_WORD} characters with a letter "
                f"in it, got {word!r:.60}"
            )
        is_said = isinstance(sentence, str) and 1 <= len(sentence.strip()) <= MOST_SENTENCE
        if not is_said:
            raise ValueError(
                f"the word {word!r} of {study} needs one sentence of 1 to {MOST_SENTENCE} "
                f"characters, got {sentence!r:.60}"
            )
    if len(words) > MOST_WORDS:
        raise ValueError(
            f"words of {study} must be at most {MOST_WORDS}, since a glossary is to be read, got "
            f"{len(words)}: leave out what its readers know"
        )
