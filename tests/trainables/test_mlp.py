"""train_mlp: what it yields, what its numbers mean, and what it depends on."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from trainables.cities.europe import load_splits
from trainables.mlp import predict, train_mlp, train_mlp_crossed
from trainables.seeds import replicate_seeds

METRICS = {
    "train_loss",
    "train_acc",
    "val_loss",
    "val_acc",
    "test_loss",
    "test_acc",
    "test_acc_clean",
}
EVALUATED = {"train_eval_loss", "train_eval_acc"}
SCALARS = {"epoch", "n_steps", "time_s", "times"}
CLOCK = {"time_s", "times", "state", "predictions"}
OTHERS = {"replicates", "state", "predictions"}


def numbers(epoch: dict[str, Any]) -> dict[str, Any]:
    """Everything but the time and the callables."""
    return {k: v for k, v in epoch.items() if k not in CLOCK}


@pytest.fixture(scope="module")
def settings(city_folder: Path) -> dict[str, Any]:
    return {"data": str(city_folder), "replicates": 3, "epochs": 7, "batch_size": 100}


@pytest.fixture(scope="module")
def epochs(settings: dict[str, Any]) -> list[dict[str, Any]]:
    return list(train_mlp(settings))


def test_there_is_one_dict_per_epoch_counted_from_1(epochs: list[dict[str, Any]]) -> None:
    assert [epoch["epoch"] for epoch in epochs] == [1, 2, 3, 4, 5, 6, 7]
    assert [epoch["n_steps"] for epoch in epochs] == [21 * n for n in range(1, 8)]
    assert all(epoch["time_s"] > 0 for epoch in epochs)


def test_every_second_of_an_epoch_is_training_or_evaluation(epochs: list[dict[str, Any]]) -> None:
    first, *later = epochs
    assert set(first["times"]) == {"import", "data", "train", "evaluate"}, "loading is told once"
    for epoch in later:
        assert set(epoch["times"]) == {"train", "evaluate"}
        assert sum(epoch["times"].values()) == pytest.approx(epoch["time_s"])
        assert min(epoch["times"].values()) > 0


def test_compiling_is_told_apart_in_the_first_epoch(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.compile", lambda function: function)
    first, second, *_ = train_mlp({**settings, "compile": True, "epochs": 3})
    assert set(first["times"]) == {"import", "data", "compile", "train", "evaluate"}
    assert first["times"]["compile"] > 0
    assert set(second["times"]) == {"train", "evaluate"}


def test_the_metrics_are_exactly_those_that_are_promised(epochs: list[dict[str, Any]]) -> None:
    for epoch in epochs:
        evaluated = EVALUATED if epoch["epoch"] in (1, 5, 7) else set()  # shown ones and the last
        assert set(epoch) == METRICS | evaluated | SCALARS | OTHERS
        assert set(epoch["replicates"]) == METRICS | evaluated
        for name, values in epoch["replicates"].items():
            assert len(values) == 3 and np.isfinite(values).all()
            assert epoch[name] == pytest.approx(np.mean(values), rel=1e-12)
            if "_acc" in name:
                assert 0 <= min(values) <= max(values) <= 1


def test_what_is_asked_for_comes_on_top(settings: dict[str, Any]) -> None:
    asked = {"batch_losses": True, "track_gradients": True, "time_single": True, "epochs": 1}
    (epoch,) = train_mlp(settings | asked)
    extra = {"batch_losses", "grad_sq_norm", "grad_zero_share", "single_s"}
    assert set(epoch["replicates"]) == METRICS | EVALUATED | extra
    assert set(epoch) == METRICS | EVALUATED | SCALARS | OTHERS | {"single_s"}
    assert min(epoch["replicates"]["single_s"]) > 0
    assert epoch["single_s"] == pytest.approx(np.mean(epoch["replicates"]["single_s"]))
    losses = np.array(epoch["replicates"]["batch_losses"])
    assert losses.shape == (3, 21)  # the last batch has one row
    mean = (losses[:, :20].sum(1) * 100 + losses[:, 20]) / 2001
    assert epoch["replicates"]["train_loss"] == pytest.approx(mean, rel=1e-6)
    assert np.shape(epoch["replicates"]["grad_sq_norm"]) == (3, 7)


def test_watching_changes_nothing(settings: dict[str, Any], epochs: list[dict[str, Any]]) -> None:
    watched = {"batch_losses": True, "track_gradients": True, "time_single": True}
    for dtype in ("float32", "float64"):
        plain = next(train_mlp(settings | {"dtype": dtype}))
        seen = next(train_mlp(settings | watched | {"dtype": dtype}))
        for name in METRICS:
            assert seen["replicates"][name] == plain["replicates"][name]


def test_the_same_seed_gives_the_same_and_another_does_not(
    settings: dict[str, Any], epochs: list[dict[str, Any]]
) -> None:
    before = torch.random.get_rng_state()
    for again, epoch in zip(train_mlp(settings), epochs, strict=True):
        np.testing.assert_equal(numbers(again), numbers(epoch))
    other = next(train_mlp(settings | {"seed": 1}))
    for name in METRICS:
        assert not set(other["replicates"][name]) & set(epochs[0]["replicates"][name])
    assert torch.equal(torch.random.get_rng_state(), before)


def test_another_process_gets_the_same_numbers(
    settings: dict[str, Any], epochs: list[dict[str, Any]]
) -> None:
    code = (
        f"from trainables.mlp import train_mlp\nprint(next(train_mlp({settings}))['replicates'])\n"
    )
    environ = os.environ | {"PYTHONHASHSEED": "7"}
    out = subprocess.check_output([sys.executable, "-c", code], env=environ, text=True)
    assert out.strip() == repr(epochs[0]["replicates"])


def test_the_settings_that_it_is_given_stay_as_they_are(settings: dict[str, Any]) -> None:
    mine = dict(settings)
    state = next(train_mlp(mine))["state"]()
    copy = repr(state)
    next(train_mlp(mine, state))
    assert mine == settings
    assert repr(state) == copy


def test_without_settings_it_trains_the_embedded_data() -> None:
    epoch = next(train_mlp({}))
    assert epoch["n_steps"] == -(-73_580 // 256) and len(epoch["replicates"]["val_loss"]) == 5
    assert 0.15 < epoch["val_acc"] < 0.8 and epoch["val_loss"] < 3.0  # guessing has ln 33 = 3.5


def test_it_fits_16_cities(tmp_path: Path, city_folder: Path) -> None:
    cities = pd.read_csv(city_folder / "train.csv", index_col=0)[:16]
    for name in ("train", "validation", "test"):
        cities.to_csv(tmp_path / f"{name}.csv")
    fit = {"lr": 0.01, "width": 32, "depth": 2, "epochs": 400, "batch_size": 16}
    *_, last = train_mlp(fit | {"data": str(tmp_path), "encoding": "sines", "replicates": 3})
    assert last["replicates"]["train_acc"] == [1.0, 1.0, 1.0]
    assert max(last["replicates"]["val_loss"]) < 0.01


def test_predictions_are_the_test_splits_in_its_order(
    settings: dict[str, Any], epochs: list[dict[str, Any]]
) -> None:
    test = load_splits(settings["data"]).test
    arrays = epochs[-1]["predictions"]()
    assert arrays["split"] == "test"
    assert {v.shape for k, v in arrays.items() if k != "split"} == {(3, 300)}
    for replicate in range(3):
        assert np.array_equal(arrays["label"][replicate], test.y)
        assert np.array_equal(arrays["row_id"][replicate], test.row_id)
    hits = arrays["predicted"] == arrays["label"]
    assert epochs[-1]["replicates"]["test_acc"] == hits.mean(1).tolist()
    clean = hits[:, 30:].mean(1)  # the first 30 test points occur in train
    assert epochs[-1]["replicates"]["test_acc_clean"] == pytest.approx(clean, rel=1e-12)
    assert ((arrays["probability"] > 1 / 33) & (arrays["probability"] <= 1)).all()
    assert 0 < hits.mean() < 1


def test_embedded_predictions_belong_to_each_replicates_own_split() -> None:
    arrays = next(train_mlp({"replicates": 2, "batch_size": 4096, "depth": 1}))["predictions"]()
    for replicate in range(2):
        test = load_splits(split_seed=replicate_seeds(0, replicate).split).test
        assert np.array_equal(arrays["row_id"][replicate], test.row_id)
        assert np.array_equal(arrays["label"][replicate], test.y)
    assert not np.array_equal(arrays["row_id"][0], arrays["row_id"][1])


@pytest.mark.parametrize("changes", [{}, {"batch_norm": True, "encoding": "sines"}])
def test_a_saved_replicate_predicts_what_it_predicted(
    changes: dict[str, Any], settings: dict[str, Any]
) -> None:
    config = settings | changes | {"epochs": 2}
    *_, last = train_mlp(config)
    arrays, state = last["predictions"](), last["state"]()
    points = load_splits(settings["data"]).test.x  # read-only, as it comes out of pandas
    assert not points.flags.writeable
    labels = [predict(config, state, replicate, points) for replicate in range(3)]
    assert np.array_equal(labels, arrays["predicted"])
    assert not np.array_equal(labels[0], labels[1])
    assert predict(config, state, 0, points[:1].tolist()).tolist() == [labels[0][0]]
    with pytest.raises(ValueError, match=r"replicate must lie in 0 \.\. 2, got 3"):
        predict(config, state, 3, points)


def test_a_rate_far_too_high_ends_in_nan_and_not_in_an_error(settings: dict[str, Any]) -> None:
    *_, last = train_mlp(settings | {"lr": 1000.0, "depth": 40})
    assert last["epoch"] == 7
    for name in METRICS | EVALUATED:
        assert np.isnan(last[name]) and np.isnan(last["replicates"][name]).all()


def test_crossed_seeds_give_the_replicates_that_they_are_taken_from() -> None:
    shared = {"seed": 3, "epochs": 2, "batch_size": 256, "train_rows": 500, "dtype": "float64"}
    *_, usual = train_mlp({**shared, "replicates": 3})
    numbers = {"split": 2, "weights": 2, "order": 2}
    *_, alone = train_mlp_crossed({**shared, **numbers, "replicates": 1})
    for name in ("train_loss", "val_loss", "test_acc"):
        assert alone["replicates"][name] == pytest.approx([usual["replicates"][name][2]])
    for source in numbers:  # each of them changes the net, and none the data of the others
        *_, other = train_mlp_crossed({**shared, **numbers, source: 1, "replicates": 1})
        assert other["val_loss"] != pytest.approx(alone["val_loss"])


def test_a_given_split_cannot_be_crossed(city_folder: Path) -> None:
    for wrong, message in (
        ({"data": str(city_folder), "split": 1}, "split must be 0"),
        ({"order": -1}, "order must lie in 0"),
    ):
        with pytest.raises(ValueError, match=message):
            next(train_mlp_crossed({"weights": 0, **wrong}))
