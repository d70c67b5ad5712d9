"""Rows of data split 80/10/10, with the same share of each class in every part.

scikit-learn's `train_test_split` draws the same rows, and it takes a second to import.
"""

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


def stratified_rows(labels: Rows, split_seed: int) -> tuple[Rows, Rows, Rows]:
    """Row positions of train (80 %), validation (10 %) and test (10 %), each in random order.

    Args:
        labels: int64 (n,); each class needs at least 10 rows to be in every split for sure.
        split_seed: 0..2**63 - 1.

    Returns:
        Three int64 arrays: disjoint, covering; a class's share in each is off by 2 rows at most.

    Raises:
        ValueError: split_seed is out of range, or a class is too small to be split.

    Randomness: split_seed alone; pure.
    """
    if not isinstance(split_seed, int | np.integer) or not 0 <= split_seed < 2**63:
        raise ValueError(f"split_seed must be an integer of 0..2**63 - 1, got {split_seed!r}")
    # a RandomState's stream never changes (NEP 19)
    stream = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(split_seed)))
    tenth = round(len(labels) / 10)
    train, held_out = _split(labels, 2 * tenth, stream)
    validation, test = _split(labels[held_out], tenth, stream)
    return train, held_out[validation], held_out[test]


def _split(labels: Rows, n_second: int, stream: np.random.RandomState) -> tuple[Rows, Rows]:
    """Positions of all rows in two parts, each in random order; the second has `n_second`."""
    classes, numbers = np.unique(labels, return_inverse=True)
    sizes = np.bincount(numbers)
    _check_sizes(sizes, len(labels) - n_second, n_second)
    of_class = np.split(np.argsort(numbers, kind="stable"), np.cumsum(sizes)[:-1])
    in_first = _shares(sizes, len(labels) - n_second, stream)
    in_second = _shares(sizes - in_first, n_second, stream)
    first, second = [], []
    for rows, n_first, n_next in zip(of_class, in_first, in_second, strict=True):
        drawn = rows[stream.permutation(len(rows))]
        first.append(drawn[:n_first])
        second.append(drawn[n_first : n_first + n_next])
    return stream.permutation(np.concatenate(first)), stream.permutation(np.concatenate(second))


def _check_sizes(sizes: Rows, n_first: int, n_second: int) -> None:
    if len(sizes) == 0 or sizes.min() < 2:
        raise ValueError("a class has fewer than 2 rows, so that it cannot be in two parts")
    if min(n_first, n_second) < len(sizes):
        raise ValueError(
            f"a part of {min(n_first, n_second)} rows cannot have each of {len(sizes)} classes"
        )


def _shares(sizes: Rows, n_drawn: int, stream: np.random.RandomState) -> Rows:
    """How many of `n_drawn` rows each class gets: its share, rounded so that the sum is right.

    The classes whose shares are cut most by rounding down get one row more, ties by lot.
    """
    exact = sizes / sizes.sum() * n_drawn
    shares: npt.NDArray[np.float64] = np.floor(exact)
    left, cut = int(n_drawn - shares.sum()), exact - shares
    for value in np.unique(cut)[::-1]:
        if left <= 0:
            break
        (tied,) = np.where(cut == value)
        chosen = stream.choice(tied, size=min(len(tied), left), replace=False)
        shares[chosen] += 1
        left -= len(chosen)
    return shares.astype(np.int64)
