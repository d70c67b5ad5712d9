import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from analysis.findings import evaluate
from analysis.intervals import prediction_interval
from analysis.load import load_record
from analysis.repeat import compare, summary
from search_spaces.claims import Claim


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
        return evaluate(record)

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
