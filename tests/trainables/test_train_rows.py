"""A sample of the training rows: who draws it, what it holds, and that without it ids stay."""

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces import STUDIES
from sweepbook.plan.config import complete_config
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.trial import make_trial
from sweepbook.record.planned import Trial
from trainables.cities.split import Split, Splits, with_train_rows
from trainables.mlp import describe_data, train_mlp
from trainables.mlp_config import Leak, LeakConfig, MLPConfig
from trainables.mlp_data import load_stacked
from trainables.seeds import replicate_seeds

N = 500


def drawn(config: MLPConfig, replicates: list[int], seed: int = 0) -> Any:
    return load_stacked(config, [replicate_seeds(seed, r) for r in replicates])


def test_a_replicate_draws_its_own_rows_whatever_else_is_trained() -> None:
    some = drawn(MLPConfig(train_rows=N), [0, 1, 2])
    again = drawn(MLPConfig(train_rows=N, width=64, lr=0.1, epochs=7), [2, 0])
    rows = some.train.row_id
    assert rows.shape == (3, N) and all(len(set(own)) == N for own in rows)
    assert np.array_equal(again.train.row_id, rows[[2, 0]])
    assert np.isin(rows[0], rows[1]).mean() < 0.05, "each replicate has rows of its own"
    assert not np.array_equal(drawn(MLPConfig(train_rows=N), [0], seed=1).train.row_id[0], rows[0])


def test_the_rows_are_of_the_training_split_and_the_others_stay_whole() -> None:
    whole, some = drawn(MLPConfig(), [0]), drawn(MLPConfig(train_rows=N), [0])
    assert np.isin(some.train.row_id, whole.train.row_id).all()
    for split in ("validation", "test"):
        assert np.array_equal(getattr(some, split).row_id, getattr(whole, split).row_id)
    everything = drawn(MLPConfig(train_rows=len(whole.train)), [0])
    assert np.array_equal(everything.train.row_id, whole.train.row_id)


def test_given_splits_are_sampled_for_each_replicate(city_folder: Path) -> None:
    rows = drawn(MLPConfig(data=str(city_folder), train_rows=N), [0, 1]).train.row_id
    assert not np.array_equal(*rows)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=8), st.floats(0, 1), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_each_class_keeps_its_share_and_a_row(sizes: list[int], share: float, seed: int) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    part = Split(np.zeros((len(labels), 2)), labels, np.arange(len(labels)))
    n = len(sizes) + round(share * (len(labels) - len(sizes)))
    train = with_train_rows(Splits(part, part, part), n, seed).train
    counts, wanted = np.bincount(train.y, minlength=len(sizes)), n * np.array(sizes) / len(labels)
    assert len(set(train.row_id)) == len(train) == n
    assert (counts >= 1).all() and (counts <= sizes).all()
    if wanted.min() >= 1:
        assert np.abs(counts - wanted).max() < 1
    assert (np.diff(train.row_id) > 0).all(), "in the order of the split"


def test_with_and_without_the_leak_the_other_rows_are_the_same(city_folder: Path) -> None:
    kept, removed = (
        drawn(LeakConfig(data=str(city_folder), train_rows=N, leak=leak), [0])
        for leak in get_args(Leak)
    )
    apart = kept.train.row_id[0] != removed.train.row_id[0]
    assert 0 < apart.sum() < 30 and removed.clean.all()


@pytest.mark.parametrize("n", [1, 32, 2002])
def test_a_sample_that_cannot_be_drawn_is_refused_before_anything_starts(
    city_folder: Path, n: int
) -> None:
    n_classes = len(describe_data({"data": str(city_folder)})["card"]["class_shares"]["train"])
    with pytest.raises(ValueError, match=f"train_rows .* {n_classes} .* 2001 .*, got {n}:") as one:
        make_plan(STUDIES["epochs"], Options(data=str(city_folder), settings={"train_rows": n}))
    assert "leave train_rows out" in str(one.value)
    with pytest.raises(ValueError, match=f"train_rows .* got {n}:"):
        next(train_mlp({"data": str(city_folder), "train_rows": n}))


def planned(**said: Any) -> Trial:
    study, data = STUDIES["epochs"], {"sha256": "0", "rows": {"train": 1000}}
    cell = study.configs()[0]
    config = complete_config(study, cell, Options(settings=said), 0, 5, MLPConfig)
    return make_trial(study, config, 0, 5, data, {})


def test_a_trial_without_a_sample_has_the_id_that_it_had_before_there_were_samples() -> None:
    plain, said, some = planned(), planned(train_rows=None), planned(train_rows=N)
    assert plain.trial_id == said.trial_id == "c649dd91e762"
    assert "train_rows" not in plain.config and some.config["train_rows"] == N
    assert some.trial_id != plain.trial_id and some.cost_s < plain.cost_s


def test_the_description_says_which_setting_keeps_how_many() -> None:
    whole, some = describe_data({}), describe_data({"train_rows": N})
    assert some == whole | {"kept_by": {"train": "train_rows"}}
