"""The checks of a search: each rule at its edge, both ways."""

from __future__ import annotations

import math
from typing import Any

import pytest

from sweepbook.aggregates.search import search_of
from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.finding import (
    COLUMNS,
    FAILS,
    HOLDS,
    MISSING,
    OPEN,
    Finding,
    findings_frame,
)
from sweepbook.findings.search_checks import headline, search_findings, summary
from sweepbook.pages.studies.claims import claims_of
from tests.searches import SPACE, random_search, record_of

LR = {"lr": SPACE["lr"]}


def trial(lr: float, *values: float, **rest: Any) -> dict[str, Any]:
    return {"settings": {"lr": lr}, "values": list(values), **rest}


def check(name: str, trials: list[dict[str, Any]], **rest: Any) -> Finding:
    search = search_of(record_of(trials, rest.pop("space", LR), **rest))
    assert search is not None
    (row,) = (row for row in search_findings(search) if row.name == f"search-{name}")
    return row


@pytest.mark.parametrize(
    "lr, verdict, text",
    [
        (0.01, HOLDS, "It is at no end of lr."),
        (0.08, FAILS, "Lr 0.08 is at the upper end of 0.0001 .. 0.1"),
        (0.00013, FAILS, "Lr 0.00013 is at the lower end"),
        (0.0002, HOLDS, ""),  # 10 % of the logarithm of the range
    ],
)
def test_the_best_at_an_end_of_a_range_is_found_on_the_scale_of_the_search(
    lr: float, verdict: str, text: str
) -> None:
    row = check("inside-ranges", [trial(lr, 0.5, 0.1), trial(0.1, 0.5, 0.2)])
    assert row.verdict == verdict and text in row.sentence
    assert ("Widen" in row.sentence) == (verdict == FAILS)


def test_a_stopped_trial_at_an_end_is_no_sign() -> None:
    stopped = trial(0.1, 0.01, status="stopped", rung=1)
    assert check("inside-ranges", [trial(0.01, 0.5, 0.1), stopped]).verdict == HOLDS
    assert check("inside-ranges", [stopped]).verdict == MISSING


def test_ends_are_counted_over_cells() -> None:
    trials = [trial(0.1, 0.1), trial(0.01, 0.1), trial(0.09, 0.1)]
    for i, one in enumerate(trials):
        one["settings"]["width"] = i
    row = check("inside-ranges", trials, cells=[{"width": i} for i in range(3)])
    assert "Lr is at the upper end of 0.0001 .. 0.1 in 2 of 3 cells" in row.sentence


@pytest.mark.parametrize("bad, n, verdict", [(0, 60, HOLDS), (1, 20, OPEN), (12, 40, FAILS)])
def test_the_share_of_diverged_trials_is_judged_by_its_interval(
    bad: int, n: int, verdict: str
) -> None:
    trials = [trial(0.05 + 0.001 * i, 0.5, math.nan, status="diverged") for i in range(bad)]
    trials += [trial(0.001 + 0.0001 * i, 0.5, 0.4) for i in range(n - bad)]
    row = check("diverged", trials)
    assert row.verdict == verdict and row.estimate == bad / n
    assert row.low <= bad / n <= row.high
    assert f"{bad} of {n} trials diverged" in row.sentence
    if verdict == FAILS:
        assert "They have lr from 0.05 up; the median of the others is 0.00235" in row.sentence


@pytest.mark.parametrize("late, verdict", [(2, HOLDS), (3, FAILS)])
def test_most_of_the_best_five_at_their_best_in_the_last_tenth_ask_for_more(
    late: int, verdict: str
) -> None:
    falling = [1.0 - 0.01 * i for i in range(20)]
    flat = [*falling[:18], 0.9, 0.9]  # at its best at epoch 18, and 19 is in the last tenth
    curves = [[v - 0.2 for v in falling]] * late + [[v - 0.3 for v in flat]] * (5 - late)
    trials = [trial(0.01, *own) for own in [*curves, [9.0] * 20]]
    row = check("improving", trials)
    assert row.verdict == verdict
    assert f"{late} of the best 5 trials at full length have their best value at epoch 19 or" in (
        row.sentence
    )
    assert ("Train longer (epochs)" in row.sentence) == (verdict == FAILS)


@pytest.mark.parametrize("n, verdict", [(9, FAILS), (10, HOLDS)])
def test_ten_trials_per_setting_are_the_rule(n: int, verdict: str) -> None:
    row = check("enough-trials", [trial(0.01, 0.5 - 0.01 * i) for i in range(n)])
    assert row.verdict == verdict
    assert f"{n} trials have a value. The rule of 10 per setting asks for 10." in row.sentence
    assert f"The best was trial {n - 1} of trials 0 to {n - 1}." in row.sentence


def test_findings_of_a_search_are_its_checks_and_the_page_shows_them_apart() -> None:
    record = random_search(40)
    frame = findings_frame(evaluate(record))
    assert list(frame.columns) == list(COLUMNS)
    assert frame["kind"].tolist() == ["search"] * 4, "no question is put to each trial of many"
    assert frame["name"].is_unique and frame["sentence"].str.startswith("“").all()
    claims = claims_of(record)
    assert len(claims.checks) == 4 and not claims.declared and not claims.asked
    assert "flatters" in claims.answers[0] and not claims.problem


def test_the_summary_names_the_best_and_says_where_there_is_none() -> None:
    search = search_of(record_of([trial(0.01, 0.5, 0.1), trial(0.02, 0.5, 0.2)], LR))
    assert search is not None
    assert "2 trials; 2 trials reached full length." in summary(search)
    assert "The settings of the best are lr 0.01." in summary(search)
    assert "2 trials at full length has validation loss 0.1: lr 0.01." in headline(search)
    none = search_of(record_of([trial(0.01, 0.5, status="stopped")], LR))
    assert none is not None and "none has reached full length" in summary(none)
    assert headline(none) == ""
