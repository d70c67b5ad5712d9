"""What every trainable of every study owes to the runner, on each config that is declared."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search_spaces import STUDIES
from sweepbook import Study
from tests.steps import through_a_file

Epoch = dict[str, Any]
CASES = [
    pytest.param(study, config, id=f"{study.name}-{i}")
    for study in STUDIES.values()
    if study.trainable.startswith("trainables.mlp:")
    for i, config in enumerate(study.configs())
    if study.name != "variance" or not i  # its configs differ in their seeds alone
]
SPLITS = ("train", "val", "test")
METRICS = dict.fromkeys(
    (f"trainables.mlp:{name}" for name in ("train_mlp", "train_mlp_leak", "train_mlp_crossed")),
    {*(f"{split}_{what}" for split in SPLITS for what in ("loss", "acc")), "test_acc_clean"},
)
# The images have a contract of their own: they are not stacked, and their models differ.
ELSEWHERE = {"trainables.vision:train_vision", "trainables.pretext:train_pretext"}
SOMETIMES = {"train_eval_loss", "train_eval_acc"}  # the shown epochs and the last
ON_REQUEST = {
    "batch_losses": {"batch_losses"},
    "track_gradients": {"grad_sq_norm", "grad_zero_share"},
    "time_single": {"single_s"},
}
CALLABLES = {"state", "predictions"}
CLOCK = {"time_s", "times", "single_s"}
PHASES = {"import", "data", "compile", "train", "evaluate"}


@pytest.fixture(scope="session")
def few_cities(
    tmp_path_factory: pytest.TempPathFactory,
    write_cities: Callable[[Path, dict[str, int]], Path],
) -> Path:
    sizes = {"train": 97, "validation": 60, "test": 60}  # one row is over at batch size 16
    return write_cities(tmp_path_factory.mktemp("few"), sizes)


def trained(study: Study, config: dict[str, Any], state: Any = None) -> Iterator[Epoch]:
    module, name = study.trainable.split(":")
    return iter(getattr(importlib.import_module(module), name)(config, state=state))


def numbers(epoch: Epoch) -> Epoch:
    """What does not depend on the clock."""
    own = {k: v for k, v in epoch["replicates"].items() if k not in CLOCK}
    shared = {k: v for k, v in epoch.items() if k not in CLOCK | CALLABLES}
    return shared | {"replicates": own}


def test_there_are_cases_of_every_trainable_and_study() -> None:
    assert len(CASES) >= 20
    assert (
        set(METRICS) <= {study.trainable for study in STUDIES.values()} <= ELSEWHERE | set(METRICS)
    )


@pytest.mark.parametrize(("study", "cell"), CASES)
def test_a_trainable_keeps_its_contract(
    study: Study, cell: dict[str, Any], few_cities: Path
) -> None:
    unit, steps = study.fidelity.unit, study.fidelity.setting
    config = cell | {steps: 2, "seed": 3, "replicates": 2, "data": str(few_cities)}
    given, epochs, states = dict(config), [], []
    for epoch in trained(study, config):
        epochs.append(epoch)
        states.append(through_a_file(epoch["state"]()))
    assert [epoch[unit] for epoch in epochs] == [1, 2]  # one report per step, counted from 1
    assert config == given  # not mutated
    metrics = METRICS[study.trainable]
    asked = {name for key, names in ON_REQUEST.items() if config.get(key) for name in names}
    own = {"single_s"} if config.get("time_single") else set()
    for epoch in epochs:
        assert set(epoch) - SOMETIMES == metrics | CALLABLES | own | (
            {unit, "n_steps", "time_s", "times", "replicates"}
        )
        assert set(epoch["times"]) <= PHASES and min(epoch["times"].values()) >= 0
        assert set(epoch["replicates"]) - SOMETIMES == metrics | asked
        for name, values in epoch["replicates"].items():
            assert len(values) == 2
            assert np.isfinite(np.concatenate([np.ravel(v) for v in values])).all(), name
        assert study.metric.name in epoch
    check_predictions(epochs[-1])
    again = trained(study, config)
    np.testing.assert_equal(numbers(next(again)), numbers(epochs[0]))
    (resumed,) = trained(study, config, states[0])
    np.testing.assert_equal(numbers(resumed), numbers(epochs[1]))
    other = next(trained(study, config | {"seed": 4}))
    assert other["replicates"]["train_loss"] != epochs[0]["replicates"]["train_loss"]


def check_predictions(epoch: Epoch) -> None:
    arrays = epoch["predictions"]()
    assert set(arrays) == {"split", "row_id", "label", "predicted", "probability"}
    assert {array.shape for name, array in arrays.items() if name != "split"} == {(2, 60)}
    accuracy = (arrays["predicted"] == arrays["label"]).mean(1)
    assert epoch["replicates"]["test_acc"] == pytest.approx(accuracy)
