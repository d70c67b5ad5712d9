import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sweepbook.aggregates.predictions import hit_table
from sweepbook.stats.rows import n_groups, row_difference, row_interval

TABLES = arrays.arrays(
    np.float64, st.tuples(st.integers(2, 30), st.integers(1, 4)), elements=st.sampled_from([0, 1])
)


def frame(columns):
    return pd.DataFrame({r: np.asarray(v, dtype=float) for r, v in enumerate(columns)})


def test_one_replicate_has_the_standard_error_of_a_share():
    hits = np.array([1.0] * 300 + [0.0] * 100)[:, None]
    found = row_interval(hits)
    assert found.mean == 0.75
    assert found.se == pytest.approx(math.sqrt(0.75 * 0.25 / 399))
    assert found.df == 399
    assert found.high - found.mean == pytest.approx(1.966 * found.se, rel=1e-3)


def test_replicates_that_differ_on_no_row_by_chance_have_their_own_variance():
    # every row alike within a replicate: nothing but the replicates, 0, 1 and 1, is uncertain
    table = np.tile([0.0, 1.0, 1.0], (50, 1))
    found = row_interval(table)
    assert found.mean == pytest.approx(2 / 3)
    assert found.se == pytest.approx(math.sqrt((1 / 3) / 3)), "s / sqrt(R), s² = 1/3"
    assert found.df == pytest.approx(2)


def test_rows_that_all_replicates_agree_on_count_once():
    column = np.array([1.0] * 30 + [0.0] * 20)
    one, three = (row_interval(np.tile(column[:, None], (1, r))) for r in (1, 3))
    assert three.mean == one.mean
    assert three.se == pytest.approx(one.se), "three copies say no more than one"
    assert three.n == 3


def test_a_paired_difference_is_narrower_than_two_intervals():
    rng = np.random.default_rng(0)
    hard = rng.random(400) < 0.3
    a = frame([np.where(hard, 0, rng.random(400) < 0.95) for _ in range(3)])
    b = frame([np.where(hard, 0, rng.random(400) < 0.90) for _ in range(3)])
    gap = row_difference(a, b)
    assert gap.mean == pytest.approx(a.to_numpy().mean() - b.to_numpy().mean())
    alone = math.hypot(row_interval(a).se, row_interval(b).se)
    assert gap.se < 0.6 * alone


def test_a_model_of_one_replicate_is_compared_with_each_of_the_other():
    many, one = frame([[1, 1, 0, 1], [1, 0, 0, 1]]), frame([[1, 0, 0, 0]])
    expected = row_interval(many.to_numpy() - one.to_numpy())
    assert row_difference(many, one) == expected
    assert row_difference(one, many).mean == -expected.mean


def test_rows_of_one_group_count_as_one():
    rng = np.random.default_rng(0)
    groups = (rng.random((40, 2)) < 0.7).astype(float)
    alone = frame(groups.T)
    copies = frame(np.repeat(groups, 10, axis=0).T)
    copies.index = pd.MultiIndex.from_arrays(
        [np.repeat(np.arange(40), 10), np.arange(400)], names=["group", "row_id"]
    )
    found, expected = row_interval(copies), row_interval(alone)
    assert (found.mean, found.se, found.df) == pytest.approx(
        (expected.mean, expected.se, expected.df)
    )
    one = copies[[0]]
    assert row_interval(one).se > 3 * row_interval(one.to_numpy()).se
    gap = row_difference(copies, copies[[0]])
    assert gap.se == pytest.approx(row_difference(alone, alone[[0]]).se)
    assert n_groups(copies) == 40 and n_groups(alone) is None


def test_a_table_without_rows_has_no_interval_with_groups_either():
    index = pd.MultiIndex.from_arrays([[], []], names=["group", "row_id"])
    assert math.isnan(row_interval(pd.DataFrame(index=index)).mean)


def test_groups_of_several_sizes_keep_the_mean_of_all_rows():
    table = frame([[1, 1, 1, 0, 0, 1]])
    table.index = pd.MultiIndex.from_arrays(
        [[0, 0, 0, 0, 1, 2], range(6)], names=["group", "row_id"]
    )
    assert row_interval(table).mean == pytest.approx(4 / 6)


def test_tables_that_do_not_pair_are_refused():
    with pytest.raises(ValueError, match="different rows: 2 and 3"):
        row_difference(frame([[1, 0]]), frame([[1, 0, 1]]))
    other = frame([[1, 0], [1, 1]]).rename(columns={1: 2})
    with pytest.raises(ValueError, match="do not pair"):
        row_difference(frame([[1, 0], [1, 1]]), other)
    with pytest.raises(ValueError, match="n_rows, n_replicates"):
        row_interval([1.0, 0.0])


def test_what_cannot_be_estimated_has_no_bounds():
    assert math.isnan(row_interval(np.ones((1, 3))).low)
    assert math.isnan(row_interval(np.array([[1.0], [np.nan]])).mean)
    assert math.isnan(row_interval(np.empty((0, 0))).mean)
    assert row_interval(np.ones((5, 2))).se == 0


@given(TABLES, st.randoms())
def test_the_order_of_replicates_changes_the_mean_not_at_all(table, random):
    order = list(range(table.shape[1]))
    random.shuffle(order)
    found, again = row_interval(table), row_interval(table[:, order])
    assert found.mean == pytest.approx(again.mean)
    assert found.low <= found.mean <= found.high


def crossed(rng, n_rows, n, of_rows, of_replicates, of_residual):
    """A table of crossed normal effects about 0, of these variances."""
    return (
        rng.normal(0, math.sqrt(of_rows), (n_rows, 1))
        + rng.normal(0, math.sqrt(of_replicates), (1, n))
        + rng.normal(0, math.sqrt(of_residual), (n_rows, n))
    )


def drawn_again(rng, table, times):
    """Means of tables whose rows and replicates are drawn independently, one less than of each."""
    shares = []
    for n in table.shape:
        drawn = max(n - 1, 1)
        shares.append(rng.multinomial(drawn, np.full(n, 1 / n), size=times) / drawn)
    return ((shares[0] @ table) * shares[1]).sum(axis=1)


@pytest.mark.parametrize(("n_rows", "n"), [(20, 1), (20, 2), (8, 3), (30, 5)])
@pytest.mark.parametrize("variances", [(1, 0.1, 0.3), (0.2, 0, 1), (0.1, 2, 0.5)])
def test_it_has_what_the_pigeonhole_bootstrap_expects(n_rows, n, variances):
    rng = np.random.default_rng(5)
    table = crossed(rng, n_rows, n, *variances)
    bootstrap = drawn_again(rng, table, 60_000).var(ddof=1)
    residuals = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    thrice = (residuals**2).sum() / max((n_rows - 1) * (n - 1), 1) / table.size  # 0 at n = 1
    expected = max(bootstrap - 2 * thrice, bootstrap / 3)
    assert row_interval(table).se ** 2 == pytest.approx(expected, abs=0.02 * bootstrap)


@pytest.mark.parametrize("n", [2, 3, 5])
@pytest.mark.parametrize("share", [0, 1, 5, 100])  # of the mean's variance, replicates to the rest
def test_the_interval_covers_the_mean_of_crossed_random_effects(n, share):
    rng, n_rows, trials = np.random.default_rng(3), 60, 800
    rest = 0.1 / n_rows + 0.05 / (n_rows * n)
    covered = 0
    for _ in range(trials):
        found = row_interval(crossed(rng, n_rows, n, 0.1, share * rest * n, 0.05))
        covered += found.low <= 0 <= found.high
    assert covered / trials >= (0.92 if n == 2 else 0.935)  # 0.95 less two standard errors


def test_the_interval_covers_the_share_of_hits():
    rng, covered = np.random.default_rng(3), 0
    n_rows, n, trials = 200, 3, 400
    for _ in range(trials):
        ease = rng.normal(1.0, 1.5, (n_rows, 1)) + rng.normal(0, 0.15, (1, n))
        hits = (rng.random((n_rows, n)) < 1 / (1 + np.exp(-ease))).astype(float)
        found = row_interval(hits)
        covered += found.low <= 0.6707 <= found.high  # of a million rows and replicates
    assert 0.93 <= covered / trials <= 0.99


def test_hit_tables_are_of_one_trial_and_split():
    rows = [
        ("a", 0, "test", 5, 1, 1),
        ("a", 0, "test", 3, 1, 0),
        ("a", 1, "test", 3, 0, 0),
        ("a", 1, "test", 5, 0, 1),
        ("a", 0, "val", 9, 1, 1),
        ("b", 0, "test", 3, 1, 1),
    ]
    names = ["trial_id", "replicate", "split", "row_id", "label", "predicted"]
    predictions = pd.DataFrame(rows, columns=names)
    table = hit_table(predictions, "a")
    assert table.index.tolist() == [3, 5]
    assert table.to_numpy().tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert hit_table(predictions, "c").empty
    with pytest.raises(ValueError, match="different rows"):
        hit_table(predictions.drop(index=2), "a")
