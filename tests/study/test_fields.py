"""Every field of a declaration is of its type, or refused by its name."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from sweepbook import Claim, Fidelity, Metric, Option, Search, Study


def train(config):
    yield {"epoch": 1, "val_acc": 0.5}


def study(**changes):
    content = {"name": "mine", "question": "?", "trainable": "mine:train"}
    content |= {"metric": Metric("val_acc", "max"), "fidelity": Fidelity("epoch", "epochs")}
    return Study(**content | changes)


@pytest.mark.parametrize(
    "field, value",
    [
        ("trainable", train),
        ("metric", "val_acc"),
        ("fidelity", "epoch"),
        ("question", 3),
        ("name", 3),
        ("replicates", "3"),
        ("replicates", 2.5),
        ("replicates", True),
        ("seed", "0"),
        ("gpus", "1"),
        ("stacked", "yes"),
        ("scheduler", "asha"),
        ("search", 3),
        ("claims", [1]),
        ("claims", Claim),
        ("figures", ["curves"]),
        ("figures", {"kind": "curves"}),
        ("options", ["--lr"]),
        ("artifacts", ["a"]),
        ("answers", None),
    ],
)
def test_a_field_of_another_type_is_refused_by_its_name(field, value):
    with pytest.raises(ValueError, match=f"^{field} of study .* must be "):
        study(**{field: value})


def test_a_function_is_told_how_a_text_names_it():
    with pytest.raises(ValueError, match=f"'{__name__}:train'"):
        study(trainable=train)


@pytest.mark.parametrize(
    "make, field",
    [
        (lambda: Metric(1, "max"), "name"),
        (lambda: Fidelity("epoch", 5), "setting"),
        (lambda: Search(space=dict, n_trials=3), "space"),
        (lambda: Search(space="a:b", n_trials=3, points={"lr": 1}), "points"),
        (lambda: Option("lr", "text", 3), "help"),
        (lambda: claim(arms={"lr": 1}), "arms"),
        (lambda: claim(smallest="0"), "smallest"),
        (lambda: claim(relative=1), "relative"),
    ],
)
def test_every_declaration_checks_its_fields(make, field):
    with pytest.raises(ValueError, match=f"{field} of .* must be "):
        make()


def claim(**changes):
    content = {"name": "a", "statement": "", "kind": "winner", "metric": "val_acc"}
    content |= {"smallest": 0, "reason": "any", "arms": [{"lr": 1}, {"lr": 2}]}
    return Claim(**content | changes)


def test_numpy_s_numbers_become_python_s():
    made = study(replicates=np.int64(3), gpus=np.float32(0.5), stacked=np.bool_(True))
    assert json.loads(json.dumps(asdict(made)))["replicates"] == 3
    assert type(made.gpus) is float and made.stacked is True
    assert type(claim(smallest=np.float64(0.5)).smallest) is float
