"""The pages of two records side by side: whole, with texts that stay texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sweepbook.pages.compared.page import write_comparison
from sweepbook.pages.compared.records import comparison_of
from sweepbook.pages.compared.strip import strip_of
from sweepbook.pages.report import write_report
from sweepbook.study.texts import one_line
from tests.pages.test_hostile_texts import Page
from tests.records import write_record

FOUL = '<script>x</script>|$\\foo_{$ " &lt; [x](y)\n# h \x1b[31m שלום'


@pytest.fixture
def two(tmp_path: Path) -> Callable[..., tuple[Path, Path]]:
    """two(text) -> records whose texts are `text`, and which differ in a setting and a config."""

    def make(text: str, folder: str = "records") -> tuple[Path, Path]:
        claim = {"name": "c", "statement": text, "kind": "direction", "metric": "val_loss",
                 "smallest": 0.01, "reason": "r", "direction": "lower",
                 "arms": [{"width": 2}, {"width": 1}]}  # fmt: skip
        mine = claim | {"name": "mine"}
        paths = []
        for place, (widths, claims) in enumerate((((1, 2), [claim, mine]), ((1, 2, 3), [claim]))):
            configs = [{"width": n} for n in widths]
            changes = {"study": {"question": text}, "claims": claims, "seed": place}
            paths.append(
                write_record(tmp_path / folder / f"r{place}" / "demo", configs, **changes)
            )
        return paths[0], paths[1]

    return make


def test_a_comparison_is_three_files_which_a_later_one_replaces(
    two: Callable[..., tuple[Path, Path]], tmp_path: Path
) -> None:
    comparison = comparison_of(*two("wide is better"))
    page = write_comparison(comparison, tmp_path / "out")
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert files == {"compare.html", "compare.md", "compare.csv"}
    text = Page(page.read_text()).text
    assert comparison.sentence in text and "wide is better" in text and "width 3" in text
    assert text.index(comparison.sentence) < text.index("What differs")
    frame = pd.read_csv(tmp_path / "out" / "compare.csv")
    assert list(frame["estimate"]) == pytest.approx(
        list(comparison.frame["estimate"]), nan_ok=True
    )
    assert list(frame["change"]) == list(comparison.frame["change"])
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    write_comparison(comparison, tmp_path / "out")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_a_folder_with_something_else_is_left_alone(
    two: Callable[..., tuple[Path, Path]], tmp_path: Path
) -> None:
    first, second = two("wide is better")
    write_report(first, tmp_path / "report")
    comparison = comparison_of(first, second)
    (tmp_path / "file").write_text("x")
    before = sorted((tmp_path / "report").rglob("*"))
    for out in (tmp_path / "report", tmp_path / "file"):
        with pytest.raises(ValueError, match="comparison"):
            write_comparison(comparison, out)
    assert sorted((tmp_path / "report").rglob("*")) == before


def test_hostile_texts_are_no_markup_in_a_comparison(
    two: Callable[..., tuple[Path, Path]], tmp_path: Path
) -> None:
    pages = []
    for name, text in (("tame", "plain"), ("foul", FOUL)):
        page = write_comparison(comparison_of(*two(text, name)), tmp_path / name / "out")
        parsed = (
            MarkdownIt("commonmark").enable("table").parse(page.with_suffix(".md").read_text())
        )
        kinds = [inner.type for token in parsed for inner in (token, *(token.children or ()))]
        kinds = [kind for kind in kinds if kind not in ("text", "text_special")]
        pages.append((Page(page.read_text()), kinds))
    assert pages[0][0].tags == pages[1][0].tags and pages[0][1] == pages[1][1]
    assert one_line(FOUL) in pages[1][0].text


numbers = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.lists(numbers, min_size=3, max_size=3), st.lists(numbers, min_size=3, max_size=3))
def test_a_strip_keeps_the_order_of_what_it_draws(ours: list[float], theirs: list[float]) -> None:
    row = dict(zip(("low", "estimate", "high"), sorted(ours), strict=True))
    row |= dict(zip(("low_again", "estimate_again", "high_again"), sorted(theirs), strict=True))
    for has_zero in (True, False):
        strip = strip_of(row, has_zero)
        if strip is None:
            assert len({*row.values(), *([0.0] if has_zero else [])}) == 1
            continue
        places = [place for bar in strip.bars for place in bar]
        places += [strip.zero] if strip.zero is not None else []
        assert min(places) == 4 and max(places) == 96
        assert all(list(bar) == sorted(bar) for bar in strip.bars)


def test_without_both_intervals_there_is_no_strip() -> None:
    row = {"low": 1.0, "estimate": 2.0, "high": 3.0}
    assert strip_of({**row, "low_again": None, "estimate_again": 2, "high_again": 3}, True) is None
