"""The documents of a YAML file as plain values, with the lines on which they stand.

A value is read as YAML 1.2 has it: 1e-4 is a number. What the versions of YAML read in different
ways, such as no and 010, is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sweepbook.study.texts import shortened, visible

MOST_NODES = 100_000  # an anchor that stands in others many times makes a small file huge
Place = tuple[str | int, ...]  # keys and places in lists that lead to a value
_DOUBTFUL = "!doubtful"
_MERGE = "tag:yaml.org,2002:merge"
_HINTS = (
    ("mapping values are not allowed", "put a text with a colon in quotes"),
    (
        "cannot start any token",
        "indent with spaces, and put texts with special characters in quotes",
    ),
    ("found unexpected end of stream", "close the quotes"),
    ("expected <block end>", "let all keys of a dict begin in the same column"),
)


class _Loader(yaml.SafeLoader):
    """Reads numbers and truth values as YAML 1.2 has them."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    (_DOUBTFUL, r"(?i:yes|no|on|off)", list("yYnNoO")),
    (
        _DOUBTFUL,
        r"[-+]?(0\d[\d_]*|\d+(_\d+)+|0[xob][\da-fA-F_]+|\d+(:[0-5]?\d)+)(\.[\d_]*)?",
        list("-+0123456789"),
    ),
    ("tag:yaml.org,2002:int", r"[-+]?(0|[1-9]\d*)", list("-+0123456789")),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    (_MERGE, r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), _first)


@dataclass(frozen=True)
class Document:
    """A document of a file, and on which line each of its values stands."""

    file: Path
    content: Any
    lines: dict[Place, int]

    def error(self, text: str, *place: str | int) -> ValueError:
        """Returns an error that names the file and the line of a value, or of what holds it."""
        while place and place not in self.lines:
            place = place[:-1]
        return ValueError(f"{self.file}, line {self.lines.get(place, 1)}: {text}")


def read_documents(file: Path) -> list[Document]:
    """Returns the documents of a YAML file; `---` separates them.

    Raises:
        ValueError: it is no YAML, or has a key twice, or a value that can be read in several ways.
        OSError: it cannot be read.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not encoded in UTF-8 ({error.reason}): save it so") from error
    try:
        return [document for document in _read(file, text) if document.content is not None]
    except yaml.YAMLError as error:
        raise ValueError(_told(file, error)) from error
    except RecursionError as error:
        raise ValueError(f"{file} nests lists and dicts too deeply: nest them less") from error


def _read(file: Path, text: str) -> Iterator[Document]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is None:
                continue
            walk = _Walk(file)
            walk.see(node, (), ())
            yield Document(file, loader.construct_document(node), walk.lines)
    finally:
        loader.dispose()


class _Walk:
    """Notes the line of each value, and refuses what would be read otherwise than meant."""

    def __init__(self, file: Path) -> None:
        self.file, self.lines = file, dict[Place, int]()
        self.n_nodes = 0

    def see(self, node: yaml.Node, place: Place, above: tuple[int, ...]) -> None:
        self.n_nodes += 1
        if id(node) in above:
            raise self._error(node, "an anchor (&) stands within itself: write the values out")
        if self.n_nodes > MOST_NODES:
            raise self._error(node, f"the file has more than {MOST_NODES:,} values")
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            self._see_dict(node, place, above)
        elif isinstance(node, yaml.SequenceNode):
            for number, one in enumerate(node.value):
                self.see(one, (*place, number), (*above, id(node)))
        elif node.tag == _DOUBTFUL:
            raise self._error(node, _doubt(node.value))

    def _see_dict(self, node: yaml.MappingNode, place: Place, above: tuple[int, ...]) -> None:
        keys = set()
        for key, value in node.value:
            if key.tag == _MERGE:
                self.see(value, place, (*above, id(node)))
                continue
            if key.tag == _DOUBTFUL:
                raise self._error(key, _doubt(key.value))
            if key.tag != "tag:yaml.org,2002:str":
                shown = f"the key {key.value!r:.40}" if key.id == "scalar" else "a key"
                raise self._error(key, f"{shown} is no text: put a key like it in quotes")
            if key.value in keys:
                raise self._error(key, f"the key {key.value!r:.40} stands here a second time")
            keys.add(key.value)
            self.lines.setdefault((*place, key.value), key.start_mark.line + 1)
            self.see(value, (*place, key.value), (*above, id(node)))

    def _error(self, node: yaml.Node, text: str) -> ValueError:
        return ValueError(f"{self.file}, line {node.start_mark.line + 1}: {text}")


def _doubt(value: str) -> str:
    if value.isalpha():
        return (
            f"{value} may be a text or mean true or false: write true or false, or '{value}' in "
            "quotes"
        )
    return (
        f"{value} is not the same in all versions of YAML: write the number with digits alone, "
        f"such as 1000, or '{value}' in quotes"
    )


def _told(file: Path, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    text = shortened(visible(" ".join(str(what).split())), 120)
    hint = next((f": {hint}" for start, hint in _HINTS if start in text), "")
    where = f", line {mark.line + 1}" if mark else ""
    return f"{file}{where} is not valid YAML ({text}){hint}"
