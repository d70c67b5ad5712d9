"""The words of a program's command, and the values that its placeholders stand for."""

import json
import shlex
import string
from collections.abc import Mapping, Sequence
from typing import Any

from sweepbook.study.spaces.names import SEPARATOR

GIVEN = ("seed", "replicate", "checkpoint_dir", "config_file", "options")  # by Sweepbook itself
OPTIONS = "{options}"  # as many words as there are settings left


def checked_words(command: str | Sequence[str]) -> tuple[str, ...]:
    """Returns the words of a command: a text is split as a shell would do it.

    Raises:
        ValueError: there are none, a quote is not closed, or a brace is no placeholder's.
    """
    if isinstance(command, str):
        try:
            words = tuple(shlex.split(command))
        except ValueError as error:
            raise ValueError(
                f"command of a program, {command!r}, cannot be split into words: {error}"
            ) from error
    else:
        words = tuple(command)
    if not words or not words[0]:
        raise ValueError(f"command of a program must name a program, got {command!r}")
    for word in words:
        names = names_in(word)
        if "options" in names and word != OPTIONS:
            raise ValueError(
                f"{{options}} stands for several words of a command, but {word!r} is one word: "
                "write it between blanks"
            )
    return words


def names_in(word: str) -> list[str]:
    """Returns the names of a word's placeholders.

    Raises:
        ValueError: a brace is neither a placeholder's nor doubled.
    """
    return [name for _, name in _parts(word) if name is not None]


def filled(word: str, texts: Mapping[str, str]) -> str:
    """Returns a word with texts for its placeholders; a doubled brace becomes a single one.

    Raises:
        KeyError: there is no text for a placeholder.
    """
    return "".join(plain + ("" if name is None else texts[name]) for plain, name in _parts(word))


def setting_of(config: Mapping[str, Any], name: str) -> Any:
    """Returns the setting that a placeholder names: optimizer.lr, or optimizer/lr, of a dict.

    Raises:
        KeyError: the config has none of that name.
    """
    for whole in (name, name.replace(".", SEPARATOR)):
        if whole in config:
            return config[whole]
    for separator in (SEPARATOR, "."):
        first, found, rest = name.partition(separator)
        if found and isinstance(config.get(first), Mapping):
            return setting_of(config[first], rest)
    raise KeyError(name)


def argument_text(name: str, value: Any) -> str:
    """Returns a setting as a word, or a part of one.

    Raises:
        ValueError: it is neither a text nor a number, and programs read such words differently.
    """
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError(f"{name} is {value!r}, and no argument can hold a zero byte")
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    advice = 'give the text that the program reads, such as "1,2"'
    if isinstance(value, bool):
        advice = (
            f'give the words, such as {name}=["--{name}", ""], with {{{name}}} as a word of its '
            'own ("" leaves it out)'
        )
    raise ValueError(
        f"{name} is {value!r:.60}, but an argument of a program must be a text or a number: "
        f'{advice}, or write settings="json" with {{config_file}} in the command'
    )


def variable_text(value: Any) -> str:
    """Returns a setting as the text of an environment variable: a text as it is, else JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def filled_words(words: Sequence[str], texts: Mapping[str, str], rest: Sequence[str]) -> list[str]:
    """Returns the words of a command to be run.

    Args:
        texts: name of a placeholder -> its text. A word that is only a placeholder whose text is
            empty is left out.
        rest: the words that {options} stands for.
    """
    found: list[str] = []
    for word in words:
        if word == OPTIONS:
            found += rest
            continue
        text = filled(word, texts)
        parts = list(_parts(word))
        if text or not (len(parts) == 1 and parts[0][1]):
            found.append(text)
    return found


def _parts(word: str) -> list[tuple[str, str | None]]:
    """The plain texts of a word, each with the placeholder behind it."""
    try:
        parts = list(string.Formatter().parse(word))
    except ValueError as error:
        raise ValueError(f"{_unclear(word)} ({error})") from error
    for _, name, form, conversion in parts:
        if name is not None and (not name or form or conversion or not _is_name(name)):
            raise ValueError(_unclear(word))
    return [(plain, name) for plain, name, _, _ in parts]


def _is_name(name: str) -> bool:
    return name == name.strip() and not set(name) & set("\"'[],")


def _unclear(word: str) -> str:
    return (
        f"the command of a program has braces that are no placeholder in {word!r:.80}: write "
        "{name} for a setting, and {{ or }} for a brace of its own"
    )
