"""What a claim states and a figure shows, in one sentence before the training."""

import pytest

from search_spaces import STUDIES
from sweepbook.checks.sentences import claim_sentence, figure_sentence
from tests.checks.conftest import claim

A, B, C = {"lr": 0.1}, {"lr": 0.01}, {"lr": 1.0}
ACC = {"metric": "val_acc", "smallest": 0.005}


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        (claim(A, B, **ACC), ['"lr 0.1" is higher', '"lr 0.01"', "0.5 points", "last 5 rounds"]),
        (claim(A, B, direction="lower", relative=True, smallest=0.05), ["lower", "5 percent"]),
        (claim(A, **ACC, target=0.9, fidelity="last"), ["higher than 90 %", "last round"]),
        (claim(A, kind="equivalence", **ACC, target=0.9), ["is 90 %, give or take 0.5 points"]),
        (claim(A, B, kind="equivalence", **ACC, target=0.0), ["is the same", "give or take 0.5"]),
        (claim(A, B, kind="equivalence", **ACC, target=-0.02), ["2 points lower than"]),
        (claim(A, B, C, kind="winner", **ACC), ['"lr 0.1" has the highest val_acc']),
        (claim(A, B, kind="winner", direction="lower"), ["lowest val_loss, below"]),
        (claim(A, B, C, kind="ranking"), ['rises from "lr 0.1" to "lr 0.01" to "lr 1"']),
        (claim(A, kind="mixture", target=None, **ACC), ["stays at chance", "80 %", "val_acc"]),
        (claim(A, kind="mixture", target=None, expected="learns", **ACC), ["gets above chance"]),
        (claim(A, kind="gradients", target=None, expected="vanishing"), ["are vanishing"]),
        (claim(A, kind="direction", target=None, against_metric="val_loss", metric="loss"),
         ['loss of "lr 0.1" is higher than val_loss']),
        (claim(A, kind="equivalence", target=None, against_metric="val_loss", metric="loss"),
         ["the same as val_loss"]),
        (claim(A, B, quantity="change", since=5, fidelity=10), ["from round 5 to 10"]),
        (claim(A, B, quantity="spread", since=4), ["scatter of val_loss", "round 4 on"]),
        (claim(A, B, kind="equivalence", quantity="steps_to", since=1, target=50.0, smallest=5.0),
         ["that", "at round 1", "after 50 rounds, give or take 5 rounds"]),
        (claim(A, fidelity="every", kind="equivalence", target=3.0), ["is 3", "at every round"]),
    ],
)  # fmt: skip
def test_a_claim_is_told_with_its_arms_and_numbers(stated, words):
    said = claim_sentence(stated, "round")
    assert all(word in said for word in words), said


def test_labels_are_told_where_there_are_some():
    said = claim_sentence(claim(A, B, labels=("fast", "slow")), "round")
    assert '"fast"' in said and '"slow"' in said and "lr" not in said


def test_a_figure_is_told_by_its_title_and_what_it_shows():
    spec = {"kind": "curves", "name": "c", "metrics": ["val_acc", "val_loss"], "by": ["lr"]}
    assert figure_sentence(spec) == "curves: val_acc and val_loss by lr"
    said = figure_sentence({**spec, "title": "All", "where": {"depth": 6}, "x": "width"})
    assert said.startswith("curves: All") and "depth=6" in said and "against width" in said
    assert "10 and the end" in figure_sentence({**spec, "at": [1, 10, "last"]})
    assert "Where the time" in figure_sentence({"kind": "ledger", "name": "l"})
    assert figure_sentence({"kind": "mine:draw", "name": "l"}) == "mine:draw"


def test_every_claim_and_figure_of_the_exercise_is_told():
    for study in STUDIES.values():
        for declared in study.claims:
            assert declared.metric in claim_sentence(declared, "epoch") or declared.expected
        for spec in study.figures:
            assert spec["title"] in figure_sentence(spec)
