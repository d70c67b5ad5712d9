"""Headlines of at most 25 words and sentences of at most 30, whatever a finding says."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweepbook.aggregates.shares import holds_shares
from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.finding import FAILS, HOLDS, MISSING, MIXED, OPEN, Finding
from sweepbook.findings.headlines import BEST, headline_of
from sweepbook.findings.wording.limits import enumerated, n_words, shortened
from sweepbook.pages.studies.claims import claims_of
from tests.findings.claims import FIVE, OFF, ON, claim, finding

WORD = st.text("abcxyz0.%", min_size=1, max_size=9)
TEXT = st.lists(WORD, max_size=40).map(" ".join)
NUMBER = st.none() | st.floats(-1e6, 1e6)
FINDINGS = st.builds(
    Finding,
    name=st.sampled_from([BEST, "order", "a-claim"]),
    claim=TEXT,
    reading=TEXT,
    sentence=TEXT,
    verdict=st.sampled_from([HOLDS, FAILS, OPEN, MISSING, MIXED]),
    kind=st.sampled_from(
        ["direction", "equivalence", "winner", "ranking", "mixture", "gradients"]
    ),
    metric=st.sampled_from(["val_acc", "val_loss", "seconds_s"]),
    unit=st.sampled_from(["points", "percent", "s", "", "share", "epochs"]),
    direction=st.sampled_from(["higher", "lower"]),
    **dict.fromkeys(["estimate", "low", "high", "arm_value", "against_value"], NUMBER),
    **dict.fromkeys(["best_value", "second_value", "rival_value"], NUMBER),
    **dict.fromkeys(["arm", "against", "best", "second", "rival", "found", "note"], TEXT),
    second_apart=st.booleans(),
)


def sentences_of(text):
    return re.split(r"(?<=[.?!…])\s+(?=[A-Z0-9“])", text)


@given(FINDINGS)
@settings(max_examples=300, deadline=None)
def test_a_headline_is_one_line_of_at_most_25_words(one):
    text = headline_of(one)
    assert 1 <= n_words(text) <= 25 and text.endswith((".", "…")) and "\n" not in text
    assert not re.search(r"\bnan\b|\bNone\b|-0\.0+\b", text)


@given(st.lists(TEXT, min_size=1, max_size=20), st.integers(1, 6), st.integers(1, 30))
def test_a_list_names_at_most_so_many_and_counts_the_others(items, most, words):
    text = enumerated(items, most, words)
    rest = re.search(r"(\d+) others?$", text)
    assert len(items) - (int(rest[1]) if rest else 0) <= max(most, 1) or not rest
    assert n_words(text) <= words or len(items) == 1 or text.startswith(items[0])


@given(TEXT, st.integers(2, 20))
def test_a_long_name_is_cut_with_a_sign(name, most):
    short = shortened(name, most)
    assert n_words(short) <= most and (short == name or short.endswith("…"))


def planted_grid(planted, n):
    values = [FIVE - 0.01 * i for i in range(n)]
    return planted([{"width": i} for i in range(n)], [], {"val_loss": values, "val_acc": values})


def test_a_finding_of_many_trials_names_four_and_is_short(planted):
    row = finding(planted_grid(planted, 18), BEST)
    assert "and 14 others" in row["sentence"] and len(row["sentence"]) < 600
    for text in sentences_of(row["sentence"]):
        assert n_words(text) <= 30, text


def test_each_declared_claim_has_a_finding_and_a_headline(planted):
    claims = [claim(), claim(name="gone", arms=[{"batch_norm": True, "depth": 3}, OFF])]
    found = claims_of(planted([ON, OFF], claims, {"val_acc": [FIVE + 0.02, FIVE]}))
    assert [one.name for one in found.declared_findings] == ["it", "gone"]
    assert [one.finding for one in found.headlines] == ["it"]
    assert found.headlines[0].text.startswith("On is better than off: 92.0 % against 90.0 %")


def test_what_lacks_the_same_is_one_line_with_its_remedy(planted):
    gone = {"arms": [{"batch_norm": True, "depth": 3}, OFF]}
    far = {"kind": "threshold", "quantity": "change", "since": 40, "fidelity": 60, "target": 0.0}
    claims = [
        *(claim(name=name, remedy="Train depth 3.", **gone) for name in ("a", "b")),
        claim(name="c", arms=[ON], labels=["on"], **far),
    ]
    found = claims_of(planted([ON, OFF], claims, {"val_acc": [FIVE + 0.02, FIVE]}))
    first, second = found.missing
    assert (first.names, first.remedy) == (["a", "b"], "Train depth 3.")
    assert first.text == "2 claims are not available: no trial has batch norm on, depth 3."
    assert (second.names, second.remedy) == (["c"], "") and "needs epochs 40 to 60" in second.text
    failed = planted([ON, OFF], [claim(remedy="Train it.")], {"val_acc": [FIVE, FIVE]}, at="f",
                     endings={0: {"status": "failed", "last": 2}})  # fmt: skip
    (missing,) = claims_of(failed).missing
    assert "failed" in missing.text and not missing.remedy, "the trial is there"


@pytest.mark.parametrize(("scale", "unit"), [(1, "points"), (100, "")])
def test_accuracies_in_percent_are_not_multiplied_again(planted, scale, unit):
    noise = np.array([0.0, 0.001, -0.001, 0.0005, -0.0005])
    values = {"val_acc": [scale * (FIVE + 0.02 + noise), scale * FIVE]}
    values |= {"train_acc": [own - 0.04 * scale for own in values["val_acc"]]}
    record = planted([ON, OFF], [claim(smallest=0.005 * scale)], values)
    row = finding(record)
    assert holds_shares(record, "val_acc") == (scale == 1)
    assert row["verdict"] == HOLDS and row["unit"] == unit
    assert row["estimate"] == pytest.approx(2.0)
    assert finding(record, "gap-on")["estimate"] == pytest.approx(-4.0)
    texts = [one.sentence for one in evaluate(record)] + [claims_of(record).headlines[0].text]
    assert not any("9200" in text or "9,200" in text for text in texts)
    assert not any(one.kind == "mixture" for one in evaluate(record)), "chance is a share"


def test_trials_are_called_as_the_claims_call_them(planted):
    values = [FIVE - 0.01 * i for i in range(4)]
    trials = [{"width": w, "lr": lr} for w in (1, 2) for lr in (0.1, 1.0)]
    named = claim(kind="winner", arms=[{"width": 1}, {"width": 2}], labels=["slim", "wide"],
                  best_by="val_acc")  # fmt: skip
    record = planted(trials, [named], {"val_acc": values, "val_loss": values})
    assert finding(record, BEST)["best"] == "wide, lr 1"
    rates = [claim(name=f"w{w}", kind="winner", labels=["slow", "fast"],
                   arms=[{"width": w, "lr": lr} for lr in (0.1, 1.0)])
             for w in (1, 2)]  # fmt: skip
    record = planted(trials, rates, {"val_acc": values, "val_loss": values}, at="two")
    assert finding(record, BEST)["best"] == "lr 1, width 2", "“fast” has two meanings"
