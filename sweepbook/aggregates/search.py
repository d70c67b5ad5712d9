"""What a record says of a search: its space, its cells, and its trials in order of suggestion.

A record is of a search where its manifest has `search`. A trial that a scheduler stopped is
censored: it has no value at full length, so that nothing here compares it with those that have.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.aggregates.curves import curve_table, last_rows
from sweepbook.aggregates.labels import setting_name, setting_value
from sweepbook.aggregates.trials import same_value
from sweepbook.record.load import CONFIG, Record
from sweepbook.study.settings import setting_key

Domain = Mapping[
    str, Any
]  # {"kind": "float"|"int", "low", "high", "log"} or {"kind": "choice", ...}


@dataclass(frozen=True, eq=False)
class Search:
    """A record's search.

    space: open setting -> its domain: {"kind": "float" or "int", "low", "high", "log"}, bounds
        inclusive, or {"kind": "choice", "choices"}.
    scientific: open settings that the question is about. cells: the settings of each part that was
        searched by itself, [{}] for one.
    trials: one row per trial that reported, in the order of suggestion: trial_id, number, cell
        (place in cells), status, last (fidelity), value, low, high (mean and 95 % t interval over
        replicates at the last fidelity), n (replicates), is_full, config/*.
    curve: means by fidelity of all these trials, as curve_table gives them.
    """

    record: Record
    space: Mapping[str, Domain]
    scientific: list[str]
    cells: list[dict[str, Any]]
    trials: pd.DataFrame
    curve: pd.DataFrame

    @property
    def full(self) -> pd.DataFrame:
        """The trials that finished with all replicates finite: their values can be compared."""
        return self.trials[self.trials["is_full"]]

    @property
    def cell_labels(self) -> list[str]:
        """Each cell's settings as text; [""] for one cell."""
        return [
            ", ".join(f"{setting_name(k)} {setting_value(v)}" for k, v in cell.items())
            for cell in self.cells
        ]

    def ranked(self, trials: pd.DataFrame) -> pd.DataFrame:
        """Those of `trials` at full length, the best first; equal ones in order of suggestion."""
        full = trials[trials["is_full"]]
        return full.sort_values("value", ascending=self.record.mode == "min", kind="stable")

    def varied(self) -> dict[str, Domain]:
        """Setting -> domain of all that differ between trials: those of the cells, then open ones.

        A setting of the cells is a choice among the values that they have.
        """
        names = dict.fromkeys(key for cell in self.cells for key in cell)
        domains: dict[str, Domain] = {
            key: {"kind": "choice", "choices": _distinct([c.get(key) for c in self.cells])}
            for key in names
        } | dict(self.space)
        columns = {key: self.trials.get(CONFIG + key) for key in domains}
        return {
            key: domain
            for key, domain in domains.items()
            if (column := columns[key]) is not None and column.map(repr).nunique() > 1
        }


def search_of(record: Record) -> Search | None:
    """The record's search, or None where it is of none or nothing was reported yet."""
    spec = record.manifest.search
    if not spec or record.reports.empty or record.metric not in record.reports:
        return None
    trials = record.trials[record.trials["trial_id"].isin(record.reports["trial_id"])]
    if trials.empty:
        return None
    cells = [dict(cell) for cell in spec.cells or [{}]]
    keys = [key for key in ("number", "started") if key in trials]
    trials = trials.sort_values([*keys, "trial_id"]).reset_index(drop=True)
    curve = curve_table(record, [record.metric], trials)
    last = last_rows(curve, record.unit).set_index("trial_id")
    last = last.rename(columns={"mean": "value", record.unit: "last"})
    table = trials[["trial_id", "status", *(n for n in trials if str(n).startswith(CONFIG))]]
    table = table.join(last[["last", "value", "low", "high", "n"]], on="trial_id")
    value = table["value"].astype("float64")
    table = table.assign(
        number=trials["number"] if "number" in trials else np.arange(len(trials)),
        cell=[_cell_of(row, cells) for row in trials.to_dict("records")],
        is_full=(table["status"] == "finished") & np.isfinite(value),
    )
    space = {key: domain for key, domain in spec.space.items() if CONFIG + key in trials}
    scientific = [key for key in spec.scientific if key in space]
    return Search(record, space, scientific, cells, table, curve)


def _cell_of(trial: Mapping[Any, Any], cells: Sequence[Mapping[str, Any]]) -> int:
    for place, cell in enumerate(cells):
        if all(same_value(trial.get(CONFIG + key), value) for key, value in cell.items()):
            return place
    return 0


def place_of(domain: Domain, value: Any) -> float:
    """Where a value lies in its domain: 0 at the low end, 1 at the high one; NaN outside choices.

    On the scale on which it is searched; the choices stand at even distances.

    >>> place_of({"kind": "float", "low": 0.001, "high": 0.1, "log": True}, 0.01)
    0.5
    >>> place_of({"kind": "choice", "choices": ["relu", "tanh"]}, "tanh")
    1.0
    """
    if domain["kind"] == "choice":
        choices = domain["choices"]
        places = [i for i, choice in enumerate(choices) if same_value(choice, value)]
        return places[0] / max(1, len(choices) - 1) if places else math.nan
    scale = math.log if domain.get("log") else float
    low, high, at = (scale(float(v)) for v in (domain["low"], domain["high"], value))
    return float(round((at - low) / (high - low), 12))


def value_at(domain: Domain, place: float) -> float:
    """The value at a place 0..1 of a numeric domain: the inverse of place_of."""
    low, high = float(domain["low"]), float(domain["high"])
    if domain.get("log"):
        return math.exp(math.log(low) + place * math.log(high / low))
    return low + place * (high - low)


def _distinct(values: Sequence[Any]) -> list[Any]:
    found = list({setting_key(value): value for value in values}.values())
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in found)
    return sorted(found) if numbers else found
