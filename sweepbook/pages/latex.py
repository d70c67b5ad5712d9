"""Tables of a report as LaTeX: booktabs, with every text in them escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from sweepbook.aggregates.labels import told_apart
from sweepbook.findings.amounts import estimate_texts
from sweepbook.pages.files import write_file
from sweepbook.pages.studies.claims import Claims
from sweepbook.pages.studies.section import Section
from sweepbook.pages.table import Table
from sweepbook.study.texts import one_line

FOLDER = "latex"
_OF_ALL = ("claims", "scorecard", "repeat")  # tables of all studies together
_MOST_ROWS = 40  # a longer table goes over several pages
_WIDE = 45  # characters; a column with longer texts breaks its lines
_LEAST, _GAP = 26, 2  # characters: of such a column, and between two columns
# how many characters are in a line of an article on A4, by the size of the letters
_SIZES = {"normalsize": 74, "small": 82, "footnotesize": 92, "scriptsize": 110, "tiny": 140}
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "%": r"\%", "$": r"\$", "#": r"\#",
    "_": r"\_", "&": r"\&", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "`": r"\textasciigrave{}",
    "[": "{[}", "*": "{*}",  # behind the end of a row these would belong to it
    "∞": r"$\infty$", "…": r"\ldots{}", "⁻": "$^{-}$", "±": r"$\pm$",
} | {digit: f"$^{{{n}}}$" for n, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}  # fmt: skip
_ESCAPED = re.compile("|".join(map(re.escape, _SPECIAL)))
_JOINED = re.compile(r"(?<=-)(?=-)|(?<=')(?=')|(?<=,)(?=,)")  # what a font draws as one mark
_MINUS = re.compile(r"(?<![^\s(])-(?=[\d.])")


def latex_text(text: object) -> str:
    r"""A text on one line as LaTeX shows it, whatever stands in it.

    >>> latex_text("a_b & 5 %"), latex_text("--epochs")
    ('a\\_b \\& 5 \\%', '-{}-epochs')
    """
    marked = _JOINED.sub("\x00", one_line(text))  # one_line has left no such character
    return _ESCAPED.sub(lambda found: _SPECIAL[found[0]], marked).replace("\x00", "{}")


def latex_table(table: Table, caption: str, label: str) -> str:
    """A table with its caption and label; numbers are set flush right, long texts in lines."""
    is_long = len(table.rows) > _MOST_ROWS
    told = [_number if name in table.numeric else latex_text for name in table.columns]
    cells = [[tell(cell) for tell, cell in zip(told, row, strict=True)] for row in table.rows]
    heads = [latex_text(name) for name in table.columns]
    frame = pd.DataFrame(cells, columns=range(len(heads)), dtype=object)
    # two columns may have the same name, so that a Styler gets their places
    styler = frame.style.hide(axis="index").format_index(lambda n: heads[int(str(n))], axis=1)
    size, columns = _layout(table)
    said = styler.to_latex(
        hrules=True,
        caption=latex_text(caption),
        label=f"tab:{label}",
        column_format=columns,
        environment="longtable" if is_long else None,
        position_float=None if is_long else "centering",
    )
    if is_long:
        return f"% needs the packages booktabs and longtable; UTF-8\n{{\\{size}\n{said}}}\n"
    sized = said.replace("\\centering\n", f"\\centering\\{size}\n", 1)
    return f"% needs the package booktabs; UTF-8\n{sized}"


def _number(text: str) -> str:
    """A cell of numbers, in which a minus sign is no hyphen."""
    return _MINUS.sub("$-$", latex_text(text))


def _layout(table: Table) -> tuple[str, str]:
    """The size of the letters in which a table fits into a line, and how each column is set.

    That is "r" for numbers, "l" for short texts, and in lines where texts are long.
    """
    longest = [max(map(len, column)) for column in zip(table.columns, *table.rows, strict=True)]
    wide = [
        name not in table.numeric and length > _WIDE
        for name, length in zip(table.columns, longest, strict=True)
    ]
    others = sum(n + _GAP for n, is_wide in zip(longest, wide, strict=True) if not is_wide)
    needed = others + sum(wide) * (_LEAST + _GAP)
    size = next((size for size, fits in _SIZES.items() if needed <= fits), "tiny")
    left = max(_SIZES[size] - others, _LEAST * sum(wide)) / _SIZES[size]
    line = rf"p{{{left / max(sum(wide), 1):.2f}\linewidth}}"
    columns = [
        line if is_wide else "r" if name in table.numeric else "l"
        for name, is_wide in zip(table.columns, wide, strict=True)
    ]
    return size, "".join(columns)


def claims_table(claims: Sequence[Claims]) -> Table:
    """The declared claims of some records with verdict, estimate and interval."""
    rows = []
    for own in claims:
        findings = {row["name"]: row for row in own.frame.to_dict("records")}
        shown = own.forest.to_dict("records")
        names = [str(row["name"]) for row in shown]
        texts = told_apart([str(row["claim"]) for row in shown], names)
        for name, text, is_weak in zip(names, texts, [row["weak"] for row in shown], strict=True):
            row = findings[name]
            verdict = f"{row['verdict']} (weak)" if is_weak else str(row["verdict"])
            n = "–" if pd.isna(row["n"]) else f"{int(row['n'])}"
            rows.append([str(row["study"]), text, verdict, *estimate_texts(row), n])
    columns = ["study", "claim", "verdict", "estimate", "95 % interval", "n"]
    alone = int(len({row[0] for row in rows}) == 1)  # of one study its name says nothing
    numeric = frozenset({"estimate", "95 % interval", "n"})
    return Table(columns[alone:], [row[alone:] for row in rows], numeric)


def write_latex(
    folder: Path, sections: Sequence[Section], together: Iterable[tuple[str, str, Table]]
) -> None:
    """Writes NAME.tex of every table of a report into the folder latex in `folder`.

    together: name, caption and table of what is about all studies, beside their claims.
    """
    claims = claims_table([section.claims for section in sections])
    tables = [("claims", "Declared claims and their verdicts", claims), *together]
    for section in sections:
        tables += [(_apart(one.name), one.title, one.table) for one in section.shown if one.table]
        caption = f"Trials of the study {section.record.study}"
        tables.append((section.trials_csv, caption, section.trials))
    (folder / FOLDER).mkdir()
    for name, caption, table in tables:
        if table.rows:
            write_file(folder / FOLDER / f"{name}.tex", latex_table(table, caption, name))


def latex_names(names: Iterable[str]) -> set[str]:
    """The names of all files in latex/ that a report with such figures and tables may have."""
    return {*map(_apart, names), *_OF_ALL}


def _apart(name: str) -> str:
    return f"{name}-table" if name in _OF_ALL else name
