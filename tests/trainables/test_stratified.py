"""The 80/10/10 split is the one that scikit-learn draws, which records so far were made with."""

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from trainables.cities.stratified import stratified_rows


def drawn_by_scikit_learn(labels, seed):
    stream = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(seed)))
    tenth = round(len(labels) / 10)
    train, held_out = train_test_split(
        np.arange(len(labels)), test_size=2 * tenth, stratify=labels, random_state=stream
    )
    validation, test = train_test_split(
        held_out, test_size=tenth, stratify=labels[held_out], random_state=stream
    )
    return train, validation, test


@pytest.mark.parametrize("n_rows, n_classes", [(50, 2), (203, 5), (999, 7), (2011, 33)])
@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_the_rows_are_those_that_scikit_learn_draws(n_rows, n_classes, seed):
    labels = np.random.default_rng(n_rows).integers(0, n_classes, size=n_rows)
    pairs = zip(stratified_rows(labels, seed), drawn_by_scikit_learn(labels, seed), strict=True)
    for ours, theirs in pairs:
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("labels", [[0] * 99 + [1], list(range(20)) * 2, []])
def test_classes_that_cannot_be_in_every_part_are_refused(labels):
    with pytest.raises(ValueError, match="class"):
        stratified_rows(np.array(labels, dtype=np.int64), 0)
