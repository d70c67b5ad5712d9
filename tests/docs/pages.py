"""The files of a page: blocks of code whose first line is a comment with the file's name."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
TRAIN = "your-training-code.md"


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def blocks_of(page: str) -> list[str]:
    """Every fenced block of a page, whatever its language."""
    return re.findall(r"^```\w*\n(.*?)^```$", text_of(page), re.DOTALL | re.MULTILINE)


def files_of(page: str) -> dict[str, str]:
    """Name -> content of every file that a page has."""
    found = {}
    for code in blocks_of(page):
        name = re.match(r"# (\S+\.(?:py|yaml))\n", code)
        assert name, f"{page} has a block without the name of its file: {code[:60]}"
        assert name[1] not in found, name[1]
        found[name[1]] = code
    return found


def written(files: dict[str, str], folder: Path, monkeypatch) -> Iterator[Path]:
    """Writes files into the current folder, from which they are imported until the end."""
    modules = [Path(name).stem for name in files]
    for module in modules:
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    for name, code in files.items():
        Path(name).write_text(code, encoding="utf-8")
    yield folder
    for module in modules:
        sys.modules.pop(module, None)
