"""Sources of chance that are crossed: the figure, the findings, and what is not asked then."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sweepbook.aggregates.nothing import NothingToDraw
from sweepbook.figures.kinds import draw
from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.finding import HOLDS, MISSING, OPEN
from sweepbook.record.load import Record, load_record

SPEC = {
    "kind": "components",
    "name": "sources",
    "metrics": ["test_acc"],
    "sources": ["split", "weights"],
    "given": "split",
}
CONFIGS = [
    {"split": split, "weights": weights}
    for split, weights in itertools.product(range(6), range(5))
]


def planted(make_record: Callable[..., Path], configs=CONFIGS, split=0.03, rest=0.001) -> Record:
    """A record in which the split moves test accuracy by `split`, the weights by nothing."""
    folder = make_record(configs, n_replicates=1, figures=[SPEC])
    rng = np.random.default_rng(0)
    effects = split * rng.standard_normal(6)
    trials = pd.read_parquet(folder / "trials.parquet").set_index("trial_id")
    reports = pd.read_parquet(folder / "reports.parquet")
    own = {
        i: effects[trials.loc[i, "config/split"]] + rest * rng.standard_normal()
        for i in trials.index
    }
    reports["test_acc"] = 0.8 + reports["trial_id"].map(own)
    reports.to_parquet(folder / "reports.parquet")
    return load_record(folder)


def test_a_source_that_moves_the_results_is_found_and_another_is_not(make_record) -> None:
    found = {one.name: one for one in evaluate(planted(make_record))}
    assert set(found) == {"spread-split", "spread-weights"}, "no trial is asked whether it is best"
    split, weights = found["spread-split"], found["spread-weights"]
    assert split.verdict == HOLDS and weights.verdict == OPEN
    sd = 100 * 0.03 * np.random.default_rng(0).standard_normal(6).std(ddof=1)
    assert split.unit == "points" and split.estimate == pytest.approx(sd, rel=0.05)
    assert 0 < split.low < split.estimate < split.high
    assert weights.low == 0 and weights.estimate < 0.1
    assert f"{split.estimate:.3g} points" in split.sentence


def test_the_figure_has_every_effect_and_says_what_seeds_cannot_decide(make_record) -> None:
    drawn = draw(SPEC, planted(make_record))
    assert list(drawn.numbers["sources"]) == ["split", "weights", "split x weights"]
    assert drawn.numbers["share"].sum() == pytest.approx(1)
    own = drawn.numbers.iloc[0]
    assert f"less than {1.96 * np.sqrt(2) * own['sd']:.2g} points" in drawn.caption


def test_trials_that_differ_in_more_are_asked_as_usual(make_record) -> None:
    configs = [{**config, "lr": lr} for config, lr in zip(CONFIGS, (0.1, 0.2) * 15, strict=True)]
    names = {one.name for one in evaluate(planted(make_record, configs))}
    assert any(name.startswith("best") for name in names)


@pytest.mark.parametrize(
    ("configs", "why"),
    [
        (CONFIGS[:-1], "only 29 of the 30 combinations of split and weights have a value"),
        (CONFIGS[:5], "needs at least two values"),
    ],
)
def test_what_is_not_crossed_is_not_available(make_record, configs, why: str) -> None:
    record = planted(make_record, configs)
    with pytest.raises(NothingToDraw, match=why):
        draw(SPEC, record)
    split = next(one for one in evaluate(record) if one.name == "spread-split")
    assert split.verdict == MISSING and why in split.sentence
