"""The values that the exercise's report printed, as rows that can be matched with trials.

Source: published.json beside this file, a copy of the printed tables with their protocol; this is
the only part of analysis that knows one exercise, and the only reader of that file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from sweepbook.aggregates.trials import same_value
from sweepbook.record.load import CONFIG, Record

SAME_DATA = "europe-csv"  # the exercise's own files; every other data set is not theirs
MINUTES = "minutes"
_METRICS = ("train_acc", "val_acc", "test_acc", "train_loss", "val_loss", "test_loss", MINUTES)
_SETTINGS = ("depth", "width", "batch_size", "lr", "encoding", "batch_norm")
PROTOCOL: Mapping[str, Any] = {"batch_size": 256, "lr": 0.001}  # "unless said"
# What a section's text and note say about its rows' settings without a column of their own.
_IMPLIED: Mapping[str, Mapping[str, Any]] = {
    "batch-norm": {"batch_norm": True},
    "batch-size": {"batch_norm": False},
    "architecture": {},
    "deep-gradients": {"init": "he2", "residual": False, "clip_norm": 0.0},
    "implicit": {},
}
_TUNED: Mapping[str, str] = {"tuned-architecture-confirm": "architecture"}
_KEPT: Mapping[str, Any] = {"lr": 0.001, "epochs": 1}  # of the image part's nets
_IMAGES = "vision-baselines"
_MODELS: Mapping[str, Mapping[str, Any]] = {
    "xgboost": {"model": "xgboost"},
    "resnet18 from scratch": {"model": "resnet18-scratch", **_KEPT},
    "resnet18 pretrained, last layer only": {
        "model": "resnet18-probe", "weights": "imagenet", **_KEPT,
    },
    "resnet18 features + sklearn logistic regression": {
        "model": "logistic-probe", "weights": "imagenet", "max_iter": 1,
    },
    "resnet18 pretrained, fine-tuned": {
        "model": "resnet18-finetune", "weights": "imagenet", **_KEPT,
    },
}  # fmt: skip


class Printed(NamedTuple):
    """One published value: study, settings, the epoch that it is of, metric, value."""

    study: str
    settings: dict[str, Any]
    epoch: int
    metric: str
    value: float


@cache
def _sections() -> dict[str, Any]:
    text = (Path(__file__).parents[2] / "analysis" / "published.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def source() -> str:
    """Where the published values come from, as one phrase."""
    return str(_sections()["source"])


def label(data_name: str) -> str:
    """How figures name a published value beside trials on the data set `data_name`."""
    same = data_name == SAME_DATA
    return "published (single run)" if same else "published (single run, other data)"


@cache
def printed_values() -> tuple[Printed, ...]:
    """Every printed number of the MLP part, then of the images', in the order of published.json.

    Of the MLP part settings are those of the row, of its section, of the section's text, and of
    the protocol. Where a row has no epoch, its number of epochs is taken, else the section's.
    """
    nets = [
        Printed(study, settings, epoch, metric, float(row[metric]))
        for study in _IMPLIED
        for row in _sections()[study.replace("-", "_")]["rows"]
        for settings, epoch in [_where(study, row)]
        for metric in _METRICS
        if metric in row
    ]
    images = [
        Printed(_IMAGES, dict(_MODELS[row["model"]]), 1, "test_acc", float(row["test_acc"]))
        for row in _sections()["vision"]["rows"]
    ]
    return (*nets, *images)


def published_value(study: str, settings: Mapping[str, Any], metric: str) -> float:
    """The printed value of `metric` whose settings include these; NaN unless there is just one."""
    found = [
        printed.value
        for printed in printed_values()
        if printed.study == study
        and printed.metric == metric
        and all(same_value(printed.settings.get(key), value) for key, value in settings.items())
    ]
    return found[0] if len(found) == 1 else math.nan


def published_untuned(study: str, settings: Mapping[str, Any], metric: str) -> float:
    """The printed value of the net whose training a study tuned; NaN where none was printed."""
    return published_value(_TUNED[study], settings, metric) if study in _TUNED else math.nan


def _where(study: str, row: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    section = _sections()[study.replace("-", "_")]
    given = {key: row.get(key, section.get(key, PROTOCOL.get(key))) for key in _SETTINGS}
    settings = {key: value for key, value in given.items() if value is not None}
    epoch = row.get("epoch", row.get("epochs", section.get("epochs")))
    return settings | dict(_IMPLIED[study]), int(epoch)


def matching_trials(trials: pd.DataFrame, settings: Mapping[str, Any]) -> list[dict[Any, Any]]:
    """Rows of `trials` that have every one of these settings, and with the same value."""
    return [
        trial
        for trial in trials.to_dict("records")
        if all(
            CONFIG + key in trial and same_value(trial[CONFIG + key], value)
            for key, value in settings.items()
        )
    ]


def published_points(record: Record, trials: pd.DataFrame) -> pd.DataFrame:
    """Published values of this study that match a trial of `trials`: settings and fidelity.

    A value matches a trial when every setting printed with it equals the trial's, and the trial
    reported at the printed epoch. Returns trial_id, metric, the fidelity's own column, value;
    sorted by them; empty for other studies. Minutes are no metric of the figures.
    """
    unit = record.unit
    columns = ["trial_id", "metric", unit, "value"]
    printed = [v for v in printed_values() if v.study == record.study and v.metric != MINUTES]
    rows: list[tuple[Any, ...]] = []
    if printed and unit == "epoch":
        reached = record.reports.groupby("trial_id")[unit].max()
        rows = [
            (trial["trial_id"], value.metric, value.epoch, value.value)
            for value in printed
            for trial in matching_trials(trials, value.settings)
            if value.epoch <= reached.get(trial["trial_id"], 0)
        ]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(columns[:3], ignore_index=True)
