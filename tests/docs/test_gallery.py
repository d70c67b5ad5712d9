"""The gallery's page is what its script writes, and each of its reports is there."""

import shlex
import sys
from pathlib import Path

import pytest
import typer.main

from search_spaces import STUDIES
from sweepbook.cli import app

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def gallery(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS / "tools"))
    import gallery_page

    yield gallery_page
    sys.modules.pop("gallery_page")


def test_the_page_is_as_its_script_writes_it(gallery):
    assert (DOCS / "gallery.md").read_text(encoding="utf-8") == gallery.page()
    for entry in gallery.ENTRIES:
        assert (DOCS / "gallery" / f"{entry.name}.png").is_file()
        is_whole = entry is gallery.EXERCISE
        at = "report/report.html" if is_whole else f"gallery/{entry.name}.html"
        assert "<h1>" in (DOCS / at).read_text(encoding="utf-8")


def test_its_commands_are_commands_of_the_tool(gallery):
    group = typer.main.get_command(app)
    own = {
        f"--{option.setting.replace(chr(95), chr(45))}"
        for study in STUDIES.values()
        for option in study.options
    }
    for command in (line for entry in gallery.ENTRIES for line in entry.commands):
        program, name, *arguments = shlex.split(command)
        known = group.get_command(None, name)
        options = {flag for parameter in known.params for flag in parameter.opts}
        assert program == "sweepbook"
        assert {word for word in arguments if word.startswith("--")} <= options | own
