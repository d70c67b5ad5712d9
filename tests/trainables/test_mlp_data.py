"""Encoding, orders and batches of the stacked data."""

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainables.batches import batches, epoch_order
from trainables.cities.europe import load_splits
from trainables.mlp_config import Leak, LeakConfig, MLPConfig
from trainables.mlp_data import encode, load_stacked
from trainables.seeds import replicate_seeds

WAYS = get_args(Leak)


def test_sines_are_of_ten_frequencies_of_longitude_then_latitude() -> None:
    points = np.array([[13.4, 52.5], [-9.1, 38.7]])
    encoded = encode(points, "sines")
    assert encoded.shape == (2, 20)
    for row, point in enumerate(points):
        by_hand = [np.sin(a / 10 * value) for value in point for a in range(1, 11)]
        assert encoded[row].tolist() == pytest.approx(by_hand, rel=1e-12)
    assert encode(points, "raw") is points


@given(st.integers(1, 500), st.integers(1, 600), st.booleans())
def test_batches_cover_the_rows_in_order(n_rows: int, size: int, batch_norm: bool) -> None:
    parts = list(batches(n_rows, size, batch_norm))
    covered = [row for part in parts for row in range(part.start, part.stop)]
    dropped = int(batch_norm and n_rows % size == 1) if size > 1 else n_rows * batch_norm
    assert covered == list(range(n_rows - dropped))
    assert all(part.stop - part.start == size for part in parts[:-1])


def test_an_order_is_of_seed_and_epoch_alone() -> None:
    order = epoch_order(7, 3, 1000)
    assert sorted(order.tolist()) == list(range(1000))
    assert order.tolist() == epoch_order(7, 3, 1000).tolist()
    for other in (epoch_order(8, 3, 1000), epoch_order(7, 4, 1000)):
        assert (order == other).double().mean() < 0.02


def test_a_stack_holds_each_replicates_own_split() -> None:
    seeds = [replicate_seeds(3, replicate) for replicate in range(2)]
    data = load_stacked(MLPConfig(dtype="float64"), seeds)
    assert data.train.x.shape == (2, 2, 73_580) and data.clean.all()
    for replicate, own in enumerate(seeds):
        train = load_splits(split_seed=own.split).train
        assert np.array_equal(data.train.x[replicate].T, train.x)
        assert np.array_equal(data.train.y[replicate], train.y)
        assert np.array_equal(data.train.row_id[replicate], train.row_id)
        assert len(data.train) == len(train)
        x, y = data.train.shuffled(seeds, epoch=2)
        order = epoch_order(own.shuffle, 2, len(train)).numpy()
        assert np.array_equal(x[replicate].T, train.x[order])
        assert np.array_equal(y[replicate], train.y[order])


def test_clean_marks_the_test_points_that_train_lacks(city_folder: Path) -> None:
    data = load_stacked(MLPConfig(data=str(city_folder)), [replicate_seeds(0, 0)] * 2)
    assert data.clean.tolist() == [[False] * 30 + [True] * 270] * 2


def test_without_the_leak_no_training_row_lies_at_the_place_of_a_test_row(
    city_folder: Path,
) -> None:
    seeds, data = [replicate_seeds(0, 0)] * 2, str(city_folder)
    plain = load_stacked(MLPConfig(data=data), seeds)
    kept, removed = (load_stacked(LeakConfig(data=data, leak=leak), seeds) for leak in WAYS)
    assert torch.equal(kept.train.x, plain.train.x)
    assert removed.clean.all() and not plain.clean.all()
    own, others = plain.train.row_id[0], removed.train.row_id[0]
    gone = np.isin(own, plain.test.row_id[0][:30])
    assert gone.sum() == 30 and np.array_equal(own[~gone], others[~gone]), "the others stay"
    assert set(others[gone]) <= set(own[~gone]), "as many rows, so as many steps"
    for split in ("validation", "test"):  # the two are asked the same
        assert torch.equal(getattr(removed, split).x, getattr(plain, split).x)


def test_nothing_left_to_train_on_is_refused(city_folder: Path, tmp_path: Path) -> None:
    for name in ("train", "validation", "test"):
        source = "train" if name != "validation" else name
        (tmp_path / f"{name}.csv").write_text((city_folder / f"{source}.csv").read_text())
    with pytest.raises(ValueError, match="2,001 training rows .*leak='kept'"):
        load_stacked(LeakConfig(data=str(tmp_path), leak="removed"), [replicate_seeds(0, 0)])
