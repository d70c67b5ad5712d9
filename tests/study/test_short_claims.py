"""The short forms of claims: what they mean in the long form, and what they refuse."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweepbook import Claim, best, higher, learns, lower, same, worst

ON, OFF = {"batch_norm": True}, {"batch_norm": False}
RATES = [{"lr": rate} for rate in (0.1, 0.01, 0.001)]
SIZE = {"by": 0.005, "because": "half a point"}
LONG = {"statement": "", "smallest": 0.005, "reason": "half a point", "metric": "val_acc"}


@pytest.mark.parametrize(
    "short, long",
    [
        (
            higher("val_acc", ON, than=OFF, **SIZE),
            {"kind": "direction", "direction": "higher", "arms": (ON, OFF)},
        ),
        (
            lower("val_acc", ON, than=OFF, **SIZE),
            {"kind": "direction", "direction": "lower", "arms": (ON, OFF)},
        ),
        (
            higher("val_acc", ON, than=0.9, single_run=True, **SIZE),
            {"kind": "threshold", "target": 0.9, "arms": (ON,), "single_run": True},
        ),
        (
            lower("val_acc", [ON, OFF], than="train_acc", **SIZE),
            {
                "kind": "direction",
                "direction": "lower",
                "against_metric": "train_acc",
                "arms": (ON, OFF),
            },
        ),
        (
            lower("val_acc", ON, than="train_acc", **SIZE),
            {
                "kind": "direction",
                "direction": "lower",
                "against_metric": "train_acc",
                "arms": (ON,),
            },
        ),
        (
            best("val_acc", RATES[1], among=RATES, **SIZE),
            {"kind": "winner", "arms": (RATES[1], RATES[0], RATES[2])},
        ),
        (
            worst("val_acc", RATES[1], among=[RATES[0]], **SIZE),
            {"kind": "winner", "direction": "lower", "arms": (RATES[1], RATES[0])},
        ),
        (
            same("val_acc", ON, OFF, within=0.005, because="half a point"),
            {"kind": "equivalence", "target": 0.0, "arms": (ON, OFF)},
        ),
        (
            same("val_acc", ON, 0.9, within=0.005, because="half a point"),
            {"kind": "equivalence", "target": 0.9, "arms": (ON,)},
        ),
        (
            learns("val_acc", ON, **SIZE),
            {"kind": "mixture", "expected": "learns", "arms": (ON,)},
        ),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_short_form_is_a_claim(short, long):
    assert short == Claim(name=short.name, **LONG, **long)


def test_further_fields_pass_through():
    options = {"labels": ["with", "without"], "fidelity": "last", "family": "f"}
    claim = higher("val_loss", ON, than=OFF, name="n", statement="s", **options, **SIZE)
    assert (claim.name, claim.statement, claim.fidelity, claim.family) == ("n", "s", "last", "f")
    assert list(claim.labels) == ["with", "without"]


def test_labels_of_best_stay_with_their_settings():
    labels = ["a", "b", "c"]
    claim = best("val_acc", RATES[1], among=RATES, labels=labels, **SIZE)
    assert dict(zip(claim.labels, claim.arms, strict=True)) == dict(
        zip(labels, RATES, strict=True)
    )


@pytest.mark.parametrize(
    "metric, side",
    [
        *(("val_loss", "lower"), ("batch_losses", "lower"), ("time_s", "lower")),
        *(("val_error", "lower"), ("val_acc", "higher"), ("F1-score", "higher")),
    ],
)
def test_the_best_side_is_that_of_the_metric(metric, side):
    other = {"lower": "higher", "higher": "lower"}[side]
    arms = {"among": RATES[1:], **SIZE}
    assert best(metric, RATES[0], **arms).direction == side
    assert worst(metric, RATES[0], **arms).direction == other
    assert best(metric, RATES[0], direction=other, **arms).direction == other


def test_names_are_stable_and_told_apart():
    names = [
        higher("val_acc", {"a": 1, "b": None}, than={"a": -1}, **SIZE).name,
        higher("val_acc", {"a": 1, "b": None}, than={"a": 1}, **SIZE).name,
        lower("val_acc", {"a": 1, "b": None}, than={"a": 1}, **SIZE).name,
        higher("test_acc", {"a": 1, "b": None}, than={"a": 1}, **SIZE).name,
        higher("val_acc", {}, than=0.5, **SIZE).name,
        higher("val_acc", {}, than=-0.5, **SIZE).name,
        same("val_acc", {}, 0.5, within=0.1, because="x").name,
    ]
    assert names[0] == "higher-val-acc-a-1-b-none-than-a-minus-1"
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: higher("val_acc", ON, than=OFF, by=-1, because="x"), "by of higher.* >= 0.*-1"),
        (lambda: higher("val_acc", ON, than=OFF, by="1", because="x"), "by of .* a number.*'1'"),
        (lambda: higher("val_acc", ON, than=OFF, by=np.nan, because="x"), "by of .*nan"),
        (lambda: lower("val_acc", ON, than=OFF, by=0, because=" "), "because of lower.*one line"),
        (lambda: higher("val_acc", "on", than=OFF, **SIZE), "settings of higher.* dict.*'on'"),
        (lambda: higher("val_acc", [ON], than=OFF, **SIZE), "settings of higher.* dict"),
        (lambda: higher("val_acc", ON, than=None, **SIZE), "than of higher.* number.*got None"),
        (lambda: higher("val_acc", ON, than=True, **SIZE), "than of higher.* number.*got True"),
        (lambda: higher("val_acc", ON, than=ON, **SIZE), "than of higher.* differ"),
        (lambda: higher(3, ON, than=OFF, **SIZE), "metric of higher.* name of a metric, got 3"),
        (lambda: higher("val_acc", ON, than=OFF, within=1, **SIZE), "no option 'within': .*by="),
        (lambda: higher("val_acc", ON, than=OFF, kind="winner", **SIZE), "'kind'.* long form"),
        (lambda: higher("val_acc", ON, than=OFF, direction="lower", **SIZE), "'direction'"),
        (lambda: higher("val_acc", ON, than=OFF, label="x", **SIZE), "'label'.*options.* labels"),
        (lambda: higher("val_acc", ON, than=OFF, single_run=True, **SIZE), "single_run of claim"),
        (lambda: best("val_acc", ON, among=OFF, **SIZE), "among of best.* list of settings"),
        (lambda: best("val_acc", ON, among=[ON], **SIZE), "among of best.* beside the settings"),
        (lambda: best("val_acc", ON, among=[OFF, OFF], **SIZE), "among of best.* once"),
        (lambda: best("val_acc", ON, among=[OFF, 3], **SIZE), "each of among .* dict.*got 3"),
        (lambda: best("n_steps", ON, among=[OFF], **SIZE), 'best.*say direction="higher" or'),
        (lambda: worst("depth", ON, among=[OFF], **SIZE), "side depth is worst"),
        (
            lambda: best("val_loss", ON, among=[OFF], quantity="spread", **SIZE),
            "direction.* the spread of val_loss",
        ),
        (lambda: same("val_acc", ON, "x", within=1, because="x"), "the same as.* number.*'x'"),
        (lambda: same("val_acc", ON, ON, within=1, because="x"), "other settings .* differ"),
        (lambda: same("val_acc", ON, OFF, within=1, by=1, because="x"), "'by': write within=1"),
        (lambda: learns("val_acc", 3, **SIZE), "settings of learns.* dict"),
        (lambda: higher("val_acc", ON, than=OFF, name="a b", **SIZE), "hyphens, got 'a b'"),
    ],
)
def test_what_is_wrong_is_named_as_it_was_written(make, message):
    with pytest.raises(ValueError, match=message) as error:
        make()
    assert "\n" not in str(error.value)


VALUES = st.one_of(st.booleans(), st.none(), st.integers(), st.floats(allow_nan=False), st.text())
SETTINGS = st.dictionaries(st.text(max_size=8), VALUES, max_size=3)


@given(st.text(min_size=1, max_size=8), SETTINGS, SETTINGS)
def test_any_settings_give_a_name_that_a_claim_may_have(metric, settings, other):
    if settings == other:
        return
    claim = higher(metric, settings, than=other, **SIZE)
    assert claim == higher(metric, dict(settings), than=dict(other), **SIZE)
    assert re.fullmatch(r"[^\W_]+(-[^\W_]+)*", claim.name)


def test_a_mixture_fails_or_learns_and_gradients_are_of_a_class():
    whole = {**LONG, "name": "c", "arms": (ON,)}
    for kind, expected in (
        *(("mixture", None), ("mixture", "fails"), ("mixture", "learns")),
        *(("gradients", "healthy"), ("gradients", "vanishing")),
    ):
        assert Claim(kind=kind, expected=expected, **whole).expected == expected
    for kind, expected in (
        *(("mixture", "vanishing"), ("mixture", "always"), ("gradients", "learns")),
        *(("gradients", None), ("gradients", "flat")),
    ):
        with pytest.raises(ValueError, match=f"expected of claim c must be .*kind is {kind}"):
            Claim(kind=kind, expected=expected, **whole)


def test_a_single_run_is_something_to_hold_a_target_against():
    whole = {**LONG, "name": "c", "single_run": True}
    for kind in ("threshold", "equivalence"):
        assert Claim(kind=kind, target=0.5, arms=(ON,), **whole).single_run
    assert Claim(kind="equivalence", target=0.0, arms=(ON, OFF), **whole).single_run
    for changes in (
        {"kind": "direction", "arms": (ON, OFF)},
        {"kind": "equivalence", "arms": (ON,), "against_metric": "train_acc"},
        {"kind": "mixture", "arms": (ON,)},
    ):
        with pytest.raises(ValueError, match="single_run of claim c must be False"):
            Claim(**whole, **changes)
