"""What a reader is told of claims that were decided look by look."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.finding import FAILS, HOLDS, MISSING, OPEN, findings_frame
from sweepbook.findings.wording.limits import MOST_WORDS, n_words
from tests.findings.claims import OFF, ON, claim
from tests.findings.sequential.looks import decided_record
from tests.records import with_manifest

LOOKS = (5, 10, 15, 20, 30)
NOISE = np.random.default_rng(0).standard_normal((3, 30)) * 0.01
NEAR = {"batch_norm": None}
TURNS = np.where(np.arange(30) % 2, 0.01, -0.01)  # its mean is 0, or nearly
CLAIMS = [
    claim(name="holds"),
    claim(name="fails", arms=[OFF, ON], labels=["off", "on"]),
    claim(name="near", arms=[ON, NEAR], labels=["on", "near"], smallest=0.004),
    claim(
        name="win",
        kind="winner",
        arms=[ON, OFF, NEAR],
        labels=["on", "off", "near"],
        smallest=0.0,
    ),
    claim(name="level", kind="threshold", target=0.8, arms=[ON], labels=[]),
    claim(name="none", arms=[ON, {"batch_norm": 7}], labels=[]),
    claim(name="count", kind="mixture", arms=[ON], labels=[], smallest=0.05, expected="learns"),
]


@pytest.fixture
def record(planted):
    values = {"val_acc": [0.85 + NOISE[0], 0.8 + NOISE[1], 0.85 + NOISE[0] + TURNS]}
    return planted([ON, OFF, NEAR], CLAIMS, values)


def told(record):
    return {one.name: one for one in evaluate(record)}


def test_a_finding_is_that_of_the_look_at_which_it_ended(record):
    known = told(decided_record(record, LOOKS))
    one = known["holds"]
    assert (one.verdict, one.look, one.n) == (HOLDS, "2 of 5", 10)
    assert "holds at 10 seeds (look 2 of 5; 95 % repeated interval" in one.sentence
    assert "5 % over all looks" in one.sentence and "stopped" in one.sentence
    assert known["fails"].verdict == FAILS and known["fails"].high < 0.5
    assert known["none"].verdict == MISSING
    assert known["level"].low > 80.5  # in percent, as its estimate
    count = known["count"]
    assert count.verdict == HOLDS and count.n == 20 and count.high < 0.2


def test_every_ending_is_said_in_words(record):
    after = told(decided_record(record, LOOKS))
    budget = told(decided_record(record, LOOKS, until=2, ending="budget"))
    broken = told(decided_record(record, LOOKS, until=2, ending=""))
    assert after["near"].verdict == OPEN and after["near"].n == 30
    assert "given up: less than 1 in 10 chance by 30" in after["win"].sentence
    assert "the budget was spent" in budget["near"].sentence and budget["near"].n == 10
    assert "have not ended" in broken["near"].sentence


def test_a_seed_like_the_worst_one_is_named(planted):
    bad = np.where(np.arange(30) % 5 == 0, 0.1, 0.8) + NOISE[2]
    configs = [{"width": i} for i in range(3)]
    own = claim(arms=configs[:2], labels=[])
    values = {"val_acc": [0.83 + NOISE[0], 0.8 + NOISE[1], bad]}
    record = planted(configs, [own], values)
    one = told(decided_record(record, (5, 10), ending="looks"))["it"]
    assert one.verdict == OPEN and one.overturned and "another seed like the worst" in one.sentence


def test_further_seeds_of_shared_trials_change_no_ended_finding(record):
    decided = decided_record(record, LOOKS)
    reports = decided.reports.copy()
    reports.loc[reports["replicate"] >= 10, "val_acc"] -= 0.5
    again = dataclasses.replace(decided, reports=reports)
    before, after = told(decided)["holds"], told(again)["holds"]
    assert before == after


def test_questions_of_our_own_are_answered_by_the_first_look_s_seeds(record):
    known = told(decided_record(record, LOOKS))
    first = {r: row for r, row in known.items() if r not in {c["name"] for c in CLAIMS}}
    assert first and all(one.n == 5 for one in first.values() if one.n)


def test_sentences_stay_short_and_numbers_are_known(record):
    findings = evaluate(decided_record(record, LOOKS))
    for one in findings:
        for sentence in one.sentence.split(". "):
            assert n_words(sentence) <= MOST_WORDS + 2, sentence
    frame = findings_frame(findings)
    assert frame["look"].notna().sum() == 6
    assert all(math.isfinite(one.estimate) for one in findings if one.verdict == HOLDS)


def test_a_record_whose_looks_lack_a_value_is_refused(record):
    decided = decided_record(record, LOOKS)
    broken = dataclasses.replace(decided.manifest.decide, judged=({"look": 1},))
    with pytest.raises(ValueError, match="lacks a value"):
        evaluate(with_manifest(decided, decide=broken))


def test_a_record_that_has_not_looked_yet_is_told_as_any_other(record):
    decided = decided_record(record, LOOKS)
    before = dataclasses.replace(decided.manifest.decide, judged=())
    assert told(with_manifest(decided, decide=before))["holds"].look is None
