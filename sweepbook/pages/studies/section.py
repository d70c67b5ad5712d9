"""What a report says of one record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from sweepbook.aggregates.nothing import FigureFailed, NothingToDraw, Spec
from sweepbook.figures.cost.ledger import draw_ledger, has_ledger
from sweepbook.figures.drawn import Drawn, title_of
from sweepbook.figures.kinds import draw, specs_of
from sweepbook.figures.looks.path import draw_limits, draw_looks, has_looks
from sweepbook.figures.own import as_declared
from sweepbook.findings.finding import MISSING
from sweepbook.pages.data_card import DataCard, data_card
from sweepbook.pages.files import Shown, csv_text, write_drawn, write_file
from sweepbook.pages.forest import Row, claim_table, rows_of
from sweepbook.pages.names import safe_name
from sweepbook.pages.studies import claims as page_claims
from sweepbook.pages.studies import provenance as page
from sweepbook.pages.studies.answers import Headline
from sweepbook.pages.studies.attempt import Attempts
from sweepbook.pages.studies.trials import failed_logs, shown_trials, trial_table
from sweepbook.pages.table import Table
from sweepbook.record.load import Record

_NO_TRIALS = pd.DataFrame({"trial_id": [], "status": []})


@dataclass(frozen=True)
class Section:
    """Everything that the templates print about one record."""

    anchor: str
    record: Record
    question: str
    endings: list[tuple[str, int]]
    problems: list[str]
    provenance: list[tuple[str, str]]
    data_anchor: str
    trials: Table
    trials_csv: str
    n_trials: int
    failed_logs: list[tuple[str, list[str]]]
    shown: list[Shown]
    ledger: Shown | None
    looks: list[Shown]
    claims: page_claims.Claims
    rows: list[Row]

    @property
    def headlines(self) -> list[Headline]:
        """Those of the study's own answers, or the first: the claims stand in their table."""
        own = bool(self.record.manifest.study.answers)
        return self.claims.headlines if own else self.claims.headlines[:1]

    @property
    def pictures(self) -> list[Shown]:
        """The figures that stand open, in the study's order."""
        return [one for one in self.shown if one.table is None and not one.note]

    @property
    def tables(self) -> list[Shown]:
        """The tables, which stand folded."""
        return [one for one in self.shown if one.table is not None]

    @property
    def notes(self) -> list[str]:
        """Why some figures are not drawn."""
        return [f"{one.title}: {one.note}" for one in self.shown if one.note]

    @property
    def claim_table(self) -> Table:
        """The declared claims as texts, for a page without bars."""
        return claim_table(self.rows)

    @property
    def missing(self) -> list[str]:
        """What is not available, a line for each reason."""
        return [f"{one.text} {one.remedy}".strip() for one in self.claims.missing]


def data_anchor(card: DataCard) -> str:
    """Where on the page a data card stands."""
    return safe_name(f"data-{card.name}-{card.sha256[:12]}")


def section_of(
    record: Record,
    anchor: str,
    names: Sequence[str],
    own: Mapping[str, str],
    folder: Path,
    attempts: Attempts,
    pdf: bool = False,
) -> Section:
    """What is said of a record; its figures, its ledger and its table of trials are written.

    Args:
        anchor: of the section on the page.
        names: of its figures' files, in the order of `specs_of`.
        own: kinds of figures that may be imported, as `own_kinds` finds them.
        folder: of the report; its figures/ exists.
        attempts: gets what fails; a sentence stands in its place.
        pdf: whether each figure is written as PDF, too.
    """
    figures = folder / "figures"
    shown = [
        _shown(as_declared(spec, own), name, record, own, figures, attempts, pdf)
        for spec, name in zip(specs_of(record), names, strict=True)
    ]
    of, made = f" of {record.name}", attempts.made
    trials = made(f"the table of trials{of}", lambda: trial_table(record), _NO_TRIALS)
    write_file(figures / f"{anchor}-trials.csv", csv_text(trials))
    claims = made(f"the findings{of}", lambda: page_claims.claims_of(record), page_claims.NONE)
    rows = made(
        f"the claims{of}",
        lambda: rows_of(anchor, claims.declared_findings, claims.forest),
        list[Row](),
    )
    return Section(
        anchor=anchor,
        record=record,
        question=record.manifest.study.question or record.study,
        endings=made(f"the endings{of}", lambda: page.endings(record), []),
        problems=[claims.problem] if claims.problem else [],
        provenance=made(f"where it comes from{of}", lambda: page.provenance(record), []),
        data_anchor=made(f"the data{of}", lambda: data_anchor(data_card(record)), ""),
        trials=made(f"the trials{of}", lambda: shown_trials(record, trials), Table([], [])),
        trials_csv=f"{anchor}-trials",
        n_trials=len(trials),
        failed_logs=made(f"the logs{of}", lambda: failed_logs(record, trials), []),
        shown=shown,
        ledger=_ledger(record, f"{anchor}-ledger", figures, attempts, pdf),
        looks=_looks(record, anchor, figures, attempts, pdf),
        claims=claims,
        rows=sorted(rows, key=lambda row: row.verdict == MISSING),  # those stay in their order
    )


def _shown(
    spec: Spec,
    name: str,
    record: Record,
    own: Mapping[str, str],
    figures: Path,
    attempts: Attempts,
    pdf: bool,
) -> Shown:
    """A figure drawn and written, or the sentence that stands in its place."""
    spec = {**spec, "name": name}
    return _written(
        lambda: draw(spec, record, allowed=own.values()),
        *(name, title_of(spec), figures, attempts, pdf),
    )


def _written(
    make: Callable[[], Drawn], name: str, title: str, figures: Path, attempts: Attempts, pdf: bool
) -> Shown:
    """What is drawn, written; a folder that cannot be written ends the report."""
    try:
        drawn = make()
    except FigureFailed as error:
        why = attempts.note(title, error.__cause__ or error, is_figure=True)
    except NothingToDraw as error:
        why = str(error)
    except Exception as error:
        why = attempts.note(title, error, is_figure=True)
    else:
        try:
            return write_drawn(drawn, figures, pdf)
        except OSError:
            raise
        except Exception as error:
            why = attempts.note(title, error, is_figure=True)
    return Shown(name, title, "", note=f"Not drawn: {why}.")


def _ledger(
    record: Record, name: str, figures: Path, attempts: Attempts, pdf: bool
) -> Shown | None:
    """Where the time went: for every record that says so, without its study asking."""
    if not attempts.made(f"the time of {record.name}", lambda: has_ledger(record), False):
        return None
    title = "Where the time went"
    return _written(
        lambda: draw_ledger({"name": name}, record), name, title, figures, attempts, pdf
    )


def _looks(
    record: Record, anchor: str, figures: Path, attempts: Attempts, pdf: bool
) -> list[Shown]:
    """The path of the claims over the looks and the table of these; [] of other records."""
    if not attempts.made(f"the looks of {record.name}", lambda: has_looks(record), False):
        return []
    kinds = {"looks": draw_looks, "boundaries": draw_limits}
    return [
        _written(
            partial(draw_one, {"name": f"{anchor}-{name}"}, record),
            *(f"{anchor}-{name}", name.capitalize(), figures, attempts, pdf),
        )
        for name, draw_one in kinds.items()
    ]
