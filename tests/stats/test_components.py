"""Known components of variance are found again."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweepbook.stats.components import components

SOURCES = ("init", "order", "split")


def drawn(rng: np.random.Generator, shape: tuple[int, ...], sds: dict[tuple[int, ...], float]):
    values = np.zeros(shape)
    for term, sd in sds.items():
        own = [n if axis in term else 1 for axis, n in enumerate(shape)]
        values = values + sd * rng.standard_normal(own)
    return values


KNOWN = {(0,): 1.0, (1,): 0.5, (2,): 2.0, (0, 1): 0.4, (0, 2): 0.0, (1, 2): 0.8, (0, 1, 2): 0.6}


def test_known_components_are_recovered_and_their_intervals_hold_them() -> None:
    rng, repeats = np.random.default_rng(0), 300
    variances = {term: [] for term in KNOWN}
    covered = {term: 0 for term in KNOWN}
    for _ in range(repeats):
        found = components(drawn(rng, (5, 6, 7), KNOWN), SOURCES)
        for (term, sd), one in zip(KNOWN.items(), found, strict=True):
            variances[term].append(one.sd**2)
            covered[term] += one.low <= sd + 1e-12 and sd <= one.high
    for term, sd in KNOWN.items():
        error = np.std(variances[term]) / np.sqrt(repeats)
        bias = 0.1 if sd == 0 else 4 * error  # an estimate is not below 0
        assert np.mean(variances[term]) == pytest.approx(sd**2, abs=bias), term
        assert covered[term] / repeats >= 0.91, term


@given(st.floats(-1e3, 1e3), st.floats(0.01, 100), st.integers(0, 2**32 - 1))
def test_they_move_with_the_scale_and_not_with_the_level(add: float, factor: float, seed: int):
    values = np.random.default_rng(seed).normal(size=(3, 4, 2))
    plain = components(values, SOURCES)
    moved = components(add + factor * values, SOURCES)
    for one, other in zip(plain, moved, strict=True):
        assert other.sd == pytest.approx(factor * one.sd, abs=1e-4 * factor)
        assert other.high == pytest.approx(factor * one.high, abs=1e-4 * factor)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_the_sources_does_not_matter(order: tuple[int, ...]) -> None:
    values = drawn(np.random.default_rng(1), (5, 4, 3), KNOWN)
    plain = {frozenset(one.sources): one.sd for one in components(values, SOURCES)}
    turned = components(values.transpose(order), [SOURCES[i] for i in order])
    for one in turned:
        assert one.sd == pytest.approx(plain[frozenset(one.sources)])


def test_one_source_is_the_usual_standard_deviation() -> None:
    values = np.array([1.0, 2.0, 4.0, 8.0])
    (only,) = components(values, ["seed"])
    assert only.sd == pytest.approx(values.std(ddof=1))
    assert only.low < only.sd < only.high and only.share == 1.0


def test_equal_values_have_no_spread() -> None:
    for one in components(np.full((2, 3), 0.5), ["init", "order"]):
        assert (one.sd, one.low, one.high) == (0, 0, 0) and np.isnan(one.share)


@pytest.mark.parametrize(
    ("values", "sources", "message"),
    [
        (np.zeros((1, 3)), ["init", "order"], "init needs at least 2 levels, got 1"),
        (np.full((2, 2), np.nan), ["init", "order"], "4 of the values are not finite"),
        (np.zeros((2, 2)), ["init"], "2 axes of values need as many sources, got 1"),
    ],
)
def test_what_cannot_be_taken_apart_is_refused(values, sources, message) -> None:
    with pytest.raises(ValueError, match=message):
        components(values, sources)
