"""One generator per replicate, stepped in turn, and what they yield as rows."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sweepbook.record.checkpoints import Rows
from sweepbook.record.ledger import Ledger
from sweepbook.record.planned import Trial
from sweepbook.study.configs import made_config
from sweepbook.study.hooks import config_type, load_object

CALLABLES = ("state", "predictions")


def rows_of(metrics: Mapping[str, Any], n_replicates: int) -> Rows:
    """Returns one row per replicate of a yielded dict: its own values, or the shared ones.

    Raises:
        ValueError: where the dict holds values for another number of replicates.
        TypeError: where one is nothing that a table of metrics can hold.
    """
    shared = {k: v for k, v in metrics.items() if k != "replicates" and k not in CALLABLES}
    own = metrics.get("replicates", {})
    for name, values in own.items():
        if len(values) != n_replicates:
            raise ValueError(f"{name} has {len(values)} values for {n_replicates} replicates")
    return [
        {
            "replicate": r,
            **{name: _plain(name, value) for name, value in shared.items()},
            **{name: _plain(name, values[r]) for name, values in own.items()},
        }
        for r in range(n_replicates)
    ]


def _plain(name: str, value: Any) -> Any:
    """A cell as tables and checkpoints hold it; numpy's and torch's values become Python's."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(name, one) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(
        f"{name} is a {type(value).__name__}, {value!r}: a record holds numbers, texts, None, and "
        "lists of these"
    )


def steps_of(trial: Trial, state: Any, ledger: Ledger) -> Iterator[dict[str, Any]]:
    """Yields a trial's dicts, with the seconds of each step where the trainable has none.

    Args:
        state: of a checkpoint, to go on from; None: from the beginning.
    """
    trainable = load_object(trial.trainable)
    ledger.lap("import")
    generator = (
        _call(trainable, trial.config, state)
        if trial.stacked
        else _lockstep(trial, trainable, state)
    )
    start = time.perf_counter()
    for metrics in generator:
        yield {"time_s": time.perf_counter() - start, **metrics}
        start = time.perf_counter()


def _call(
    trainable: Callable[..., Any], config: dict[str, Any], state: Any
) -> Iterator[dict[str, Any]]:
    kind = config_type(trainable)
    settings = made_config(kind, config) if kind else config
    return iter(trainable(settings) if state is None else trainable(settings, state=state))


def _lockstep(trial: Trial, trainable: Callable[..., Any], state: Any) -> Iterator[dict[str, Any]]:
    """Steps one generator per replicate in turn and joins what they yield."""
    seeds = [replicate_seed(trial.seed, r) for r in range(trial.n_replicates)]
    states = state or [None] * trial.n_replicates
    takes_seed = trial.n_replicates > 1 or "seed" in trial.config or not config_type(trainable)
    generators = [
        _call(trainable, {**trial.config, "seed": seed} if takes_seed else trial.config, own)
        for seed, own in zip(seeds, states, strict=True)
    ]
    for step in zip(*generators, strict=True):
        names = [k for k in step[0] if k not in CALLABLES and k != "times"]
        joined: dict[str, Any] = {trial.unit: step[0][trial.unit]}
        joined["replicates"] = {k: [s[k] for s in step] for k in names}
        if "times" in step[0]:
            joined["times"] = _sum([s["times"] for s in step])
        if "state" in step[0]:
            joined["state"] = lambda step=step: [s["state"]() for s in step]
        if "predictions" in step[0]:
            joined["predictions"] = lambda step=step: _stack([s["predictions"]() for s in step])
        yield joined


def _sum(times: Sequence[Mapping[str, float]]) -> dict[str, float]:
    phases = {phase for own in times for phase in own}
    return {phase: sum(own.get(phase, 0.0) for own in times) for phase in phases}


def replicate_seed(seed: int, replicate: int) -> int:
    """Returns the seed below 2**31 of a replicate: of (study seed, replicate) alone."""
    sequence = np.random.SeedSequence(seed, spawn_key=(replicate,))
    return int(sequence.generate_state(1)[0] >> 1)


def _stack(parts: list[dict[str, Any]]) -> dict[str, Any]:
    shared = {"split": parts[0]["split"]}
    return shared | {k: np.stack([p[k] for p in parts]) for k in parts[0] if k != "split"}
