"""The values that the exercise's report printed, as rows that can be matched with trials.

Source: published.json beside this file, a copy of the printed tables with their protocol; this is
the only part of analysis that knows one exercise.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

from analysis.aggregate import same_value
from analysis.load import CONFIG, Record

SAME_DATA = "europe-csv"  # the exercise's own files; every other data set is not theirs
_NOT_SETTINGS = ("rows", "statements", "note", "epochs", "epoch", "epochs_shown", "values")
# What the printed text says about a table's settings without a column for it (see its "note").
_IMPLIED: dict[str, dict[str, Any]] = {
    "batch_norm": {"batch_norm": True, "batch_size": 256},
    "batch_size": {"batch_norm": False},
    "deep_gradients": {"init": "he2", "residual": False, "clip_norm": 0.0},
    "implicit": {"batch_size": 256, "lr": 0.001},
}


@cache
def _sections() -> dict[str, Any]:
    text = (files("analysis") / "published.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def source() -> str:
    """Where the published values come from, as one phrase."""
    return str(_sections()["source"])


def label(data_name: str) -> str:
    """How figures name a published value beside trials on the data set `data_name`."""
    same = data_name == SAME_DATA
    return "published (single run)" if same else "published (single run, other data)"


def published_points(record: Record, trials: pd.DataFrame) -> pd.DataFrame:
    """Published values of this study that match a trial of `trials`: settings and fidelity.

    A value matches a trial when every setting printed with it equals the trial's, and the trial
    reported at the printed epoch. Returns trial_id, metric, the fidelity's own column, value;
    sorted by them; empty for other studies. Where no epoch is printed, the section's is taken.
    """
    unit = record.unit
    columns = ["trial_id", "metric", unit, "value"]
    section = _sections().get(record.study.replace("-", "_"))
    rows: list[tuple[Any, ...]] = []
    if isinstance(section, dict) and unit == "epoch":
        reached = record.reports.groupby("trial_id")[unit].max()
        for trial in trials.to_dict("records"):
            last = reached.get(trial["trial_id"], 0)
            for settings, epoch, values in _printed(record.study.replace("-", "_"), section):
                if epoch <= last and _matches(trial, settings):
                    rows += [(trial["trial_id"], name, epoch, v) for name, v in values.items()]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(columns[:3], ignore_index=True)


def _printed(
    name: str, section: dict[str, Any]
) -> list[tuple[dict[str, Any], int, dict[str, float]]]:
    """(settings, epoch, metrics) of each printed row of one section."""
    shared = {k: v for k, v in section.items() if k not in _NOT_SETTINGS}
    printed = []
    for row in section.get("rows", ()):
        values = {k: v for k, v in row.items() if k.endswith(("_acc", "_loss"))}
        own = {k: v for k, v in row.items() if k not in values and k not in _NOT_SETTINGS}
        own.pop("minutes", None)
        epoch = row.get("epoch", row.get("epochs", section.get("epochs")))
        if epoch is not None:
            printed.append((shared | own | _IMPLIED.get(name, {}), int(epoch), values))
    return printed


def _matches(trial: dict[Any, Any], settings: dict[str, Any]) -> bool:
    return all(
        CONFIG + key in trial and same_value(trial[CONFIG + key], value)
        for key, value in settings.items()
    )
