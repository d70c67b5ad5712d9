"""What an analysis script is made of, beside frames: figures of a record, drawn and written.

A script of one's own loads a record, aggregates it into frames, draws and writes:

    record = load_record("records/batch-norm")
    print(trial_table(record))
    curves = draw(record, kind="curves", name="loss", metrics=["val_loss"], by=["batch_norm"])
    write_figure(curves, "out")
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import kinds
from sweepbook.figures.cost.ledger import has_ledger
from sweepbook.figures.drawn import Drawn as Drawn  # what its functions return
from sweepbook.figures.own import as_declared, has_own_kinds, own_kinds
from sweepbook.pages import files
from sweepbook.pages.names import safe_name
from sweepbook.record.load import Record
from sweepbook.study.hooks import add_to_path
from sweepbook.study.project import find_project

_log = logging.getLogger(__name__)


def draw(record: Record, *, kind: str, name: str, **settings: Any) -> Drawn:
    """Draw one figure or table of a record, as a report would.

    Args:
        record: as `load_record` returns it.
        kind: what to draw, for example "curves" (metrics against fidelity, a line per trial),
            "panels" (a panel per trial), "against" (a metric against a setting), "table"
            (trials at chosen fidelities), "class_accuracy" or "ledger" (where the time went); or
            the import path of a function of one's own, "module:function", which takes the
            settings as a dict and the record. It is found from the project that one works in.
        name: what its files are called.
        settings: of the kind, as in `figures` of a study: metrics (a list of columns of the
            reports), by (settings that tell the lines apart), where (settings of the trials that
            are shown), at (fidelities, or "last"), title, ...

    Returns:
        What was drawn: `numbers` (a frame with the very numbers shown), `figure` (matplotlib's;
        None for a table), `caption`, `notes` (how to read it), `title` and `name`.

    Raises:
        NothingToDraw: the kind or a setting is unknown, a setting is missing, or nothing in the
            record fits.
    """
    if ":" in kind and (project := find_project()) is not None:
        add_to_path(str(project.root))
    spec = {"kind": kind, "name": name, **settings}
    if kind in kinds.KEYS and (unknown := kinds.unknown_keys(spec)):
        raise NothingToDraw(unknown[0])
    return kinds.draw(spec, record, allowed=[kind])


def draw_all(record: Record, figures: Sequence[Mapping[str, Any]] | None = None) -> list[Drawn]:
    """Draw several figures and tables of a record, each given by the settings of `draw`.

    Args:
        figures: None: all that the report draws of this record, which is what its study declares,
            what every search has, and the ledger of its time. Functions of one's own are called
            only where the project that one works in declares them on the same study.

    Returns:
        What was drawn, in their order. A figure for which the record has nothing is left out,
        with a warning in the log that says why; the report prints the same reason in its place.
    """
    if figures is None:
        return list(_drawn((str(spec["name"]), one) for spec, one in _of_report(record)))
    return list(_drawn((str(f["name"]), partial(draw, record, **f)) for f in figures))


def _drawn(figures: Iterable[tuple[str, Callable[[], Drawn]]]) -> Iterator[Drawn]:
    for name, draw_one in figures:
        try:
            yield draw_one()
        except NothingToDraw as error:
            _log.warning("%s is not drawn: %s", name, error)


def _of_report(record: Record) -> Iterator[tuple[Spec, Callable[[], Drawn]]]:
    """What the report draws where one works: own kinds as the project there declares them."""
    project = find_project() if has_own_kinds(record) else None
    own = own_kinds(record, project.studies() if project else {})
    ledger = {"kind": "ledger", "name": f"{record.study}-ledger"}
    for spec in (*kinds.specs_of(record), *([ledger] if has_ledger(record) else [])):
        spec = as_declared(spec, own)
        yield spec, partial(kinds.draw, spec, record, allowed=own.values())


def draw_named(record: Record, name: str) -> Drawn:
    """Draw the figure or table of this name that the report draws of a record.

    Args:
        name: the figure's name, with or without the study's name before it, or its kind where
            the report has one figure of that kind.

    Raises:
        ValueError: no figure has the name; the message lists those that there are.
        NothingToDraw: nothing in the record fits; the message says what is missing.
    """
    figures = list(_of_report(record))
    named = {spec["name"]: draw_one for spec, draw_one in figures}
    kinds_of = [spec["kind"] for spec, _ in figures]
    for wanted in (name, f"{record.study}-{name}"):
        if wanted in named:
            return named[wanted]()
    if kinds_of.count(name) == 1:
        return figures[kinds_of.index(name)][1]()
    raise ValueError(f"the report has no figure {name!r}: choose one of {', '.join(named)}")


def write_figure(drawn: Drawn, folder: str | Path) -> Path:
    """Write what was drawn into a folder, which is made where it is missing.

    Writes NAME.csv, the numbers, and for a figure NAME.svg and NAME.png; files of these names are
    replaced, each atomically. Characters of the name that a file name cannot have become hyphens.
    Returns the path of NAME.csv.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    named = replace(drawn, name=safe_name(drawn.name))
    files.write_drawn(named, Path(folder), for_page=False)
    return Path(folder) / f"{named.name}.csv"


def write_table(frame: pd.DataFrame, path: str | Path) -> Path:
    """Write a frame as CSV, without its index and with numbers in full precision.

    The folder is made where it is missing; a file of that name is replaced atomically. Returns
    the path.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    files.write_file(Path(path), files.csv_text(frame))
    return Path(path)
