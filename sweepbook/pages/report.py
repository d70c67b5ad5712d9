"""Write a report of one or more records: the only file of analysis, besides load, with paths."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from sweepbook.aggregates.published import source as published_source
from sweepbook.figures.kinds import specs_of
from sweepbook.findings.scorecard import agreement, scorecard
from sweepbook.pages import claims as page_claims
from sweepbook.pages import provenance as page
from sweepbook.pages.data_card import DataCard, data_card
from sweepbook.pages.files import csv_text, write_file
from sweepbook.pages.repeat import repeat_of
from sweepbook.pages.sections import _data_anchor, _safe, _section
from sweepbook.pages.table import Table
from sweepbook.record.load import Record, load_record, with_known_files

_FIGURE_SUFFIXES = ("svg", "png", "csv")
_EARLIER_FIGURES = re.compile(r'href="figures/([A-Za-z0-9._-]+)\.csv"')


def write_report(
    records: Sequence[str | Path], out: str | Path, repeats: Sequence[str | Path] = ()
) -> Path:
    """Write the report of `records` into the folder `out`; returns the path of report.html.

    `repeats` are records of the same studies with another seed: the report says whether their
    findings agree with those of `records` (repeat.csv).

    Writes report.html (self-contained), report.md, findings.csv, scorecard.csv and, for every
    figure and table, figures/NAME.csv, with NAME.svg and NAME.png for figures. An earlier report
    in `out` is replaced file by file, each atomically, and figures that only it had are removed.
    The same records give the same files.

    Raises:
        ValueError: no record is given, one cannot be loaded, or `out` holds something that is not
            an earlier report. Nothing is written then.
    """
    if not records:
        raise ValueError("a report needs at least one record, got none")
    loaded, again = (
        [with_known_files(load_record(path)) for path in paths] for paths in (records, repeats)
    )
    repeat = repeat_of(loaded, again)
    folder = _checked_folder(Path(out))
    earlier = _earlier_names(folder)
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    cards = _data_cards(loaded)
    anchors = _unique([record.study for record in loaded], [record.name for record in loaded])
    names = _figure_names(loaded, anchors)
    sections = [
        _section(record, anchor, own, folder, cards)
        for record, anchor, own in zip(loaded, anchors, names, strict=True)
    ]
    claims = [section.claims for section in sections]
    printed = scorecard(loaded)
    write_file(folder / "findings.csv", csv_text(page_claims.together(claims)))
    write_file(folder / "scorecard.csv", csv_text(printed))
    if repeat is not None:
        write_file(folder / "repeat.csv", csv_text(repeat.frame))
    context = {
        "repeat": repeat,
        "tally": page_claims.tally(anchors, claims),
        "agreement": agreement(printed),
        "printed": page_claims.printed_table(printed),
        "title": _title(loaded),
        "sections": sections,
        "cards": cards,
        "overview": Table(
            ["study", "data", "trials", "replicates", "report rows", "status"],
            [page.summary_row(record) for record in loaded],
            frozenset({"replicates", "report rows"}),
        ),
        "published_source": published_source(),
    }
    write_file(folder / "report.md", _render("report.md.j2", context))
    write_file(folder / "report.html", _render("report.html.j2", context))
    written = {name for own in names for name in own}
    written |= {f"{anchor}-{table}" for anchor in anchors for table in ("trials", "ledger")}
    for name in earlier - written:
        for suffix in _FIGURE_SUFFIXES:
            (folder / "figures" / f"{name}.{suffix}").unlink(missing_ok=True)
    return folder / "report.html"


def _checked_folder(folder: Path) -> Path:
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder}: a report needs a folder, and this is a file")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "report.html").is_file():
        raise ValueError(
            f"{folder}: is not empty and holds no earlier report (report.html); "
            "name a new or empty folder"
        )
    return folder


def _earlier_names(folder: Path) -> set[str]:
    path = folder / "report.html"
    if not path.is_file():
        return set()
    return set(_EARLIER_FIGURES.findall(path.read_text(encoding="utf-8", errors="replace")))


def _title(records: Sequence[Record]) -> str:
    studies = list(dict.fromkeys(record.study for record in records))
    return studies[0] if len(studies) == 1 else f"{len(studies)} studies"


def _data_cards(records: Sequence[Record]) -> dict[str, DataCard]:
    """Anchor -> card, one per distinct data set, in the order of their first record."""
    cards: dict[str, DataCard] = {}
    for record in records:
        card = data_card(record)
        cards.setdefault(_data_anchor(card), card)
    return cards


def _unique(wanted: Sequence[str], longer: Sequence[str]) -> list[str]:
    """File-safe names: `wanted`, or `longer` where two want the same; numbered if need be."""
    counts = Counter(map(_safe, wanted))
    chosen: list[str] = []
    for first, second in zip(map(_safe, wanted), map(_safe, longer), strict=True):
        name, n = (first if counts[first] == 1 else second), 1
        base = name
        while name in chosen:
            n += 1
            name = f"{base}-{n}"
        chosen.append(name)
    return chosen


def _figure_names(records: Sequence[Record], anchors: Sequence[str]) -> list[list[str]]:
    """Unique file names of each record's figures: as declared, with the record's name on clash."""
    flat = [
        (str(spec.get("name") or spec.get("kind") or "figure"), anchor)
        for record, anchor in zip(records, anchors, strict=True)
        for spec in specs_of(record)
    ]
    names = _unique([name for name, _ in flat], [f"{anchor}-{name}" for name, anchor in flat])
    sizes = [len(specs_of(record)) for record in records]
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    return [names[start : start + size] for start, size in zip(starts, sizes, strict=True)]


def _render(template: str, context: dict[str, Any]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sweepbook.pages"),
        autoescape=lambda name: bool(name and name.endswith(".html.j2")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cell"] = lambda text: str(text).replace("|", "\\|").replace("\n", " ")
    return environment.get_template(template).render(context)
