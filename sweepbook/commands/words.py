"""The words of a command line that the tool does not know: studies, and the options they declare.

What follows is a study's own option only because a study says so, so studies are found first.
"""

import dataclasses
import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sweepbook.plan.options import Options, value_of
from sweepbook.plan.studies import load_studies
from sweepbook.study.option import Option
from sweepbook.study.project import Project
from sweepbook.study.study import Study


def studies_and_options(
    words: Sequence[str], options: Options, own: Sequence[str], project: Project | None
) -> tuple[list[Study], Options]:
    """Returns the studies that words name, and the options with those that the studies declare.

    Args:
        words: names of studies, study files or "all", and the studies' own options, as typed.
        options: what the tool's own options say.
        own: how the tool's own options are spelt.

    Raises:
        ValueError: an unknown study; an option that nobody declares, with the nearest one; one
            that lacks its value, or has one that it does not take.
    """
    names, given = _taken_apart(words, _declared(words, project), own)
    studies = load_studies(names, project)
    _check_declared(studies, given, own)
    settings = {option.setting: value_of(option, text) for option, text in given.items()}
    return studies, dataclasses.replace(options, optional=settings, everywhere="all" not in names)


def _declared(words: Sequence[str], project: Project | None) -> dict[str, Option]:
    """The options that the words may mean, by their spelling.

    Those of the studies that the words surely name; where that is not enough, of all studies of
    the project. Without them nobody knows whether the word after an option is its value.
    """
    flags = {_flag(word) for word in words if _is_option(word)}
    if not flags:
        return {}
    before = ["", *words]
    sure = [
        word
        for word, last in zip(words, before, strict=False)
        if not _is_option(word) and (not _is_option(last) or "=" in last)
    ]
    found = _options_of(load_studies(sure, project))
    if project is not None and not flags <= found.keys():
        found = _options_of(project.studies().values()) | found
    return found


def _options_of(studies: Iterable[Study]) -> dict[str, Option]:
    return {option.flag: option for study in studies for option in study.options}


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


def _flag(word: str) -> str:
    return word.partition("=")[0]


def _taken_apart(
    words: Sequence[str], declared: Mapping[str, Option], own: Sequence[str]
) -> tuple[list[str], dict[Option, str]]:
    """The words that are no options, and the options with their texts, a flag's empty."""
    names: list[str] = []
    given: dict[Option, str] = {}
    rest = iter(words)
    for word in rest:
        if not _is_option(word):
            names.append(word)
            continue
        flag, equals, text = word.partition("=")
        option = declared.get(flag)
        if option is None:
            raise ValueError(_unknown(flag, [*own, *declared]))
        if option.kind == "flag" and equals:
            raise ValueError(f"option {flag} takes no value, got {text!r}")
        if option.kind != "flag" and not equals:
            text = next(rest, "")
        if option.kind != "flag" and (not text or (_is_option(text) and not equals)):
            raise ValueError(f"option {flag} needs a value: {option.help}")
        given[option] = text
    return names, given


def _unknown(flag: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(flag, known, n=1, cutoff=0.4)
    if near:
        return f"there is no option {flag}: did you mean {near[0]}?"
    return (
        f"there is no option {flag}: --help lists the options of the command, and sweepbook show "
        "STUDY those of a study"
    )


def _check_declared(
    studies: Sequence[Study], given: Mapping[Option, Any], own: Sequence[str]
) -> None:
    """Refuses what two studies mean differently, and what the tool itself means differently."""
    kinds = {option.setting: option.kind for option in given}
    for study in studies:
        for option in study.options:
            if option.flag in own:
                raise ValueError(
                    f"study {study.name} declares the option {option.flag}, but sweepbook itself "
                    "has one of that name: give the setting another name"
                )
            if kinds.get(option.setting, option.kind) != option.kind:
                raise ValueError(
                    f"option {option.flag} is a {kinds[option.setting]} in one study and a "
                    f"{option.kind} in study {study.name}: run the studies in separate commands"
                )
