"""What a report says of one record."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sweepbook.aggregates.nothing import NothingToDraw
from sweepbook.figures.cost.ledger import draw_ledger, has_ledger
from sweepbook.figures.kinds import draw, specs_of
from sweepbook.pages import claims as page_claims
from sweepbook.pages import provenance as page
from sweepbook.pages.data_card import DataCard, data_card
from sweepbook.pages.files import _Shown, csv_text, write_drawn, write_file
from sweepbook.pages.table import Table
from sweepbook.pages.trials import shown_trials, trial_table
from sweepbook.record.load import Record


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
    trials: Table
    trials_csv: str
    n_trials: int
    shown: list[_Shown]
    ledger: _Shown | None
    claims: page_claims.Claims


def _data_anchor(card: DataCard) -> str:
    return _safe(f"data-{card.name}-{card.sha256[:12]}")


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
        shown.append(write_drawn(drawn, folder / "figures"))
    trials = trial_table(record)
    write_file(folder / "figures" / f"{anchor}-trials.csv", csv_text(trials))
    return _Section(
        anchor=anchor,
        record=record,
        question=record.manifest.study.question or record.study,
        endings=page.endings(record),
        warnings=page.warnings(record),
        provenance=page.provenance(record),
        data_anchor=_data_anchor(data_card(record)),
        trials=shown_trials(record, trials),
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
    return write_drawn(draw_ledger({"name": name}, record), folder / "figures")
