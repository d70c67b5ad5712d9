import json
from dataclasses import FrozenInstanceError, asdict, replace
from importlib.resources import files

import pytest

from search_spaces import STUDIES
from search_spaces.mlp_claims import CLAIMS
from sweepbook.study.claim import Claim

PUBLISHED = json.loads((files("analysis") / "published.json").read_text(encoding="utf-8"))
MLP_PARTS = [
    *("learning_rate", "epochs", "batch_norm", "batch_size"),
    *("architecture", "deep_gradients", "implicit"),
]


def claim(**changes):
    fields = {
        "name": "a-claim",
        "statement": "on is better",
        "kind": "direction",
        "metric": "val_acc",
        "smallest": 0.005,
        "reason": "half a point",
        "arms": ({"batch_norm": True}, {"batch_norm": False}),
    }
    return Claim(**(fields | changes))


@pytest.mark.parametrize("part", MLP_PARTS)
def test_every_published_statement_has_a_claim_and_no_other_is_named(part):
    study = part.replace("_", "-")
    assert {c.statement for c in CLAIMS[study]} == set(PUBLISHED[part]["statements"])


def test_names_are_unique_within_a_study_and_several_readings_are_told_apart():
    for claims in CLAIMS.values():
        assert len({c.name for c in claims}) == len(claims)
        assert len({(c.statement, c.reading) for c in claims}) == len(claims)


def test_test_data_decides_only_what_is_said_about_test_data():
    for claims in CLAIMS.values():
        for c in claims:
            if "test" in c.metric:
                assert "test" in c.statement


def test_each_arm_singles_out_one_config_of_its_study_or_some_to_choose_from():
    seen = 0
    for study in STUDIES.values():
        for c in study.claims:
            for arm in c.arms:
                # a setting that a study does not vary may be left at its default
                named = {k for config in study.configs() for k in config}
                fits = [
                    config
                    for config in study.configs()
                    if all(config.get(k) == v for k, v in arm.items() if k in named)
                ]
                assert len(fits) == 1 or (fits and c.best_by), (study.name, c.name, arm)
                seen += 1
    assert seen > 30


def test_a_claim_is_frozen_and_survives_json():
    for claims in CLAIMS.values():
        for c in claims:
            plain = json.loads(json.dumps(asdict(c)))
            again = Claim(**(plain | {"arms": plain["arms"], "labels": plain["labels"]}))
            assert json.dumps(asdict(again)) == json.dumps(asdict(c))
    with pytest.raises(FrozenInstanceError):
        claim().smallest = 0.1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "two words"}, "letters, digits and hyphens, got 'two words'"),
        ({"kind": "better"}, "kind of claim a-claim must be one of direction"),
        ({"direction": "up"}, "direction of claim a-claim must be one of higher, lower"),
        ({"smallest": -0.1}, "smallest of claim a-claim must be a finite number >= 0, got -0.1"),
        ({"smallest": float("nan")}, "smallest"),
        ({"reason": " "}, "reason"),
        ({"arms": ({"a": 1},)}, "arms of claim a-claim must be two"),
        ({"arms": ({"a": 1}, {"a": 1})}, "differ"),
        ({"arms": ()}, "arms"),
        ({"labels": ("on",)}, r"labels of claim a-claim must be \(\) or 2"),
        ({"fidelity": 0}, "fidelity of claim a-claim must count from 1, got 0"),
        ({"fidelity": "best"}, "fidelity of claim a-claim must be last, last5, every or a step"),
        ({"target": 1.0}, "target of claim a-claim must be None"),
        ({"kind": "equivalence"}, "target of claim a-claim must be a number"),
        ({"kind": "threshold", "target": 1.0}, "arms of claim a-claim must be one"),
        ({"kind": "winner", "arms": ({"a": 1},)}, "arms of claim a-claim must be at least two"),
        ({"quantity": "change"}, "since of claim a-claim must be given for change"),
        (
            {"quantity": "change", "since": 60, "fidelity": 50},
            "since of claim a-claim .* after the window .* before fidelity, got 60",
        ),
        ({"expected": "vanishing"}, "expected"),
        ({"kind": "winner", "against_metric": "val_acc"}, "against_metric"),
    ],
)
def test_an_impossible_claim_is_refused_with_its_value(changes, message):
    with pytest.raises(ValueError, match=message):
        claim(**changes)


def test_a_changed_copy_is_checked_again():
    with pytest.raises(ValueError, match="smallest"):
        replace(claim(), smallest=-1.0)


ROWS = {"metric": "test_acc", "over": "rows", "fidelity": "last", "best_by": "val_acc"}


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"metric": "val_acc"}, "over .* replicates: .* test_acc, .*got 'rows'"),
        ({"relative": True}, "over .* replicates: .* relative False"),
        (
            {"arms": ({"lr": 1.0},), "kind": "threshold", "target": 0.5},
            "over .* replicates: .* two arms",
        ),
        ({"fidelity": "last5"}, "fidelity .* must be last, .*got 'last5'"),
        ({"best_by": "test_acc"}, "best_by .* must be a validation metric, got 'test_acc'"),
        ({"over": "seeds"}, "over .* must be one of replicates, rows, got 'seeds'"),
    ],
)
def test_claims_over_rows_are_checked(changes, message):
    whole = {
        "name": "a", "statement": "s", "kind": "direction", "smallest": 0.02, "reason": "why",
        "arms": ({"lr": 1.0}, {"lr": 0.1}), **ROWS,
    }  # fmt: skip
    assert Claim(**whole).over == "rows"
    with pytest.raises(ValueError, match=message):
        Claim(**(whole | changes))


@pytest.mark.parametrize("title", ["two\nlines", "x" * 33])
def test_a_title_is_a_few_words(title):
    with pytest.raises(ValueError, match="title of claim a-claim must be one line"):
        claim(title=title)
    assert claim(title="Batch norm: final accuracy").title


def test_every_claim_of_the_exercise_has_a_title_of_its_own():
    for study in STUDIES.values():
        titles = [c.title for c in study.claims]
        assert all(titles) and len(set(titles)) == len(titles), study.name
