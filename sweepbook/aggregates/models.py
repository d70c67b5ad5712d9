"""Models of a record: each the best of the trials that fit it, chosen on validation.

A figure spec of these kinds lists its models as {"label", "where"}: the trials with these
settings are one model, tried with other settings (a learning rate, say), and the one with the
best mean of the study's metric at its last fidelity stands for it. Test data choose nothing.
With "split", a setting, each value of it in the record is a model of its own, called by "names"
(a path by its file name); values in "always" stand there also where the record has none of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import pandas as pd

from sweepbook.aggregates.curves import curve_table, last_rows
from sweepbook.aggregates.labels import count, listing, metric_name, setting_name, setting_value
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.predictions import grouped_predictions, hit_table
from sweepbook.aggregates.published import published_value
from sweepbook.aggregates.trials import select_trials
from sweepbook.record.load import CONFIG, Record


@dataclass(frozen=True, eq=False)
class Model:
    """One model of a record.

    label: as the spec says. trials: those that fit, in any state. trial_id: of the chosen one, ""
    where there is none; problem then says why. mean, low, high: the metric that chose it, with
    its t interval over replicates. hits: row_id x replicate of its test predictions, empty where
    there are none. published: the printed test accuracy, NaN where none is.
    """

    label: str
    trials: pd.DataFrame
    trial_id: str = ""
    problem: str = ""
    mean: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    hits: pd.DataFrame = field(default_factory=pd.DataFrame)
    published: float = math.nan

    @property
    def known(self) -> bool:
        """Whether there is a chosen trial with test predictions."""
        return not self.hits.empty

    @property
    def trial(self) -> Mapping[Any, Any]:
        """The chosen trial's row of `trials`."""
        rows = self.trials[self.trials["trial_id"] == self.trial_id]
        return dict(rows.to_dict("records")[0])

    def setting(self, key: str) -> str:
        """A setting of the chosen trial as text; "–" where it has none."""
        value = self.trial.get(CONFIG + key) if self.trial_id else None
        return "–" if value is None or value != value else setting_value(value)


def models_of(record: Record, spec: Spec) -> list[Model]:
    """The models of `spec["models"]` in its order, each with its chosen trial.

    A model of which the record has no trial is left out, unless a value of it is published.

    Raises:
        NothingToDraw: a setting is unknown, or the record has none of them.
    """
    values = last_values(record)
    predictions = grouped_predictions(record)
    found = []
    for label, where in _entries(record, spec):
        trials = _select(record, where)
        published = published_value(record, where, "test_acc")
        if trials.empty and math.isnan(published):
            continue
        found.append(_model(record, label, trials, values, predictions, published))
    if all(model.trials.empty for model in found):
        raise NothingToDraw("the record has none of these models")
    return found


def _entries(record: Record, spec: Spec) -> list[tuple[str, dict[str, Any]]]:
    """Label and settings of each model, with those that are split by a setting one by one."""
    entries = []
    for entry in spec.get("models") or ():
        label, where, key = str(entry["label"]), dict(entry["where"]), entry.get("split")
        if key is None:
            entries.append((label, where))
            continue
        trials = _select(record, where)
        found = trials[CONFIG + key].dropna() if CONFIG + key in trials else ()
        names = entry.get("names") or {}
        wanted = dict.fromkeys([*entry.get("always", ()), *sorted(map(str, found))])
        for value in wanted:
            name = str(names.get(value, PurePath(value).name))
            entries.append((f"{label} ({name})", {**where, key: value}))
    return entries


def _select(record: Record, where: Mapping[str, Any]) -> pd.DataFrame:
    try:
        return select_trials(record.trials, dict(where))
    except ValueError as error:
        raise NothingToDraw(str(error)) from error


def last_values(record: Record) -> pd.DataFrame:
    """Mean, low, high and n of the study's metric at each trial's last fidelity, by trial_id."""
    if record.reports.empty or record.metric not in record.reports:
        return pd.DataFrame(columns=["mean", "low", "high", "n"])
    table = curve_table(record, [record.metric], record.trials)
    return last_rows(table, record.unit).set_index("trial_id")[["mean", "low", "high", "n"]]


def best_trial(record: Record, trials: pd.DataFrame, values: pd.DataFrame) -> str:
    """trial_id of the finished trial with the best value; of equals the first by id; "" for none.

    A diverged trial has no mean and a stopped one is censored: neither is a candidate.
    """
    ids = trials.loc[trials["status"] == "finished", "trial_id"]
    means = values["mean"].reindex(ids).astype("float64").dropna().sort_index()
    if means.empty:
        return ""
    return str(means.idxmax() if record.mode == "max" else means.idxmin())


def _model(
    record: Record,
    label: str,
    trials: pd.DataFrame,
    values: pd.DataFrame,
    predictions: pd.DataFrame,
    published: float,
) -> Model:
    trial_id = best_trial(record, trials, values)
    if not trial_id:
        return Model(label, trials, problem=_why_none(trials), published=published)
    row = values.loc[[trial_id]].astype("float64")
    hits = hit_table(predictions, trial_id)
    return Model(
        label,
        trials,
        trial_id,
        problem="" if len(hits) else "no predictions were recorded",
        mean=float(row["mean"].iloc[0]),
        low=float(row["low"].iloc[0]),
        high=float(row["high"].iloc[0]),
        n=int(row["n"].iloc[0]),
        hits=hits,
        published=published,
    )


def _why_none(trials: pd.DataFrame) -> str:
    """Why no trial of a model can stand for it: what its trials ended with."""
    if trials.empty:
        return "not in this record"
    failed = trials[trials["status"] == "failed"]
    counts = trials["status"].value_counts()
    said = ", ".join(f"{n} {status}" for status, n in counts.items())
    if failed.empty:
        return f"none of its trials trained to its end: {said}"
    return f"{count(len(failed), 'trial')} failed: {last_line(failed.iloc[0])}"


def last_line(trial: Mapping[Any, Any] | pd.Series[Any]) -> str:
    """The last line of a trial's error, without the kind of exception before it."""
    text = trial.get("error") or trial.get("reason") or "no reason was recorded"
    line = str(text).strip().split("\n")[-1]
    kind, colon, rest = line.partition(": ")
    return rest if colon and kind.replace(".", "").replace("_", "").isalnum() else line


def best_and_worst_model(record: Record, models: Sequence[Model]) -> tuple[Model, Model]:
    """Of the models with predictions the best and the worst by the study's validation metric.

    Raises:
        NothingToDraw: there are fewer than two.
    """
    known = [model for model in models if model.known]
    if len(known) < 2:
        raise NothingToDraw("fewer than two models finished with predictions")
    order = sorted(known, key=lambda model: model.mean, reverse=record.mode == "max")
    return order[0], order[-1]


def chosen_sentence(record: Record, models: Sequence[Model]) -> str:
    """How the models' trials were chosen, where there was a choice."""
    if all(len(model.trials) < 2 for model in models):
        return ""
    varied = sorted({key for model in models for key in _varied(model.trials)})
    names = " and ".join(setting_name(key) for key in varied) or "trial"
    way = "lowest" if record.mode == "min" else "highest"
    chosen = f"the {names} with the {way} mean {metric_name(record.metric)}"
    return f"Of each model {chosen}; test data choose nothing."


def _varied(trials: pd.DataFrame) -> list[str]:
    keys = [str(c) for c in trials if str(c).startswith(CONFIG)]
    return [key for key in keys if trials[key].map(repr, na_action=None).nunique() > 1]


def missing_sentence(models: Sequence[Model]) -> str:
    """Which models are not available, and why."""
    parts: dict[str, list[str]] = {}
    for model in models:
        if not model.known:
            parts.setdefault(model.problem.rstrip("."), []).append(model.label)
    sentences = [f"Not available, {why}: {listing(labels)}." for why, labels in parts.items()]
    return " ".join(sentences)
