"""Whatever stands in a study's names, values and errors is text in its report, never markup."""

from __future__ import annotations

import csv
import html
import io
import re
import tempfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.text import Text

from sweepbook.figures.cost.ledger import PHASES
from sweepbook.figures.csv import cell_text, csv_text
from sweepbook.figures.kinds import draw
from sweepbook.pages.data_card import DataCard
from sweepbook.pages.first.claims import NotAvailable
from sweepbook.pages.first.headlines import Told
from sweepbook.pages.glossary import Linker, anchor_of
from sweepbook.pages.render import render_html, render_markdown
from sweepbook.pages.report import write_report
from sweepbook.pages.table import Table
from sweepbook.record.load import load_record
from sweepbook.study.texts import markdown_text, one_line, visible
from tests.records import write_record

PIECES = (
    "<script>alert(1)</script>", "<img src=x onerror=y>", "</table>", '" onclick="x', "&lt;", "$",
    "$\\foo_{$", "[bold]", "[x](y)", "|", "\\", "\\|", "\n", "\r", "\t", "\x00", "\x1b[31m", "`",
    "**", "_", "# ", "1. ", "- ", "{{ 7 * 7 }}", "{% if %}", "\u202e", "\u2028", "שלום",
    "مرحبا", "精度", "😀", "größe", " ", "x", "long " * 60, "%",
)  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)
# as columns of parquet: unlike pieces need unlike names, and a name is no blank
names = texts.map(lambda text: f"k{text}")
DRAWN = {"title", "defs", "clippath", "rect", "g", "path", "use", "text"}
QUICKLY = (Phase.explicit, Phase.generate)  # figures take seconds: no search for a smaller one
ESCAPED = re.compile(r"\\([^a-zA-Z0-9\s])")


class Page(HTMLParser):
    """The text of a page, and its tags with the names of their attributes.

    drawn: those within drawings, each kind once; how many ticks one has depends on its numbers.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.tags = "", list[tuple[str, tuple[str, ...]]]()
        self.drawn, self.is_drawing = set[tuple[str, tuple[str, ...]]](), False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = (tag, tuple(name for name, _ in attrs))
        if self.is_drawing:
            self.drawn.add(found)
        else:
            self.tags.append(found)
        self.is_drawing = self.is_drawing or tag == "svg"

    def handle_endtag(self, tag: str) -> None:
        self.is_drawing = self.is_drawing and tag != "svg"

    def handle_data(self, data: str) -> None:
        self.text += data


def columns_of(line: str) -> int:
    """How many cells a line of a Markdown table has: by the bars that no backslash escapes."""
    return len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) - 1


def hostile(folder: Path, text: str, key: str, values: list[str]) -> Path:
    spec = {"metrics": ["val_loss"], "by": [key], "title": text, "note": text}
    written = write_record(
        folder,
        [{key: value, "epochs": 2} for value in values],
        epochs=2,
        n_replicates=2,
        endings={0: {"status": "failed", "reason": text, "error": text}},
        study={"question": text},
        overrides={key: text},
        data={"name": text, "sha256": "ab" * 32, "rows": {}, "card": {"warnings": [text]}},
        figures=[
            {"kind": "curves", "name": text, **spec},
            {"kind": "panels", "name": "panels", **spec},
            {"kind": "against", "name": "against", "x": key, **spec},
            {"kind": "table", "name": "numbers", **spec},
            {"kind": text, "name": "unknown"},
        ],
    )
    trials = pd.read_parquet(written / "trials.parquet")
    phases = {f"time_{phase}_s": 1.0 for phase in PHASES}
    trials.assign(**phases).to_parquet(written / "trials.parquet")
    return written


def test_a_hostile_text_is_a_text_everywhere_in_a_report(tmp_path: Path) -> None:
    tame = hostile(tmp_path / "tame", "plain", "key", ["one", "two"])
    write_report([tame], tmp_path / "plain")
    expected = Page((tmp_path / "plain" / "report.html").read_text())

    @settings(max_examples=3, derandomize=True, phases=QUICKLY)
    @given(texts, names, st.lists(texts, min_size=2, max_size=2, unique_by=visible))
    @example("<script>x</script>|$\\foo_{$", "k$_{|", ["$\\foo_{$", "[INST] <b>|\n\x00"])
    def check(text: str, key: str, values: list[str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out"
            write_report([hostile(Path(folder) / "record", text, key, values)], out)
            page = Page((out / "report.html").read_text())
            assert page.tags == expected.tags, "no element and no attribute more or less"
            assert {tag for tag, _ in page.drawn} <= DRAWN, "nor another one in a drawing"
            assert not any(name.startswith("on") for _, own in page.drawn for name in own)
            assert one_line(text) in page.text
            assert all(visible(value) in page.text for value in values)
            for block in re.findall(r"(?:^\|.*\n)+", (out / "report.md").read_text(), re.M):
                assert len(set(map(columns_of, block.splitlines()))) == 1
            trials = pd.read_csv(out / "figures" / "demo-trials.csv", keep_default_na=False)
            kept = {visible(cell_text(value), keep="\n\t") for value in values}
            assert set(trials[visible(f"config/{key}", keep="\n\t")]) == kept

    check()


@settings(max_examples=25)
@given(texts, st.lists(texts, min_size=2, max_size=3), texts)
def test_pages_show_texts_and_nothing_of_theirs(text: str, cells: list[str], name: str) -> None:
    context = context_of(text, cells, name)
    page = Page(render_html(context))
    assert page.tags == Page(render_html(context_of("a", ["b"] * len(cells), "c"))).tags
    assert page.text.count(one_line(text)) >= 2 and all(one_line(c) in page.text for c in cells)
    lines = render_markdown(context).splitlines()
    assert len({columns_of(line) for line in lines if line.startswith("|")}) == 1
    assert len(lines) == len(
        render_markdown(context_of("a", ["b"] * len(cells), "c")).splitlines()
    )


def context_of(text: str, cells: list[str], name: str) -> dict[str, Any]:
    table = Table([name, *cells], [[text, *cells]])
    card = DataCard("c", text, [(name, text)], [], [text], table, [(text, table)], table)
    return {
        "title": text, "banner": [text], "edited": [text],
        "headlines": [Told("a", "holds", "✓", text)],
        "facts": text, "how_sure": text, "open": text, "example": text, "forest": [],
        "missing": [NotAvailable("a", text)], "is_mixed": True,
        "band": (40, 60), "marks": {}, "ticks": [], "printed": table,
        "agreement": text, "published_sources": text, "repeat": None, "sections": [],
        "cards": {"data-c": card}, "reading": text, "words": [(name, text)],
        "anchor_of": anchor_of, "linked": Linker([]),
    }  # fmt: skip


@given(texts)
def test_markdown_without_its_backslashes_is_the_text(text: str) -> None:
    escaped = markdown_text(text)
    assert html.unescape(ESCAPED.sub(r"\1", escaped)) == one_line(text).lstrip()
    bare = ESCAPED.sub("", re.sub("&[a-z]+;", "", escaped))
    assert not set(bare) & set("*[]<>|`~$#") and "\n" not in escaped
    assert not set(escaped) & set("<>"), "some programs take \\< for the beginning of a tag"


@given(texts, texts)
def test_a_csv_holds_the_texts_in_its_cells(name: str, value: str) -> None:
    frame = pd.DataFrame({name: [value, "b"], f"{name}2": [1, 2]})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(csv_text(frame).encode())
        read = pd.read_csv(path, keep_default_na=False)
    name, value = (visible(cell_text(one), keep="\n\t") for one in (name, value))
    assert list(read[name]) == [value, "b"]


@given(texts, st.sampled_from("=+-@\t\r\n"))
def test_no_spreadsheet_runs_a_cell_of_a_csv(text: str, first: str) -> None:
    frame = pd.DataFrame({f"{first}{text}": [f"{first}{text}", "plain"]})
    cells = (
        next(csv.reader(io.StringIO(csv_text(frame)))),
        *csv.reader(io.StringIO(csv_text(frame))),
    )
    assert not any(cell.startswith(tuple("=+-@\t\r\n")) for row in cells for cell in row)


def test_numbers_in_a_csv_stay_numbers() -> None:
    frame = pd.DataFrame(
        {"a": [-0.5, np.nan], "b": ["-0.5", "+1e-3"], "c": [-1, 2], "d": [-np.inf, 1.0],
         "e": pd.Categorical(["-x", "y"])}
    )  # fmt: skip
    read = pd.read_csv(io.StringIO(csv_text(frame)))
    pd.testing.assert_frame_equal(read[["a", "c", "d"]], frame[["a", "c", "d"]])
    assert read["b"].tolist() == [-0.5, 0.001] and read["e"].tolist() == ["'-x", "y"]


def drawn_texts(figure: Figure) -> list[str]:
    """What is written in a figure, as matplotlib draws it; it draws without a warning."""
    figure.draw_without_rendering()
    said = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
    processed = [text._preprocess_math(text.get_text()) for text in said]
    assert not [shown for shown, is_math in processed if is_math]
    return [shown for shown, _ in processed]


@pytest.mark.filterwarnings("error::UserWarning")
def test_a_figure_shows_each_text_once_whole_or_cut(tmp_path: Path) -> None:
    values = ["$\\foo_{$", "S$ and T$", "long " * 60 + "a", "long " * 60 + "b"]
    record = load_record(hostile(tmp_path / "record", "x", "$k_{", values))
    spec = {"metrics": ["val_loss"], "by": ["$k_{"], "name": "f", "x": "$k_{"}
    for kind in ("curves", "panels", "against", "ledger"):
        drawn = draw({"kind": kind, **spec}, record)
        assert drawn.figure is not None
        shown = drawn_texts(drawn.figure)
        assert any("$\\foo_{$" in text for text in shown)
        assert any("S$ and T$" in text for text in shown)
        cut = {text for text in shown if "long" in text}
        assert len(cut) == 2 and all(len(text) <= 80 for text in cut), "and they can be told apart"
        assert "shortened" in drawn.caption


@pytest.mark.filterwarnings("error::UserWarning")
def test_what_no_font_can_draw_is_written_as_its_code(tmp_path: Path) -> None:
    record = load_record(hostile(tmp_path / "record", "x", "key", ["\U0001fae0\ufdd5", "plain"]))
    drawn = draw({"kind": "curves", "name": "f", "metrics": ["val_loss"], "by": ["key"]}, record)
    assert drawn.figure is not None
    assert any("\\ufdd5" in text for text in drawn_texts(drawn.figure))
    assert "\\ufdd5 is \ufdd5" in drawn.caption


@pytest.fixture
def a_font(tmp_path: Path) -> Iterator[str]:
    """The family of a font, installed for a while, whose one letter no other font has."""
    builder = FontBuilder(1000)
    builder.setupGlyphOrder([".notdef", "letter"])
    builder.setupCharacterMap({0xFDD6: "letter"})
    pen = TTGlyphPen(None)
    for point in ((0, 0), (0, 700), (700, 700)):
        pen.lineTo(point) if point != (0, 0) else pen.moveTo(point)
    pen.closePath()
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "letter": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (500, 0), "letter": (800, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Strange Script", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    builder.save(tmp_path / "strange.ttf")
    installed = list(fontManager.ttflist)
    fontManager.addfont(tmp_path / "strange.ttf")
    yield "Strange Script"
    fontManager.ttflist[:] = installed


@pytest.mark.filterwarnings("error::UserWarning")
def test_a_letter_that_another_font_has_is_drawn_with_it(tmp_path: Path, a_font: str) -> None:
    record = load_record(hostile(tmp_path / "record", "x", "key", ["\ufdd6", "plain"]))
    for kind in ("curves", "against"):
        spec = {"name": "f", "metrics": ["val_loss"], "by": ["key"], "x": "key"}
        drawn = draw({"kind": kind, **spec}, record)
        assert drawn.figure is not None
        assert any("\ufdd6" in text for text in drawn_texts(drawn.figure))
        families = [
            text.get_fontfamily()
            for text in drawn.figure.findobj(Text)
            if "\ufdd6" in text.get_text()
        ]
        assert all(a_font in family for family in families)
        assert "\\ufdd6" not in drawn.caption
