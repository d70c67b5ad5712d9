"""Tables of a report as LaTeX: booktabs, with every text in them escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from sweepbook.aggregates.labels import told_apart
from sweepbook.findings.amounts import estimate_texts
from sweepbook.pages.aside import LATEX
from sweepbook.pages.files import write_file
from sweepbook.pages.latex_layout import Layout, layout_of
from sweepbook.pages.studies.claims import Claims
from sweepbook.pages.studies.section import Section
from sweepbook.pages.table import Table
from sweepbook.study.texts import one_line

_OF_ALL = ("claims", "scorecard", "repeat")  # tables of all studies together
_MOST_ROWS = 40  # a longer table goes over several pages
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
    """A table with its caption and label, as wide as the line of an article on A4 at most.

    Numbers are set flush right. Where it needs them, a table has smaller letters, cells of several
    lines, and at last a turned page; its first line names the packages.
    """
    is_long = len(table.rows) > _MOST_ROWS
    told = [_number if name in table.numeric else latex_text for name in table.columns]
    cells = [[tell(cell) for tell, cell in zip(told, row, strict=True)] for row in table.rows]
    heads = [latex_text(name) for name in table.columns]
    frame = pd.DataFrame(cells, columns=range(len(heads)), dtype=object)
    # two columns may have the same name, so that a Styler gets their places
    styler = frame.style.hide(axis="index").format_index(lambda n: heads[int(str(n))], axis=1)
    layout = layout_of(table)
    said = styler.to_latex(
        hrules=True,
        caption=latex_text(caption),
        label=f"tab:{label}",
        column_format=layout.columns,
        environment="longtable" if is_long else None,
        position_float=None if is_long else "centering",
    )
    return _set(said, layout, is_long)


def _set(said: str, layout: Layout, is_long: bool) -> str:
    """The table with the size of its letters, on a turned page where it needs one."""
    size = rf"\{layout.size}\setlength{{\tabcolsep}}{{3pt}}"
    if is_long:
        said = f"{{{size}\n{said}}}\n"
    else:
        said = said.replace("\\centering\n", f"\\centering{size}\n", 1)
    if layout.is_turned:
        said = f"\\begin{{landscape}}\n{said}\\end{{landscape}}\n"
    needed = {"longtable": is_long, "array": "arraybackslash" in layout.columns}
    needed |= {"pdflscape": layout.is_turned}
    packages = ["booktabs", *(name for name, is_needed in needed.items() if is_needed)]
    return f"% \\usepackage{{{','.join(packages)}}}; the text is UTF-8\n{said}"


def _number(text: str) -> str:
    """A cell of numbers, in which a minus sign is no hyphen."""
    return _MINUS.sub("$-$", latex_text(text))


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
    (folder / LATEX).mkdir()
    for name, caption, table in tables:
        if table.rows:
            write_file(folder / LATEX / f"{name}.tex", latex_table(table, caption, name))


def latex_names(names: Iterable[str]) -> set[str]:
    """The names of all files in latex/ that a report with such figures and tables may have."""
    return {*map(_apart, names), *_OF_ALL}


def _apart(name: str) -> str:
    return f"{name}-table" if name in _OF_ALL else name
