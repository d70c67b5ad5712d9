"""report.md as a forge shows it: parsed as GitHub-flavoured Markdown by a parser of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from markdown_it import MarkdownIt
from markdown_it.token import Token

from sweepbook.pages.report import write_report
from sweepbook.study.texts import markdown_text, one_line, visible
from tests.pages.test_hostile_texts import hostile, texts
from tests.records import write_record

FIGURES = [
    {"kind": "curves", "name": "loss", "metrics": ["val_loss"], "by": ["width"]},
    {"kind": "table", "name": "numbers", "metrics": ["val_loss"], "by": ["width"]},
    {"kind": "against", "name": "against", "metrics": ["val_loss"], "x": "width"},
]
HOSTILE = "<b onclick='x'>|[x](javascript:y) ![i](z) <!-- $`~ \n# h\n"


def tokens_of(text: str) -> list[Token]:
    """All tokens of a page, those inside its lines too."""
    parsed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    return [inner for token in parsed for inner in [token, *(token.children or ())]]


def shown(token: Token) -> str:
    """What a reader sees of a line."""
    return "".join(inner.content for inner in token.children or () if inner.type != "image")


def tables_of(tokens: list[Token]) -> list[list[list[str]]]:
    """Each table as rows of cells."""
    tables: list[list[list[str]]] = []
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "table_open":
            tables.append([])
        elif token.type == "tr_open":
            tables[-1].append([])
        elif token.type in ("th_open", "td_open") and after is not None:
            tables[-1][-1].append(shown(after))
    return tables


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    widths = [{"width": n} for n in (1, 2, 4)]
    write_report(write_record(folder / "r", widths, figures=FIGURES), folder / "out")
    return folder / "out" / "report.md"


def test_every_figure_is_an_image_that_is_there(page: Path) -> None:
    sources = [
        str(token.attrs["src"]) for token in tokens_of(page.read_text()) if token.type == "image"
    ]
    assert {"figures/loss.svg", "figures/against.svg"} <= set(sources)
    assert all((page.parent / source).is_file() for source in sources)
    assert len(sources) == len(set(sources))


def test_every_table_is_a_table(page: Path) -> None:
    text = page.read_text()
    tables = tables_of(tokens_of(text))
    assert len(tables) == len(re.findall(r"^\|[-: |]+\|$", text, re.M)) >= 2
    assert all(len({len(row) for row in table}) == 1 for table in tables)
    numbers = next(table for table in tables if [row[0] for row in table[1:4]] == ["1", "2", "4"])
    assert len(numbers) == 4
    lines = [token for token in tokens_of(text) if token.type == "inline"]
    assert not [line.content for line in lines if line.content.lstrip().startswith("|")]


def test_a_page_has_no_html_and_its_headings_go_down_one_by_one(page: Path) -> None:
    tokens = tokens_of(page.read_text())
    assert not [token.content for token in tokens if token.type.startswith("html")]
    levels = [int(token.tag[1]) for token in tokens if token.type == "heading_open"]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def test_hostile_texts_are_no_markup(tmp_path: Path) -> None:
    tame = hostile(tmp_path / "tame", "plain", "key", ["one", "two"])
    foul = hostile(tmp_path / "foul", HOSTILE, "k|<i>", [f"a{HOSTILE}", "*b* _c_ `d`|"])
    found = []
    for name, record in (("tame", tame), ("foul", foul)):
        write_report(record, tmp_path / f"out-{name}")
        found.append(tokens_of((tmp_path / f"out-{name}" / "report.md").read_text()))
    marks = [
        [token.type for token in tokens if token.type not in ("text", "text_special", "softbreak")]
        for tokens in found
    ]
    assert marks[0] == marks[1], "no element more or less"
    cells = [cell for table in tables_of(found[1]) for row in table for cell in row]
    assert visible(f"a{HOSTILE}") in cells and "*b* _c_ `d`|" in cells


@given(texts)
@example("~~a~~ <u>b</u> a@b.c http://x.y ![z](w)")
def test_a_text_in_a_table_is_read_back_as_it_is(text: str) -> None:
    line = f"| a | b |\n| --- | --- |\n| {markdown_text(text)} | c |\n"
    tokens = tokens_of(line)
    assert tables_of(tokens)[0][1] == [one_line(text).strip(), "c"]
    assert not [token for token in tokens if token.type.startswith("html")]
