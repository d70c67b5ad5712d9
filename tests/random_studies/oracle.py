"""What a record must hold of a trial, by a plain loop over its generators: the contract anew.

Nothing here is the tool's but the seed of a replicate. docs/trainable.md is what it follows.
"""

import contextlib
import copy
import io
import math
import os
import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from sweepbook.record.planned import Trial
from sweepbook.tune.worker.generator import replicate_seed
from tests.random_studies import misbehaving

END = "its end"  # what stands behind the last dict
MEANT = ("state", "predictions", "times", "replicates")


@dataclass
class Expected:
    """How a trial must end: its rows, and what its error names."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    status: str = "finished"
    raised: BaseException | None = None  # what the trainable raised, where that is the error

    def failed(self, raised: BaseException | None = None) -> "Expected":
        self.status, self.raised = "failed", raised
        return self


def alone(trial: Trial, replicate: int) -> list[Any]:
    """What one replicate yields, by itself; last END, or the exception that it ends by."""
    seed, events = replicate_seed(trial.seed, replicate), list[Any]()
    config = copy.deepcopy(trial.config) | {"seed": seed}
    folder, environment = os.getcwd(), dict(os.environ)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch.manual_seed(seed)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            made = misbehaving.train(config)
            if isinstance(made, dict) and made.get(trial.unit, 1) == trial.max_fidelity:
                return [{trial.unit: 1, **made}, END]  # the one report of a function of Ray's
            if isinstance(made, dict | None):
                return [made and "no generator"]
            for metrics in made:
                events.append(copy.copy(metrics))
        events.append(END)
    except BaseException as error:
        events.append(error)
    finally:
        torch.set_grad_enabled(True)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
    return events


def expected(trial: Trial, known: dict[str, str]) -> Expected:
    """Returns how a trial ends.

    Args:
        known: metric -> kind, of the trials before; this one's are added.
    """
    stories = [alone(trial, r) for r in range(trial.n_replicates)]
    found, own, gone, before = Expected(), dict[str, str](), set[int](), 0
    for k in range(max(map(len, stories))):
        heads = {r: story[k] for r, story in enumerate(stories) if k < len(story)}
        for metrics in heads.values():
            if isinstance(metrics, BaseException):
                return found.failed(metrics)
            if metrics is END and not k:
                return found.failed()
            if metrics is not END and not is_right(metrics, before, trial):
                return found.failed()
        heads = {r: metrics for r, metrics in heads.items() if metrics is not END}
        if not heads:
            break
        at = {int(metrics[trial.unit]) for metrics in heads.values()}
        rows = [row_of(metrics, r) for r, metrics in heads.items()]
        if len(at) > 1 or None in rows or not fit(rows, own) or not fit(rows, known):
            return found.failed()
        (before,) = at
        found.rows += rows
        gone |= {row["replicate"] for row in rows if has_diverged(row, trial)}
        if before == trial.max_fidelity:
            after = [story[k + 1] for story in stories if len(story) > k + 1]
            if wrong := [one for one in after if one is not END]:
                return found.failed(wrong[0])
            break
        if len(gone) == trial.n_replicates:
            break
    if len(gone) == trial.n_replicates:
        found.status = "diverged"
    return found


def is_right(metrics: Any, before: int, trial: Trial) -> bool:
    """Whether a yielded thing says where it stands, and has the metric and names of metrics."""
    if not isinstance(metrics, dict) or trial.unit not in metrics or trial.metric not in metrics:
        return False
    at = metrics[trial.unit]
    if not isinstance(at, int | float) or at != int(at) or not before < at <= trial.max_fidelity:
        return False
    if not all(isinstance(name, str) and name for name in metrics):
        return False
    if {"trial_id", "replicate", "replicates"} & metrics.keys() or "times" in metrics:
        return False
    if not all(callable(metrics[name]) for name in MEANT if name in metrics):
        return False
    value = metrics[trial.metric]
    return value is None or kind_of(value) == "number"


def row_of(metrics: dict[str, Any], replicate: int) -> dict[str, Any] | None:
    """The row of a yielded dict; None where a value is nothing that a record holds."""
    own = {name: as_plain(value) for name, value in metrics.items() if name not in MEANT}
    bad = any(value is not None and kind_of(value) is None for value in own.values())
    return None if bad else {"replicate": replicate, **own}


def as_plain(value: Any) -> Any:
    is_date = isinstance(value, np.datetime64)
    return value.tolist() if hasattr(value, "tolist") and not is_date else value


def kind_of(value: Any) -> str | None:
    """The kind of a value; None where it is missing, or nothing that a record holds."""
    value = as_plain(value)
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int):
        return "number" if abs(value) < 2**63 else None
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "text" if value.isprintable() or "\ud800" not in value else None
    if isinstance(value, list):
        kinds = {kind_of(one) for one in value if one is not None}
        return None if None in kinds or len(kinds) > 1 else f"list {''.join(kinds)}"
    return None


def fit(rows: list[dict[str, Any]], known: dict[str, str]) -> bool:
    """Whether all values are of their metric's kind; learns the kinds where they are."""
    kinds = dict(known)
    for row in rows:
        for name, value in row.items():
            kind = kind_of(value)
            if kind is None:
                continue
            before = kinds.setdefault(name, kind)
            if kind != before and "list " not in (kind, before):
                return False
            if (kind.startswith("list"), before.startswith("list")) not in ((0, 0), (1, 1)):
                return False
            kinds[name] = max(kind, before, key=len)
    known |= kinds
    return True


def has_diverged(row: dict[str, Any], trial: Trial) -> bool:
    watched = [row[trial.metric]]
    loss = row.get("train_loss", 0.0)
    watched += [loss] if loss is None or kind_of(loss) in ("number", "flag") else []
    return any(value is None or not math.isfinite(value) for value in watched)
