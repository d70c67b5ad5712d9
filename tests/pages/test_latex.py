"""The tables of a report as LaTeX: every text is text there, and nothing of it is a command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sweepbook.pages.latex import latex_table, latex_text
from sweepbook.pages.latex_layout import layout_of
from sweepbook.pages.report import write_report
from sweepbook.pages.table import Table
from sweepbook.study.texts import one_line
from tests.pages.test_hostile_texts import hostile
from tests.records import write_record

SHOWN = {
    r"\textbackslash{}": "\\", r"\textasciicircum{}": "^", r"\textasciitilde{}": "~",
    r"\textless{}": "<", r"\textgreater{}": ">", r"\textbar{}": "|", r"\textasciigrave{}": "`",
    r"\ldots{}": "…", r"$\infty$": "∞", r"$\pm$": "±", "$^{-}$": "⁻", "{[}": "[", "{*}": "*",
    "{}": "", **{f"$^{{{n}}}$": digit for n, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{f"\\{mark}": mark for mark in "{}%$#_&"},
}  # fmt: skip
TOKEN = re.compile("|".join(map(re.escape, sorted(SHOWN, key=len, reverse=True))))
SPECIAL = r"[\\{}%$#_&^~<>|`\[*]"
texts = st.one_of(st.text(), st.text("\\{}%$#_&^~<>|`[]*-',⁻³±∞…é精ש\x00\n\x1b "))


def read(latex: str) -> str:
    """What LaTeX shows of a text; a special character that is no known command is an error."""
    shown, done = "", 0
    for token in [*TOKEN.finditer(latex), None]:
        plain = latex[done : token.start() if token else None]
        assert not re.search(SPECIAL, plain), f"{plain!r} is not escaped in {latex!r}"
        assert not re.search("--|''|,,", plain), "a font would draw these as one mark"
        shown += plain + (SHOWN[token[0]] if token else "")
        done = token.end() if token else len(latex)
    return shown


@given(texts)
@example("\\end{document}%$\\foo_{$")
@example("a--b---c ''d`` [x] *")
def test_latex_shows_a_text_as_it_is(text: str) -> None:
    assert read(latex_text(text)) == one_line(text)


def cells_of(latex: str) -> list[list[str]]:
    """The cells of a table's lines between its rules, as LaTeX takes them apart."""
    body = re.split(r"\\(?:top|mid|bottom)rule\n", latex)
    lines = [line for part in body[1:] for line in part.splitlines() if line.endswith(r" \\")]
    return [re.split(r"(?<!\\)&", line.removesuffix(r" \\")) for line in lines]


@settings(max_examples=40)
@given(st.lists(texts, min_size=2, max_size=3), st.integers(1, 3), texts.filter(bool))
def test_a_table_has_its_cells_whatever_is_in_them(cells: list[str], n: int, caption: str) -> None:
    latex = latex_table(Table(cells, [cells] * n), caption, "t")
    read_back = [[read(cell.strip()) for cell in line] for line in cells_of(latex)]
    expected = [one_line(cell).strip() for cell in cells]
    assert [[cell.strip() for cell in line] for line in read_back] == [expected] * (n + 1)
    assert latex.count(r"\begin{") == latex.count(r"\end{")
    bare = re.sub(r"\\[\\{}]", "", latex)
    assert bare.count("{") == bare.count("}")
    assert f"\\caption{{{latex_text(caption)}}}" in latex and r"\label{tab:t}" in latex


def test_a_long_table_goes_over_pages_and_repeats_its_head() -> None:
    latex = latex_table(Table(["a_b"], [[str(n)] for n in range(41)]), "c", "t")
    assert r"\begin{longtable}{l}" in latex and r"\endhead" in latex
    assert latex.count(r"a\_b \\") == 2 and len(re.findall(r"^\d+ \\\\$", latex, re.M)) == 41


def test_numbers_are_flush_right_and_long_texts_break() -> None:
    table = Table(["name", "claim", "n"], [["a", "b " * 40, "-0.5 to +1"]], frozenset({"n"}))
    latex = latex_table(table, "c", "t")
    assert re.search(r"raggedright\\arraybackslash\}p\{[\d.]+\\linewidth\}>\{\\raggedleft", latex)
    assert "$-$0.5 to +1" in latex and r"\toprule" in latex and r"\bottomrule" in latex
    assert latex.startswith(r"% \usepackage{booktabs,array}")


def test_a_wide_table_has_smaller_letters_and_at_last_a_turned_page() -> None:
    sized = [latex_table(Table(list("abc")[:n], [["x" * 24] * n]), "c", "t") for n in (1, 2, 3)]
    assert r"\normalsize" in sized[0] and r"\footnotesize" in sized[2]
    turned = latex_table(Table(list("abcdefgh"), [["x" * 14] * 8]), "c", "t")
    assert r"\begin{landscape}" in turned and "pdflscape" in turned.splitlines()[0]


widths = st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=12)


@given(widths)
def test_columns_of_fixed_widths_leave_room_for_the_space_between_them(
    columns: list[tuple[int, bool]],
) -> None:
    names = [f"a head of {place}" for place in range(len(columns))]
    rows = [[("1" if is_number else "x y ") * n for n, is_number in columns]]
    numeric = {name for name, (_, is_number) in zip(names, columns, strict=True) if is_number}
    layout = layout_of(Table(names, rows, frozenset(numeric)))
    shares = [float(share) for share in re.findall(r"p\{([\d.]+)\\linewidth", layout.columns)]
    assert len(shares) in (0, len(columns)) and sum(shares) < 1


def test_a_report_has_latex_and_pdf_where_they_are_asked_for(tmp_path: Path) -> None:
    claim = {"name": "c", "statement": "wide is 5 % better", "kind": "direction",
             "metric": "val_loss", "smallest": 0.01, "reason": "r", "direction": "lower",
             "arms": [{"width": 2}, {"width": 1}]}  # fmt: skip
    figures = [
        {"kind": "curves", "name": "loss", "metrics": ["val_loss"], "by": ["width"]},
        {"kind": "table", "name": "numbers", "metrics": ["val_loss"], "by": ["width"]},
        {"kind": "table", "name": "claims", "metrics": ["val_loss"], "by": ["width"]},
    ]
    record = write_record(
        tmp_path / "r", [{"width": 1}, {"width": 2}], figures=figures, claims=[claim]
    )
    out, again = tmp_path / "out", tmp_path / "again"
    for folder in (out, again):
        write_report(record, folder, latex=True)
    written = {path.name for path in (out / "latex").iterdir()}
    assert {"claims.tex", "claims-table.tex", "numbers.tex", "demo-trials.tex"} <= written
    assert r"wide is 5 \% better" in (out / "latex" / "claims.tex").read_text()
    assert re.search(r"holds|undecided", (out / "latex" / "claims.tex").read_text())
    pdf = (out / "figures" / "loss.pdf").read_bytes()
    assert pdf.startswith(b"%PDF") and b"Date" not in pdf
    assert pdf == (again / "figures" / "loss.pdf").read_bytes()
    assert not (out / "figures" / "numbers.pdf").exists()

    (out / "latex" / "mine.tex").write_text("kept")
    write_report(record, out)
    assert [path.name for path in (out / "latex").iterdir()] == ["mine.tex"]
    assert not list((out / "figures").glob("*.pdf")) and (out / "figures" / "loss.svg").is_file()
    write_report(record, again)
    assert not (again / "latex").exists()


@pytest.mark.filterwarnings("error::UserWarning")
def test_hostile_texts_are_text_in_every_table(tmp_path: Path) -> None:
    text = "\\input{x}%$_{&}^~#\x00\n精度 שלום --x"
    record = hostile(tmp_path / "r", text, "k$_{|", ["[x] \\foo_{$", "* <b>|\n"])
    write_report(record, tmp_path / "out", latex=True)
    files = sorted((tmp_path / "out" / "latex").glob("*.tex"))
    assert len(files) >= 2
    for file in files:
        for line in cells_of(file.read_text()):
            assert len(line) == len(cells_of(file.read_text())[0])
            for cell in line:
                read(cell.strip())
    assert r"\textbackslash{}foo\_\{\$" in (tmp_path / "out/latex/demo-trials.tex").read_text()
