"""What the pretext trainable owes to the runner, on each config that is declared."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search_spaces import STUDIES
from tests.steps import through_a_file
from trainables.pretext import train_pretext

METRICS = {f"{split}_{what}" for split in ("train", "val", "test") for what in ("loss", "acc")}
CLOCK = {"time_s", "times"}
CALLABLES = {"state", "predictions"}
COLUMNS = METRICS | CLOCK | CALLABLES | {"eval", "epoch", "n_steps"}
SMALL = {"size": 16, "steps_per_eval": 2, "evals": 2, "n_images": 4, "seed": 3}


def numbers(step: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in step.items() if k not in CLOCK | CALLABLES}


@pytest.mark.parametrize("cell", STUDIES["pretext"].configs(), ids=lambda c: f"lr {c['lr']}")
def test_pretraining_keeps_its_contract(cell: dict[str, Any], pictures: Path) -> None:
    config = cell | SMALL | {"data": str(pictures)}
    given, steps, states = dict(config), [], []
    for step in train_pretext(config):
        steps.append(step)
        states.append(through_a_file(step["state"]()))
    assert [step["eval"] for step in steps] == [1, 2]
    assert config == given  # not mutated
    for step in steps:
        assert set(step) == COLUMNS
        assert np.isfinite([step[name] for name in METRICS]).all()
    arrays = steps[-1]["predictions"]()
    assert set(arrays) == {"split", "row_id", "label", "predicted", "probability"}
    assert {array.shape for name, array in arrays.items() if name != "split"} == {(12,)}
    accuracy = (arrays["predicted"] == arrays["label"]).mean()
    assert steps[-1]["test_acc"] == pytest.approx(accuracy)
    (resumed,) = train_pretext(config, states[0])
    assert numbers(resumed) == numbers(steps[1])
    assert list(train_pretext(config, states[1])) == []
    other = next(train_pretext(config | {"seed": 4}))
    assert other["train_loss"] != steps[0]["train_loss"]
