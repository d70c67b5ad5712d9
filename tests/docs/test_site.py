"""The pages of the site: each can be reached, and those that explain a thing name all of it."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest
import typer.main
import yaml

import sweepbook
from sweepbook import ASHA, Fidelity, Metric, Option, Published, PublishedValue, Search, Study
from sweepbook.cli import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
NAV = re.findall(
    r"[\w./-]+\.md", str(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
)


def test_every_page_is_in_the_navigation():
    pages = [*DOCS.glob("*.md"), *(DOCS / "api").glob("*.md")]
    assert {str(page.relative_to(DOCS)) for page in pages} <= set(NAV)


def test_the_navigation_names_files_that_are_there():
    for page in NAV:
        of_repository = page.removeprefix("repository/")
        assert (DOCS / page if of_repository == page else ROOT / of_repository).is_file(), page


@pytest.mark.parametrize("page", [*DOCS.glob("*.md"), *DOCS.glob("api/*.md"), *ROOT.glob("*.md")])
def test_links_lead_to_files_that_are_there(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = [path for path in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in path]
    assert not [path for path in links if not (page.parent / path).exists()]


def test_the_api_pages_have_every_public_name_once():
    text = "\n".join(page.read_text(encoding="utf-8") for page in (DOCS / "api").glob("*.md"))
    assert sorted(re.findall(r"^::: sweepbook\.(\w+)$", text, re.MULTILINE)) == sorted(
        sweepbook.__all__
    )


@pytest.mark.parametrize(
    "kind", [Study, Metric, Fidelity, Search, ASHA, Option, Published, PublishedValue]
)
def test_the_page_on_studies_names_every_field(kind):
    page = (DOCS / "study.md").read_text(encoding="utf-8")
    signatures = re.findall(rf"`{kind.__name__}\(([^`]*)\)`", page)
    named = {name for signature in signatures for name in re.findall(r"\w+", signature)}
    named |= set(re.findall(r"`(\w+)`", page))
    assert {field.name for field in fields(kind)} <= named


@pytest.mark.parametrize("name", sweepbook.__all__)
def test_docstrings_explain_parameters_that_there_are(name):
    found = getattr(sweepbook, name)
    text = f"{inspect.getdoc(found)}\n"
    section = re.search(r"^Args:\n((?:(?: {4}.*)?\n)+)", text, re.MULTILINE)
    if section is None:  # an exception has no signature
        return
    lines = re.findall(r"^ {4}(\w[\w, ]*): ", section[1], re.MULTILINE)
    named = [one for line in lines for one in line.split(", ")]
    assert named and len(named) == len(set(named))
    assert set(named) <= set(inspect.signature(found).parameters)


def test_the_page_on_commands_has_each_of_them():
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    commands = typer.main.get_command(app).commands
    assert re.findall(r"<!-- help of (\w+) -->", page) == list(commands)
    assert re.findall(r"^\| \[`(\w+)`\]", page, re.MULTILINE) == list(commands)


def test_nothing_is_loaded_from_another_host():
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "://" not in settings and "font: false" in settings
    assert "assets/iframe-worker.js" in settings and (DOCS / "assets/iframe-worker.js").is_file()
