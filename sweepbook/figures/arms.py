"""The trials that a figure shows, each of them one arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sweepbook.aggregates.curves import extreme_trials
from sweepbook.aggregates.labels import arm_labels, better, sorted_trials
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.trials import arm_columns, select_trials
from sweepbook.figures import style
from sweepbook.record.load import Record


@dataclass(frozen=True, eq=False)
class Arms:
    """The trials of one figure in reading order; columns tell them apart; labels by trial_id."""

    trials: pd.DataFrame
    columns: list[str]
    labels: pd.Series[str]

    @property
    def names(self) -> list[str]:
        """The labels in reading order."""
        return [str(self.labels[trial_id]) for trial_id in self.trials["trial_id"]]

    def first(self, most: int) -> Arms:
        """The first `most` of them."""
        return Arms(self.trials.head(most), self.columns, self.labels)


def choose_arms(record: Record, spec: Spec, by: Sequence[str] | None = None) -> Arms:
    """The trials that `spec["where"]` keeps and that reported, each of them one arm.

    `spec["arms"]`, a list of {"label", "where"}, names trials and orders them; others are left
    out then.

    Raises:
        NothingToDraw: there is none, or a setting is unknown.
    """
    keys = list(spec.get("by", []) if by is None else by)
    try:
        trials = select_trials(record.trials, spec.get("where") or {})
        if trials.empty:
            wanted = [f"{key} = {value}" for key, value in (spec.get("where") or {}).items()]
            raise NothingToDraw(f"no trial has {' and '.join(wanted) or 'been planned yet'}")
        trials = trials[trials["trial_id"].isin(record.reports["trial_id"].unique())]
        if trials.empty:
            raise NothingToDraw("none of its trials has reported yet")
        if spec.get("arms"):
            return _named_arms(trials, spec["arms"], keys, record.setting)
        columns = arm_columns(trials, keys, [record.setting])
    except NothingToDraw:
        raise
    except ValueError as error:
        raise NothingToDraw(str(error)) from error
    trials = sorted_trials(trials, columns)
    return Arms(trials, columns, arm_labels(trials, columns))


def best_and_worst(record: Record, arms: Arms, spec: Spec) -> Arms:
    """The best and the worst of some arms by `spec["select"]`, a validation metric, so labelled.

    Raises:
        NothingToDraw: fewer than two trials finished whole, or the metric is unknown.
    """
    select = str(spec.get("select", record.metric))
    mode = record.mode if select == record.metric else better(select, spec.get("mode"))
    try:
        found = extreme_trials(record, select, mode, arms.trials)
    except ValueError as error:
        raise NothingToDraw(str(error)) from error
    if found is None:
        raise NothingToDraw("fewer than two trials finished with all replicates finite")
    chosen = arms.trials.set_index("trial_id").loc[list(found)].reset_index()
    names = zip(("best", "worst"), found, strict=True)
    labels = pd.Series({t: f"{name}: {arms.labels[t]}" for name, t in names})
    return Arms(chosen, arms.columns, labels)


def _named_arms(trials: pd.DataFrame, named: Sequence[Spec], by: list[str], setting: str) -> Arms:
    """The trials of each {"label", "where"} in turn; where one fits several, settings tell."""
    parts, labels = [], {}
    for arm in named:
        chosen = select_trials(trials, arm["where"])
        own = arm_labels(chosen, arm_columns(chosen, [], [setting]))
        for trial_id, rest in own.items():
            labels[trial_id] = arm["label"] if len(chosen) == 1 else f"{arm['label']}, {rest}"
        parts.append(chosen)
    joined = pd.concat(parts).drop_duplicates("trial_id", ignore_index=True)
    if joined.empty:
        raise NothingToDraw("no trial fits any of its arms")
    keys = list(dict.fromkeys([*by, *(key for arm in named for key in arm["where"])]))
    columns = arm_columns(joined, keys, [setting])
    return Arms(joined, columns, pd.Series(labels, dtype="str"))


def with_arms(table: pd.DataFrame, arms: Arms, unit: str) -> pd.DataFrame:
    """`table` with the trial's label (line), ending (status), settings, and x = its fidelity.

    Rows are sorted in the arms' order, then by metric as they come, then by fidelity.
    """
    order = {trial_id: i for i, trial_id in enumerate(arms.trials["trial_id"])}
    extra = arms.trials[["trial_id", "status", *arms.columns]]
    joined = table.merge(extra, on="trial_id", how="inner")
    joined = joined.assign(line=joined["trial_id"].map(arms.labels))
    if unit in joined:
        joined["x"] = joined[unit]
    place = joined["trial_id"].map(order)
    return joined.iloc[place.argsort(kind="stable")].reset_index(drop=True)


def arm_looks(record: Record, arms: Arms) -> dict[str, tuple[str, object]]:
    """Colour and dash of each arm's label, in reading order.

    A label has the same look in all figures of a record that tell trials apart by the same
    settings, whichever trials they show.
    """
    labels = arms.names
    everything = sorted_trials(record.trials, arms.columns)
    known = list(dict.fromkeys(arm_labels(everything, arms.columns)))
    if len(known) > len(style.PALETTE) or not set(labels) <= set(known):
        known = labels
    palette = style.colours(len(known))
    return {label: (palette[i], "-") for i, label in enumerate(known) if label in labels}
