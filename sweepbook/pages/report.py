"""Write a report of one or more records."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from sweepbook.aggregates.kept import kept
from sweepbook.figures.own import has_own_kinds, own_kinds
from sweepbook.findings.scorecard import COLUMNS, scorecard
from sweepbook.pages.aside import LATEX, PAGE, checked_folder, files_in, remove, written_aside
from sweepbook.pages.collections import few_collections
from sweepbook.pages.context import context_of, title_of
from sweepbook.pages.files import csv_text, write_file
from sweepbook.pages.latex import latex_names, write_latex
from sweepbook.pages.names import figure_names, unique_names
from sweepbook.pages.render import render_html, render_markdown
from sweepbook.pages.repeat import repeat_of
from sweepbook.pages.studies import claims as page_claims
from sweepbook.pages.studies.attempt import Attempts, Failed
from sweepbook.pages.studies.questions import told_once
from sweepbook.pages.studies.section import Section, section_of
from sweepbook.pages.table import Table
from sweepbook.record.load import Record, load_record, with_known_files
from sweepbook.study.project import Project

_FIGURE_SUFFIXES = ("svg", "png", "csv", "pdf")
_EARLIER_FIGURES = re.compile(r'href="figures/([A-Za-z0-9._-]+)\.csv"')


Given = str | Path | Record


def write_report(
    records: Given | Sequence[Given],
    out: str | Path,
    repeats: Given | Sequence[Given] = (),
    project: Project | None = None,
    latex: bool = False,
    title: str = "",
) -> Path:
    """Writes the report of one or more records into a folder.

    It holds report.html (self-contained), report.md, findings.csv, forest.csv, scorecard.csv and,
    for every figure and table, figures/NAME.csv, with NAME.svg and NAME.png for figures. An
    earlier report there is replaced once the new one is complete. The same records give the same
    files.

    A figure or section that fails does not end the report: its reason stands in its place, and a
    RuntimeWarning names it.

    Args:
        records: records, their folders or their URIs; one, or a list.
        out: the report's folder: a new one, an empty one, or one with an earlier report.
        repeats: records of the same studies with another seed; the report says whether their
            findings agree (repeat.csv).
        project: whose figures of its own are drawn, where it declares them on a record's study;
            None: "not drawn" stands in their place. What a record alone names is never imported.
        latex: write every table as latex/NAME.tex, too (booktabs), latex/claims.tex among them,
            and every figure as figures/NAME.pdf.
        title: of the report; "" for the question of a single study, else the project's title.

    Returns:
        The path of report.html.

    Raises:
        ValueError: no record is given, one cannot be loaded, `out` holds something that is not
            an earlier report, or the project's studies are needed and cannot be imported. Nothing
            is written then.
    """
    page, failed = written_report(records, out, repeats, project, latex, title)
    for one in failed:
        warnings.warn(one.sentence, RuntimeWarning, stacklevel=2)
    return page


def written_report(
    records: Given | Sequence[Given],
    out: str | Path,
    repeats: Given | Sequence[Given] = (),
    project: Project | None = None,
    latex: bool = False,
    title: str = "",
) -> tuple[Path, list[Failed]]:
    """As `write_report`; returns what failed beside the path of report.html."""
    loaded, again = (
        [kept(with_known_files(_loaded(record))) for record in given]
        for given in (_listed(records), _listed(repeats))
    )
    if not loaded:
        raise ValueError("a report needs at least one record, got none")
    repeat = repeat_of(loaded, again)
    own = _own_kinds(loaded, project)
    folder = checked_folder(out)
    earlier = _earlier_names(folder)
    attempts = Attempts()
    with few_collections(), written_aside(folder) as aside:
        sections = _sections(loaded, own, aside, attempts, latex)
        none = pd.DataFrame(columns=list(COLUMNS))
        printed = attempts.made("the published values", lambda: scorecard(loaded), none)
        together = page_claims.together([section.claims for section in sections])
        write_file(aside / "findings.csv", csv_text(together))
        forest = page_claims.forest([section.claims for section in sections])
        write_file(aside / "forest.csv", csv_text(forest))
        write_file(aside / "scorecard.csv", csv_text(printed))
        if repeat is not None:
            write_file(aside / "repeat.csv", csv_text(repeat.frame))
        context = context_of(loaded, sections, printed, attempts)
        context |= {"repeat": repeat, "title": title or title_of(loaded, project)}
        if latex:
            write_latex(aside, sections, _together(context))
        written = files_in(aside)
        write_file(aside / "report.md", render_markdown(context))
        write_file(aside / PAGE, render_html(context))
    names = earlier | _names_in(sections)
    stale = {f"figures/{name}.{suffix}" for name in names for suffix in _FIGURE_SUFFIXES}
    stale |= {f"{LATEX}/{name}.tex" for name in latex_names(names)}
    remove(folder, (stale | {"repeat.csv"}) - written)
    return folder / PAGE, attempts.failed


def _together(context: Mapping[str, Any]) -> list[tuple[str, str, Table]]:
    """The tables about all studies, each with its file's name and its caption."""
    repeat = context["repeat"]
    return [
        ("scorecard", "Published values beside ours", context["printed"]),
        *([("repeat", "Claims, repeated with another seed", repeat.table)] if repeat else []),
    ]


def _listed(records: Given | Sequence[Given]) -> list[Given]:
    """The records as a list, one of which may be given alone; it is a pair of frames itself."""
    return [records] if isinstance(records, str | Path | Record) else list(records)


def _loaded(record: Given) -> Record:
    return record if isinstance(record, Record) else load_record(record)


def _own_kinds(records: Sequence[Record], project: Project | None) -> list[dict[str, str]]:
    """Of each record the kinds of figures that the project declares; it is asked only if need be.

    Raises:
        ValueError: its studies cannot be imported.
    """
    needed = any(has_own_kinds(record) for record in records)
    studies = project.studies() if needed and project is not None else {}
    return [own_kinds(record, studies) for record in records]


def _sections(
    records: Sequence[Record],
    own: Sequence[Mapping[str, str]],
    folder: Path,
    attempts: Attempts,
    pdf: bool,
) -> list[Section]:
    anchors = unique_names([record.study for record in records], [r.name for r in records])
    names = figure_names(records, anchors)
    sections = [
        section_of(record, anchor, of_record, kinds, folder, attempts, pdf)
        for record, anchor, of_record, kinds in zip(records, anchors, names, own, strict=True)
    ]
    asked = [section.claims.questions for section in sections]
    told = attempts.made("questions of our own", lambda: told_once(asked, anchors), asked)
    return [
        replace(section, claims=replace(section.claims, questions=asked))
        for section, asked in zip(sections, told, strict=True)
    ]


def _names_in(sections: Sequence[Section]) -> set[str]:
    """The names of all files in figures/ that a report may have written."""
    figures = {shown.name for section in sections for shown in section.shown}
    tables = {f"{s.anchor}-{table}" for s in sections for table in ("trials", "ledger")}
    return figures | tables


def _earlier_names(folder: Path) -> set[str]:
    path = folder / PAGE
    if not path.is_file():
        return set()
    return set(_EARLIER_FIGURES.findall(path.read_text(encoding="utf-8", errors="replace")))
