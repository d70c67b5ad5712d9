"""A hash of the code that a study's numbers depend on."""

import hashlib
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from sweepbook.plan.modules.counted import counted_texts
from sweepbook.plan.modules.imports import python_files, top_level_imports
from sweepbook.study.forms.program import Program
from sweepbook.study.forms.trainable import module_of
from sweepbook.study.forms.words import filled, names_in, setting_of
from sweepbook.study.study import Study


def code_sha256(study: Study) -> str:
    """Returns a hash of the code that a study's numbers depend on.

    That is its trainable's whole package, or its one file and what it imports from beside it,
    without Study and Claim values and without what these alone use: a record keeps what they say.
    Of a program it is the files that its command names, and what those import from beside them.
    """
    if isinstance(study.trainable, Program):
        return program_sha256(study.trainable, study.configs())
    module = module_of(study.trainable)
    files = _files(module) if module else []
    hooks = [path for what, path in study.hooks().items() if what != "claims_of"]
    texts = counted_texts(files, [path.partition(":")[2] for path in hooks])
    return _sha256((path, texts.get(path)) for path in files)


def whole_code_sha256(module: str) -> str:
    """Returns the hash that earlier versions took of a trainable's code: of its whole files."""
    return _sha256((path, None) for path in _files(module))


def _sha256(texts: Iterable[tuple[Path, str | None]]) -> str:
    content = hashlib.sha256()
    for path, text in texts:
        counted = path.read_bytes() if text is None else text.encode("utf-8", "surrogatepass")
        content.update(path.name.encode() + b"\0" + counted)
    return content.hexdigest()


def program_sha256(program: Program, configs: Sequence[Mapping[str, Any]]) -> str:
    """Returns a hash of the files that a program is made of, as far as its folder holds them."""
    content = hashlib.sha256()
    for path in program_files(program, configs):
        with path.open("rb") as file:
            own = hashlib.file_digest(file, "sha256").digest()
        content.update(path.relative_to(program.place).as_posix().encode() + b"\0" + own)
    return content.hexdigest()


def program_files(program: Program, configs: Sequence[Mapping[str, Any]]) -> list[Path]:
    """Returns the files of a program's folder that its command names with some config.

    Of a Python file, also those that it imports from beside it; of `-m name`, the module with its
    whole package.
    """
    found: set[Path] = set()
    for name in _names_of(program, configs):
        path = Path(os.path.normpath(program.place / name))
        if program.place not in path.parents:
            continue
        if path.is_file():
            found |= {path, *(_beside(path) if path.suffix == ".py" else ())}
    for name in _modules_of(program.words):
        first = program.place / name.partition(".")[0]
        file = first.with_suffix(".py")
        found |= {file, *_beside(file)} if file.is_file() else {*python_files(first)}
    return sorted(path for path in found if path.is_file())


def _names_of(program: Program, configs: Sequence[Mapping[str, Any]]) -> set[str]:
    """What may be a file's name in a command: words, parts behind "=", words of `sh -c`."""
    found: set[str] = set()
    for word in program.words:
        inner = word.split() if " " in word else [word]
        for one in {part for text in inner for part in (text, text.partition("=")[2]) if part}:
            for config in configs:
                with suppress(KeyError, ValueError):  # a part of a placeholder is none
                    texts = {name: str(setting_of(config, name)) for name in names_in(one)}
                    found.add(filled(one, texts))
                    if not texts:
                        break
    return {name.strip("'\";") for name in found}


def _modules_of(words: Sequence[str]) -> list[str]:
    """The modules that `-m` names in a command."""
    return [name for option, name in pairwise(words) if option == "-m" and not names_in(name)]


def _files(module: str) -> list[Path]:
    file = Path(sys.modules[module].__file__ or "")
    depth = module.count(".") + (file.name == "__init__.py")  # in folders of the package
    return sorted(file.parents[depth - 1].rglob("*.py")) if depth else [file, *_beside(file)]


def _beside(file: Path) -> list[Path]:
    """The files and packages of its folder that a file imports, and those that they import."""
    found: set[Path] = set()
    new = [file]
    while new:
        for name in top_level_imports(new.pop()):
            package, one = file.parent / name, file.parent / f"{name}.py"
            is_one = one.is_file() and not (package / "__init__.py").is_file()  # as Python has it
            files = python_files(one if is_one else package)
            new += [f for f in files if f != file and f not in found]
            found.update(new)
    return sorted(found)
