import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.finding import findings_frame
from sweepbook.findings.repeat import compare, summary
from sweepbook.record.load import load_record
from sweepbook.stats.intervals import prediction_interval
from sweepbook.study.claim import Claim


def claims():
    common = {
        "statement": "on is better",
        "kind": "direction",
        "reason": "why not",
        "arms": ({"on": True}, {"on": False}),
    }
    plain = Claim(name="acc", metric="val_acc", smallest=0.005, **common)
    loss = Claim(
        name="loss",
        metric="val_loss",
        smallest=0.02,
        relative=True,
        direction="lower",
        **common,
    )
    return json.loads(json.dumps([asdict(plain), asdict(loss)]))


@pytest.fixture
def findings_of(make_record):
    def make(at, gain, seed=0, n=5):
        path = make_record([{"on": True}, {"on": False}], at=at, n_replicates=n, claims=claims())
        record = load_record(path)
        random = np.random.default_rng(seed)
        on = record.trials.set_index("trial_id")["config/on"]
        noise = random.normal(0, 0.003, n)
        reports = record.reports
        gained = reports["trial_id"].map(on) * (gain + noise[reports["replicate"]])
        reports["val_acc"] = 0.9 + gained
        reports["val_loss"] = 0.3 * np.exp(-gained)
        return findings_frame(evaluate(record))

    return make


def test_a_run_agrees_with_itself(findings_of):
    first = findings_of("a", 0.03)
    table = compare(first, first)
    assert len(table) == len(first)
    assert not table["opposite"].any() and not table["moved"].any()
    assert table["inside"].dropna().all() and table["inside"].notna().sum() >= 2


def test_the_prediction_interval_is_of_a_second_mean_on_the_tested_scale(findings_of):
    first, second = findings_of("a", 0.03, seed=1), findings_of("b", 0.03, seed=2)
    table = compare(first, second).set_index("name")
    noise = 0.03 + np.random.default_rng(1).normal(0, 0.003, 5)
    expected = prediction_interval(noise, m=5)
    assert table.loc["acc", "low"] == pytest.approx(100 * float(expected.low))
    assert table.loc["acc", "high"] == pytest.approx(100 * float(expected.high))
    assert table.loc["loss", "high"] == pytest.approx(100 * np.expm1(-float(expected.low)))


def test_opposite_and_moved_verdicts_are_counted(findings_of):
    first = findings_of("a", 0.03)
    against = compare(first, findings_of("b", -0.03)).set_index("name")
    assert against.loc["acc", "opposite"] and not against.loc["acc", "moved"]
    assert against.loc["acc", "inside"] is False or not against.loc["acc", "inside"]
    near = compare(first, findings_of("c", 0.005)).set_index("name")
    assert near.loc["acc", "moved"] and not near.loc["acc", "opposite"]
    text = summary(against.reset_index())
    assert "opposite verdicts" in text and text.startswith(f"Of {len(against)} findings ")


def test_nothing_in_common_is_said(findings_of):
    first = findings_of("a", 0.03)
    assert summary(compare(first, first.assign(study="other"))) == (
        "The two runs have no finding in common."
    )
    single = findings_of("b", 0.03, n=1)
    table = compare(first, single)
    assert isinstance(table, pd.DataFrame)
    assert (table.loc[table["name"] == "acc", "verdict_again"] == "undecided").all()


NETS = [{"net": net} for net in ("a", "b", "c")]


@pytest.fixture
def winner_of(make_record):
    """winner_of(at, losses of nets a, b, c, noise) -> findings, best-config among them."""

    def make(at, losses, noise=0.001):
        claimed = Claim(
            name="a-is-best",
            statement="a is best",
            kind="winner",
            metric="val_loss",
            direction="lower",
            smallest=0.0,
            reason="any",
            arms=NETS,
            labels=("a", "b", "c"),
        )
        path = make_record(
            NETS, at=at, n_replicates=5, claims=json.loads(json.dumps([asdict(claimed)]))
        )
        record = load_record(path)
        net = record.trials.set_index("trial_id")["config/net"]
        codes = record.reports["trial_id"].map(net).map({"a": 0, "b": 1, "c": 2}).to_numpy()
        scatter = np.random.default_rng(3).standard_normal((3, 5)) * noise
        replicates = record.reports["replicate"].to_numpy()
        record.reports["val_loss"] = np.array(losses)[codes] + scatter[codes, replicates]
        return findings_frame(evaluate(record))

    return make


def test_two_seeds_that_name_different_winners_disagree(winner_of):
    first, second = winner_of("a", [0.1, 0.2, 0.3]), winner_of("b", [0.2, 0.1, 0.3])
    row = compare(first, second).set_index("name").loc["best-config"]
    assert (row["verdict"], row["verdict_again"]) == ("holds", "holds")
    assert row["opposite"] and not row["moved"] and row["inside"] is None
    assert (row["arm"], row["arm_again"]) == ("a", "b"), "as the claim calls them"
    assert "have opposite verdicts" in summary(compare(first, second))
    worst = compare(first, second).set_index("name").loc["worst-config"]
    assert not worst["opposite"] and worst["arm"] == worst["arm_again"]


def test_another_winner_that_is_not_sure_has_moved(winner_of):
    first = winner_of("a", [0.1, 0.2, 0.3])
    unsure = winner_of("b", [0.22, 0.2, 0.3], noise=0.05)
    row = compare(first, unsure).set_index("name").loc["best-config"]
    assert row["arm"] != row["arm_again"]
    assert (row["verdict"], row["verdict_again"]) == ("holds", "undecided")
    assert row["moved"] and not row["opposite"] and row["inside"] is None
    row = compare(unsure, unsure.assign(arm="net c")).set_index("name").loc["best-config"]
    assert not row["moved"] and not row["opposite"] and row["inside"] is None


def test_another_arm_is_compared_by_who_holds_not_by_the_word(winner_of):
    first = winner_of("a", [0.1, 0.2, 0.3])
    second = winner_of("b", [0.2, 0.1, 0.3])
    second.loc[second["name"] == "best-config", "verdict"] = "does not hold"
    row = compare(first, second).set_index("name").loc["best-config"]
    assert row["moved"] and not row["opposite"]  # "a is best" and "b is not" can both be true
    second.loc[second["name"] == "best-config", "verdict"] = "not available"
    row = compare(first, second).set_index("name").loc["best-config"]
    assert not row["moved"] and not row["opposite"]


def test_an_estimate_against_another_rival_is_not_judged(winner_of):
    first, second = winner_of("a", [0.1, 0.2, 0.3]), winner_of("b", [0.1, 0.3, 0.2])
    row = compare(first, second).set_index("name").loc["a-is-best"]
    assert row["verdict"] == row["verdict_again"] == "holds"
    assert (row["rival"], row["rival_again"]) == ("b", "c")
    assert row["inside"] is None and not row["opposite"] and not row["moved"]
    same = compare(first, first).set_index("name").loc["a-is-best"]
    assert same["inside"]
