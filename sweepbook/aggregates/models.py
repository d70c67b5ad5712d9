"""Models of a record: each the best of the trials that fit it, chosen on validation.

A figure spec of these kinds lists its models as {"label", "where"}: the trials with these
settings are one model, tried with other settings (a learning rate, say). Validation chooses among
them as `aggregates.choice` says: the value of each replicate is that of the trial which the other
replicates choose. Test data choose nothing.
With "split", a setting, each value of it in the record is a model of its own, called by "names"
(a path by its file name).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import pandas as pd

from sweepbook.aggregates.choice import Choice, choose
from sweepbook.aggregates.hits import Hits, hits_of
from sweepbook.aggregates.kept import lookup
from sweepbook.aggregates.labels import count, listing, metric_name, setting_name, setting_value
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.predictions import grouped_predictions
from sweepbook.aggregates.published import published_value
from sweepbook.aggregates.trials import select_trials
from sweepbook.record.load import CONFIG, Record
from sweepbook.stats.choice import with_choice
from sweepbook.stats.intervals import one_sample


@dataclass(frozen=True, eq=False)
class Model:
    """One model of a record.

    label: as the spec says. trials: those that fit, in any state. choice: among them; None where
    there is none, and problem then says why. mean, low, high: the metric that chooses, with its
    t interval over replicates. hits: of its test predictions, empty where there are none.
    published: the printed test accuracy, NaN where none is.
    """

    label: str
    trials: pd.DataFrame
    choice: Choice | None = None
    problem: str = ""
    mean: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    hits: Hits = field(default_factory=lambda: Hits(pd.DataFrame()))
    published: float = math.nan

    @property
    def known(self) -> bool:
        """Whether there is a chosen trial with test predictions."""
        return not self.hits.table.empty

    @property
    def trial_id(self) -> str:
        """The trial that all replicates together choose, the one to use; "" where none is."""
        return self.choice.trial_id if self.choice else ""

    @property
    def trial(self) -> Mapping[Any, Any]:
        """That trial's row of `trials`."""
        return self._row(self.trial_id)

    def _row(self, trial_id: str) -> Mapping[Any, Any]:
        rows = self.trials[self.trials["trial_id"] == trial_id]
        return dict(rows.to_dict("records")[0])

    def trial_of(self, replicate: int) -> str:
        """The trial whose values those of a replicate are; "" where none is."""
        return self.choice.picks.get(replicate, "") if self.choice else ""

    def setting(self, key: str) -> str:
        """A setting of the chosen trials as text, the most frequent first; "–" for none."""
        rows = [self._row(name) for name in (self.choice.trial_ids if self.choice else ())]
        known = [v for row in rows if (v := row.get(CONFIG + key)) is not None and v == v]
        return ", ".join(dict.fromkeys(map(setting_value, known))) or "–"


def models_of(record: Record, spec: Spec) -> list[Model]:
    """The models of `spec["models"]` in its order, each with its chosen trial.

    A model of which the record has no trial is left out.

    Raises:
        NothingToDraw: a setting is unknown, or the record has none of them.
    """
    key = f"models {list(spec.get('models') or ())}"  # several figures show the same ones
    known = lookup(record).notes
    if key not in known:
        known[key] = tuple(_models_of(record, spec))
    if not known[key]:
        raise NothingToDraw("the record has none of these models")
    return list(known[key])


def _models_of(record: Record, spec: Spec) -> Iterator[Model]:
    predictions = grouped_predictions(record)
    for label, where in _entries(record, spec):
        trials = _select(record, where)
        if not trials.empty:
            published = published_value(record, where, "test_acc")
            yield _model(record, label, trials, predictions, published)


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
        for value in dict.fromkeys(sorted(map(str, found))):
            name = str(names.get(value, PurePath(value).name))
            entries.append((f"{label} ({name})", {**where, key: value}))
    return entries


def _select(record: Record, where: Mapping[str, Any]) -> pd.DataFrame:
    try:
        return select_trials(record.trials, dict(where))
    except ValueError as error:
        raise NothingToDraw(str(error)) from error


def _model(
    record: Record,
    label: str,
    trials: pd.DataFrame,
    predictions: pd.DataFrame,
    published: float,
) -> Model:
    choice = choose(record, trials, record.metric, "max" if record.mode == "max" else "min")
    if choice is None:
        return Model(label, trials, problem=_why_none(trials), published=published)
    values, pseudo = choice.values({str(i): row for i, row in choice.scores.iterrows()})
    overlap = record.manifest.data.overlap
    found = with_choice(one_sample(values, overlap=overlap), values, pseudo)
    hits = hits_of(predictions, choice)
    return Model(
        label,
        trials,
        choice,
        problem="" if len(hits.table) else "no predictions were recorded",
        mean=found.mean,
        low=found.low,
        high=found.high,
        n=found.n,
        hits=hits,
        published=published,
    )


def _why_none(trials: pd.DataFrame) -> str:
    """Why no trial of a model can stand for it: what its trials ended with."""
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


def chosen_sentence(record: Record, models: Sequence[Model], whole: bool = False) -> str:
    """How the models' trials were chosen, where there was a choice.

    whole: one trial of each model is shown, the one that all its replicates choose.
    """
    if all(len(model.trials) < 2 for model in models):
        return ""
    varied = sorted({key for model in models for key in _varied(model.trials)})
    names = " and ".join(setting_name(key) for key in varied) or "trial"
    way = "lowest" if record.mode == "min" else "highest"
    chosen = f"the {names} with the {way} mean {metric_name(record.metric)}"
    if whole or any(model.choice and model.choice.flatters for model in models):
        return (
            f"Of each model {chosen} is shown. Its seeds have chosen it, so its values are a "
            "little too good; test data choose nothing."
        )
    return (
        f"Each seed's value is of {chosen} over the other seeds, so no seed chooses what it "
        "scores; test data choose nothing."
    )


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
