"""The best model of a record as a value: its settings, its metrics, its state, its lineage."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sweepbook.record.checkpoints import best_path, checkpoint_path, load_state
from sweepbook.record.storage.places import Place


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """Where a model comes from.

    Args:
        record: folder or URI of the record.
        record_digest: of the record as it was read; two records with the same one say the same.
        study: the study's name.
        trainable: the import path "module:function".
        seed: the study's seed, from which the seed of each replicate comes.
        data: name of the data set.
        data_sha256: a hash of its content; None where the study gives none.
        versions: package -> version with which the record was made.
        git_commit: of the code, with "+changes" where files differed from it; None: unknown.
    """

    record: str
    record_digest: str
    study: str
    trainable: str
    seed: int
    data: str
    data_sha256: str | None
    versions: Mapping[str, str]
    git_commit: str | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Best:
    """The best model of a record, or of one of its trials.

    Args:
        config: the trial's settings, as plain Python values.
        trial_id: of the trial.
        status: how the trial ended: "finished", "stopped", ...
        unit: the fidelity's unit, for example "epoch".
        fidelity: at which the trial had its best value; the metrics and the state are of there.
        metric: name of the study's metric.
        mode: "min" or "max".
        metrics: name -> mean over the replicates, for each metric that is a number.
        replicates: name -> one value per replicate, in the order of the replicates.
        n_replicates: how many there are.
        seeds: what the trainable of each replicate got as config["seed"]; empty where it trains
            all replicates as one stack, and makes their seeds itself.
        stacked: whether one state holds all replicates.
        lineage: where the model comes from (data, versions, record).
    """

    config: Mapping[str, Any]
    trial_id: str
    status: str
    unit: str
    fidelity: int
    metric: str
    mode: str
    metrics: Mapping[str, float]
    replicates: Mapping[str, list[Any]]
    n_replicates: int
    seeds: tuple[int, ...]
    stacked: bool
    lineage: Lineage
    path: Place = field(repr=False)  # of the record

    @property
    def value(self) -> float:
        """The study's metric: the mean over the replicates."""
        return self.metrics[self.metric]

    @functools.cached_property
    def state(self) -> Any:
        """What the trainable's `state` function gave there; None where the record holds none.

        Where the trainable trains all replicates as one stack it is one state; else it is a list
        with one state per replicate. Tensors are on the CPU. The file is read when this is first
        asked for, and nothing in it is executed.

        Raises:
            ValueError: the file cannot be read, or holds tensors and torch is not installed.
        """
        return _state(self)

    @property
    def why_no_state(self) -> str:
        """Why there is no state, as a sentence; "" where there is one."""
        if self.state is not None:
            return ""
        at = f"{self.unit} {self.fidelity}"
        if not checkpoint_path(self.path, self.trial_id).is_file():
            return (
                f"The record holds no state of trial {self.trial_id}: its trainable yields no "
                "'state', or the trial ended before one was written."
            )
        return (
            f"The record holds no state of trial {self.trial_id} at {at}, where it was best: the "
            "record was made by an earlier version, or the trial was interrupted before that "
            "state was written."
        )


def _state(best: Best) -> Any:
    """The state at the best fidelity: of a file of its own, or of the checkpoint."""
    content = load_state(best_path(best.path, best.trial_id, best.fidelity))
    if content is not None and _is_of(content, best):
        return content["state"]
    content = load_state(checkpoint_path(best.path, best.trial_id))
    if content is not None and content.get("fidelity") == best.fidelity:
        return content["state"]
    return None


def _is_of(content: Mapping[str, Any], best: Best) -> bool:
    """Whether a kept state is of the recorded step, and not of an attempt that was lost."""
    return content.get("metric") != best.metric or content.get("value") == best.value
