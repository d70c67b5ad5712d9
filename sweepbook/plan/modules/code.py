"""A hash of the code that a study's numbers depend on."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from sweepbook.plan.modules.counted import counted_texts
from sweepbook.plan.modules.imports import reached
from sweepbook.plan.modules.programs import program_sha256
from sweepbook.plan.trust.places import located
from sweepbook.study.forms.program import Program
from sweepbook.study.forms.trainable import module_of
from sweepbook.study.study import Study


def code_sha256(study: Study) -> str | None:
    """Returns a hash of the code that a study's numbers depend on.

    That is its trainable's whole package, or its one file and what it imports from beside it,
    without Study and Claim values and without what these alone use: a record keeps what they say.
    Of a program it is the files that its command names, and what those import from beside them;
    None: it names none. Nothing is imported.
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


def _files(module: str) -> list[Path]:
    file = located(module) or Path()
    depth = module.count(".") + (file.name == "__init__.py")  # in folders of the package
    if depth:
        return sorted(file.parents[depth - 1].rglob("*.py"))
    return [file, *reached([file], file.parent)]
