"""Write a report of one or more records: the only file of analysis, besides load, with paths."""

from __future__ import annotations

import base64
import io
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from analysis import page, page_claims, style
from analysis.data_card import DataCard, data_card
from analysis.drawn import Drawn, NothingToDraw
from analysis.figures import draw, specs_of
from analysis.figures_ledger import draw_ledger, has_ledger
from analysis.load import Record, load_record, with_known_files
from analysis.page_repeat import repeat_of
from analysis.published import source as published_source
from analysis.scorecard import agreement, scorecard

INLINE_SVG_BYTES = 200_000  # a larger drawing goes into the page as PNG
INLINE_SVG_FACTOR = 1.5  # so does one that is so many times larger than its PNG
PNG_COLOURS = 256  # a drawing has few colours: a palette makes its PNG a third as large
_FIGURE_SUFFIXES = ("svg", "png", "csv")
_EARLIER_FIGURES = re.compile(r'href="figures/([A-Za-z0-9._-]+)\.csv"')


@dataclass(frozen=True)
class _Shown:
    """One figure, table or refusal on the page; picture is a data URI."""

    name: str
    title: str
    caption: str
    picture: str = ""
    alt: str = ""
    table: page.Table | None = None
    note: str = ""


@dataclass(frozen=True)
class _Section:
    """Everything that the templates print about one record."""

    anchor: str
    record: Record
    question: str
    endings: list[tuple[str, int]]
    warnings: list[str]
    provenance: list[tuple[str, str]]
    data_anchor: str
    trials: page.Table
    trials_csv: str
    n_trials: int
    shown: list[_Shown]
    ledger: _Shown | None
    claims: page_claims.Claims


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
    _write(folder / "findings.csv", _csv(page_claims.together(claims)))
    _write(folder / "scorecard.csv", _csv(printed))
    if repeat is not None:
        _write(folder / "repeat.csv", _csv(repeat.frame))
    context = {
        "repeat": repeat,
        "tally": page_claims.tally(anchors, claims),
        "agreement": agreement(printed),
        "printed": page_claims.printed_table(printed),
        "title": _title(loaded),
        "sections": sections,
        "cards": cards,
        "overview": page.Table(
            ["study", "data", "trials", "replicates", "report rows", "status"],
            [page.summary_row(record) for record in loaded],
            frozenset({"replicates", "report rows"}),
        ),
        "published_source": published_source(),
    }
    _write(folder / "report.md", _render("report.md.j2", context))
    _write(folder / "report.html", _render("report.html.j2", context))
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


def _data_anchor(card: DataCard) -> str:
    return _safe(f"data-{card.name}-{card.sha256[:12]}")


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


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "unnamed"


def _section(
    record: Record, anchor: str, names: Sequence[str], folder: Path, cards: dict[str, DataCard]
) -> _Section:
    shown = []
    for spec, name in zip(specs_of(record), names, strict=True):
        spec = {**spec, "name": name}
        try:
            drawn = draw(spec, record)
        except NothingToDraw as error:
            title = str(spec.get("title", name))
            shown.append(_Shown(name, title, "", note=f"Not drawn: {error}."))
            continue
        shown.append(_write_drawn(drawn, folder / "figures"))
    trials = page.trial_frame(record)
    _write(folder / "figures" / f"{anchor}-trials.csv", _csv(trials))
    return _Section(
        anchor=anchor,
        record=record,
        question=str(record.manifest["study"].get("question") or record.study),
        endings=page.endings(record),
        warnings=page.warnings(record),
        provenance=page.provenance(record),
        data_anchor=_data_anchor(data_card(record)),
        trials=page.trial_table(record, trials),
        trials_csv=f"{anchor}-trials",
        n_trials=len(trials),
        shown=shown,
        ledger=_ledger(record, f"{anchor}-ledger", folder),
        claims=page_claims.claims_of(record),
    )


def _ledger(record: Record, name: str, folder: Path) -> _Shown | None:
    """Where the time went: for every record that says so, without its study asking."""
    if not has_ledger(record):
        return None
    return _write_drawn(draw_ledger({"name": name}, record), folder / "figures")


def _write_drawn(drawn: Drawn, folder: Path) -> _Shown:
    _write(folder / f"{drawn.name}.csv", _csv(drawn.numbers))
    if drawn.figure is None:
        table = page.as_table(drawn.cells if drawn.cells is not None else drawn.numbers)
        return _Shown(drawn.name, drawn.title, drawn.caption, table=table)
    with style.look():
        svg = _picture(drawn.figure, "svg", {"Date": None})
        png = _picture(drawn.figure, "png", {"Software": None})
    png = png if drawn.photographs else _palette(png)
    _write(folder / f"{drawn.name}.svg", svg)
    _write(folder / f"{drawn.name}.png", png)
    as_svg = len(svg) <= min(INLINE_SVG_BYTES, INLINE_SVG_FACTOR * len(png))
    kind, data = ("svg+xml", svg) if as_svg else ("png", png)
    picture = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    return _Shown(drawn.name, drawn.title, drawn.caption, picture=picture, alt=drawn.alt)


def _picture(figure: Figure, form: str, metadata: dict[str, None]) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=form, metadata=metadata)
    return buffer.getvalue()


def _palette(png: bytes) -> bytes:
    """The picture with a palette of its own most frequent colours, without dithering."""
    with Image.open(io.BytesIO(png)) as full:
        few = full.convert("RGB").quantize(PNG_COLOURS, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    few.save(buffer, format="png", optimize=True, dpi=full.info.get("dpi"))
    return buffer.getvalue()


def _csv(frame: pd.DataFrame) -> str:
    return str(frame.to_csv(index=False, lineterminator="\n"))


def _render(template: str, context: dict[str, Any]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("analysis"),
        autoescape=lambda name: bool(name and name.endswith(".html.j2")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cell"] = lambda text: str(text).replace("|", "\\|").replace("\n", " ")
    return environment.get_template(template).render(context)


def _write(path: Path, content: str | bytes) -> None:
    """Write aside and rename, so that a reader sees the earlier file or this one."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    aside.write_bytes(data)
    os.replace(aside, path)
