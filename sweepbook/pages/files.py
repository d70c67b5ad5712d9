"""The files of a report: tables, pictures, each written aside and renamed."""

from __future__ import annotations

import base64
import io
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup
from PIL import Image

from sweepbook.figures import style
from sweepbook.figures.csv import csv_text as csv_text
from sweepbook.figures.drawn import Drawn
from sweepbook.figures.places import laid_out
from sweepbook.pages.inline.picture import inline_of
from sweepbook.pages.table import Table, as_table
from sweepbook.record.storage.files import aside_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


PNG_COLOURS = 256  # a drawing has few colours: a palette makes its PNG a third as large
_LEVEL = 8  # of the PNG's compression: 9 makes it 2 % smaller and takes three times as long


@dataclass(frozen=True)
class Shown:
    """One figure, table or refusal on the page.

    svg: the drawing as an element of the page; picture, a data URI, in its place where it is too
    large for that. notes: how to read it, for who looks closer.
    """

    name: str
    title: str
    caption: str
    picture: str = ""
    svg: Markup = Markup()
    alt: str = ""
    notes: str = ""
    table: Table | None = None
    note: str = ""


def write_drawn(drawn: Drawn, folder: Path, pdf: bool = False, *, for_page: bool = True) -> Shown:
    """Write NAME.csv, and NAME.svg and NAME.png of a figure; return what a page shows.

    pdf: write NAME.pdf of a figure, too. for_page: False where there is no page, which saves
    drawing once more for it.
    """
    write_file(folder / f"{drawn.name}.csv", csv_text(drawn.numbers))
    if drawn.figure is None:
        table = as_table(drawn.cells if drawn.cells is not None else drawn.numbers)
        return Shown(drawn.name, drawn.title, drawn.caption, table=table, notes=drawn.notes)
    with style.look(), laid_out(drawn.figure):
        png = _full(drawn.figure) if drawn.photographs else _palette(drawn.figure)
        svg = _picture(drawn.figure, "svg", {"Date": None})
        if pdf:
            page = _picture(drawn.figure, "pdf", {"CreationDate": None})
            write_file(folder / f"{drawn.name}.pdf", page)
        inline = inline_of(drawn, len(svg)) if for_page else Markup()
    write_file(folder / f"{drawn.name}.svg", svg)
    write_file(folder / f"{drawn.name}.png", png)
    picture = "" if inline else f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return Shown(
        drawn.name, drawn.title, drawn.caption, picture, inline, drawn.alt, notes=drawn.notes
    )


def _picture(figure: Figure, form: str, metadata: dict[str, None] | None = None) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():  # a figure of a project's own may lack glyphs
        warnings.filterwarnings("ignore", "Glyph ", UserWarning)
        figure.savefig(buffer, format=form, metadata=metadata)
    return buffer.getvalue()


def _full(figure: Figure) -> bytes:
    """The figure as a PNG with all its colours."""
    return _picture(figure, "png", {"Software": None})


def _palette(figure: Figure) -> bytes:
    """The figure as a PNG with a palette of its own most frequent colours, without dithering."""
    size, dpi = figure.canvas.get_width_height(), figure.get_dpi()
    full = Image.frombytes("RGBA", size, _picture(figure, "rgba")).convert("RGB")
    few = full.quantize(PNG_COLOURS, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    few.save(buffer, format="png", compress_level=_LEVEL, dpi=(dpi, dpi))
    return buffer.getvalue()


def write_file(path: Path, content: str | bytes) -> None:
    """Write aside and rename, so that a reader sees the earlier file or this one."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    aside = aside_of(path)
    try:
        with aside.open("xb") as file:  # no file that is there, and through no link
            file.write(data)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
