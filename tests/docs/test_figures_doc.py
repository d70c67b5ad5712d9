"""docs/figures.md shows every kind of figure with its keys, as the tool declares them."""

import re
import sys
from pathlib import Path

import pytest

from sweepbook.figures.keys import OPTIONAL_OF_ALL, REQUIRED_OF_ALL
from sweepbook.figures.kinds import KEYS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "figures.md").read_text(encoding="utf-8")


@pytest.fixture
def script(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(DOCS / "tools"), *sys.path])
    import figures_page

    yield figures_page
    del sys.modules["figures_page"]


@pytest.mark.parametrize("kind", KEYS)
def test_the_page_shows_a_kind_with_its_keys(script, kind):
    before, behind = script.texts(kind)
    assert before in PAGE and behind in PAGE, "write it anew: python docs/tools/make_figures.py"
    section = PAGE[PAGE.index(before) :].split("\n### ")[0]
    pictures = re.findall(r"!\[[^]]*\]\((\S+)\)", section)
    assert [*pictures, *re.findall(r"^\| --- ", section, re.MULTILINE)], "nothing is shown"
    assert all((DOCS / picture).stat().st_size > 5000 for picture in pictures)


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_an_example_is_python(code):
    assert eval(code)["kind"] in KEYS


def test_every_key_is_explained():
    keys = {key for of in KEYS.values() for key in (*of.required, *of.optional)}
    for key in keys | set(REQUIRED_OF_ALL) | set(OPTIONAL_OF_ALL):
        assert f"\n| `{key}` |" in PAGE, key


def test_no_picture_is_left_over():
    kept = {path.name for path in (DOCS / "images" / "figures").iterdir()}
    assert kept == {f"{kind}.png" for kind in KEYS if f"figures/{kind}.png" in PAGE}
