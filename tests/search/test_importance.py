"""Importances of a search: Optuna's own numbers, at a step that all trials have, and by chance."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna
import pytest

from sweepbook import Metric
from sweepbook.aggregates.nothing import NothingToDraw
from sweepbook.aggregates.search import Search, search_of
from sweepbook.figures.kinds import draw
from sweepbook.search.cell import distributions
from sweepbook.search.importance import importance_table
from tests.searches import SPACE, random_search, record_of

KINDS: dict[str, dict[str, Any]] = {
    "dropout": {"kind": "float", "low": 0.0, "high": 0.5, "log": False, "step": 0.25},
    "width": {"kind": "int", "low": 64, "high": 512, "log": False, "step": 64},
    "batch_size": SPACE["batch_size"],
    "lr": SPACE["lr"],
    "momentum": {"kind": "float", "low": 0.0, "high": 1.0, "log": False, "step": None},
    "encoding": SPACE["encoding"],
}
ASHA = {"grace_period": 1, "reduction_factor": 3, "max_t": 9, "brackets": 1}


@pytest.fixture(autouse=True)
def fewer_shuffles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of them, for time."""
    monkeypatch.setattr("sweepbook.search.importance.SHUFFLES_PER_SETTING", 20)


def drawn_configs(n: int, seed: int, space: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Configs drawn at random by Optuna from a space."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed))
    return [dict(study.ask(distributions(space)).params) for _ in range(n)]


def search(trials: list[dict[str, Any]], **rest: Any) -> Search:
    found = search_of(record_of(trials, rest.pop("space", KINDS), **rest))
    assert found is not None
    return found


@pytest.mark.parametrize("mode", ["min", "max"])
def test_they_are_those_of_optuna_on_its_own_study(mode: str) -> None:
    metric = Metric("val_loss", "min" if mode == "min" else "max")
    study = optuna.create_study(direction=f"{metric.mode}imize")
    trials: list[dict[str, Any]] = []
    for i, settings in enumerate(drawn_configs(60, 3, KINDS)):
        value = (settings["dropout"] - 0.25) ** 2 + 0.0004 * settings["width"] + i % 7 / 100
        trials.append({"settings": settings, "values": [1.0, value]})
        made = optuna.trial.create_trial(
            params=settings, distributions=distributions(KINDS), value=value
        )
        study.add_trial(made)
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=0.1)
    theirs = optuna.importance.get_param_importances(study, evaluator=evaluator)
    ours = importance_table(search(trials, mode=mode)).set_index("setting")["importance"]
    assert ours.to_dict() == pytest.approx(theirs, rel=1e-9)
    assert list(ours.index) == list(theirs), "the same order"


def stopped_early(seed: int = 0) -> list[dict[str, Any]]:
    """110 trials of which raw inputs are 1.0 worse; the few that stay are as good as the others.

    At the first rung nearly all with raw inputs are stopped, and half of the others.
    """
    rng, trials = np.random.default_rng(seed), []
    for i, settings in enumerate(drawn_configs(110, seed, KINDS)):
        start = 1.0 * (settings["encoding"] == "raw") + 0.3 * rng.normal()
        if start > 0 and i > 2:
            trial = {"values": [start], "status": "stopped", "rung": 1}
        else:
            trial = {"values": [start, *[0.1 * rng.normal()] * 8]}
        trials.append(trial | {"settings": settings})
    return trials


def test_a_setting_that_early_stopping_hides_is_the_most_important() -> None:
    found = search(stopped_early(), scheduler=ASHA)
    by_encoding = found.trials.groupby("config/encoding")["is_full"].sum()
    assert by_encoding["raw"] < 5 < by_encoding["sines"]
    survivors = [t for t in stopped_early() if t.get("status") != "stopped"]
    among_them = importance_table(search(survivors)).set_index("setting")["importance"]
    assert among_them.rank()["encoding"] < 4, "what a table of the survivors would say"
    assert among_them["encoding"] < 0.05
    table = importance_table(found).set_index("setting")
    assert table.index[0] == "encoding" and set(table["n"]) == {110}
    assert table["importance"].iloc[0] > table["limit"].iloc[0]
    assert set(table["epoch"]) == {1}
    drawn = draw({"kind": "importance", "name": "i"}, found.record)
    assert "encoding" in drawn.caption and "epoch 1" in drawn.caption


def test_trials_without_a_value_there_are_left_out_and_counted() -> None:
    trials = stopped_early()
    trials[5] |= {"status": "diverged", "values": [np.nan]}
    trials[6] |= {"status": "diverged", "values": [0.5, np.nan]}
    found = search(trials, scheduler=ASHA)
    assert set(importance_table(found)["n"]) == {109}, "one diverged after the rung"
    assert "1 trial left out" in draw({"kind": "importance", "name": "i"}, found.record).notes


def test_without_early_stopping_they_are_of_the_values_at_full_length() -> None:
    trials = [
        {"settings": settings, "values": [float(i % 5), settings["lr"], settings["momentum"]]}
        for i, settings in enumerate(drawn_configs(60, 1, KINDS))
    ]
    table = importance_table(search(trials))
    assert table["setting"].iloc[0] == "momentum" and set(table["epoch"]) == {3}


def test_the_band_is_what_chance_gives() -> None:
    space = {key: KINDS[key] for key in ("lr", "width", "encoding")}
    tops, n_beyond = [], 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        configs = drawn_configs(41, seed, space)
        trials = [{"settings": own, "values": [float(rng.normal())]} for own in configs]
        table = importance_table(search(trials, space=space))
        tops.append(table["importance"].iloc[0])
        n_beyond += bool((table["importance"] > table["limit"]).any())
    assert np.mean(tops) > 0.5, "an importance is large without any effect"
    assert n_beyond <= 3, "expected in 1 of 20"


def test_the_figure_says_where_nothing_leaves_the_band() -> None:
    rng = np.random.default_rng(0)
    noise = [
        {"settings": own, "values": [float(rng.normal())]} for own in drawn_configs(41, 0, KINDS)
    ]
    drawn = draw({"kind": "importance", "name": "i"}, record_of(noise, KINDS))
    assert "No importance is larger than chance gives" in drawn.caption
    again = draw({"kind": "importance", "name": "i"}, record_of(noise, KINDS))
    assert again.numbers.equals(drawn.numbers)
    clear = draw({"kind": "importance", "name": "i"}, random_search(120))
    assert "No importance is larger" not in clear.caption


def test_too_few_trials_or_settings_are_refused_by_their_number() -> None:
    few = [{"settings": own, "values": [0.1]} for own in drawn_configs(4, 0, KINDS)]
    with pytest.raises(ValueError, match="at least 10 trials.*got 4"):
        importance_table(search(few))
    with pytest.raises(NothingToDraw, match="at least 10 trials"):
        draw({"kind": "importance", "name": "i"}, record_of(few, KINDS))
    alone = [{"settings": {"lr": 0.001 * (i + 1)}, "values": [0.1 * i]} for i in range(12)]
    with pytest.raises(ValueError, match="2 settings that varied"):
        importance_table(search(alone, space={"lr": SPACE["lr"]}))
