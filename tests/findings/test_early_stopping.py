"""What is asked, and compared where, after a scheduler stopped trials early."""

import numpy as np
import pytest

from benchmarks.early_stopping import error_rates, stopped_early
from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.finding import findings_frame
from tests.findings.claims import claim, finding

STEPS = np.arange(1, 9)
NOISE = np.array([[0.0], [0.001], [-0.001], [0.0005], [-0.0005]])
A, B, C = ({"width": w} for w in (8, 16, 32))
SCHEDULER = {"grace_period": 2, "reduction_factor": 2, "max_t": 8}
STOPPED_AT_4 = {"status": "stopped", "last": 4}
STOPPED_AT_2 = {"status": "stopped", "last": 2}


def curve(start, rise):
    """Accuracies (5, 8) that rise by epoch, a little different by replicate."""
    return start + rise * STEPS / 10 + NOISE


def asha(planted, claims, curves, endings, at="asha", **study):
    """The record of widths 8, 16 and 32 whose trials ended so under ASHA with rungs 2 and 4."""
    rows = [np.roll(own, i, axis=0) for i, own in enumerate(curves)]
    configs = [A, B, C][: len(curves)]
    study = {"scheduler": SCHEDULER, **study}
    return planted(configs, claims, {"val_acc": rows}, endings=endings, at=at, study=study)


def test_the_worst_of_those_that_were_not_stopped_is_not_asked(planted):
    """Width 8 was worse than all and stopped, so the worst of the others is not the worst."""
    better = [curve(0.1, 0.1), curve(0.5, 0.2), curve(0.6, 0.3)]
    losses = {"val_loss": [1 - own for own in better]}
    record = planted([A, B, C], [], losses, endings={0: STOPPED_AT_2})
    names = findings_frame(evaluate(record))["name"].tolist()
    assert "best-config" in names and "worst-config" not in names
    best = finding(record, "best-config")
    assert best["best"] == "width 32" and best["verdict"] == "holds"
    assert "among the 2 of 3 trials that reached full length" in best["sentence"]
    whole = planted([A, B, C], [], losses, at="whole")
    assert finding(whole, "worst-config")["arm"] == "width 8"
    assert "among the" not in finding(whole, "best-config")["sentence"]


def test_a_stopped_trial_is_compared_at_the_last_step_that_both_have(planted):
    """At epoch 4 width 8 is ahead; where the other one went later does not count."""
    curves = [curve(0.5, 0.3), curve(0.5, 0.2)]
    curves[1][:, 4:] += 0.4
    ahead = claim(arms=[A, B], labels=["narrow", "wide"], fidelity="last")
    row = finding(asha(planted, [ahead], curves, {0: STOPPED_AT_4}))
    assert row["verdict"] == "holds" and row["steps"] == "epoch 4"
    assert row["estimate"] == pytest.approx(100 * 0.1 * 0.4, abs=0.1)
    assert "epoch 4 of 8" in row["sentence"] and "narrow" in row["note"]
    mean = claim(arms=[A, B], labels=["narrow", "wide"])
    row = finding(asha(planted, [mean], curves, {0: STOPPED_AT_4}, at="mean"))
    assert row["steps"] == "mean of epochs 1–4"


def test_all_arms_are_cut_to_the_step_of_the_first_that_was_stopped(planted):
    best = claim(kind="winner", arms=[C, A, B], labels=["c", "a", "b"], fidelity="last")
    curves = [curve(0.5, 0.1), curve(0.5, 0.2), curve(0.5, 0.3)]
    record = asha(planted, [best], curves, {0: STOPPED_AT_2, 1: STOPPED_AT_4})
    row = finding(record)
    assert row["steps"] == "epoch 2" and row["rival"] == "b"
    assert row["estimate"] == pytest.approx(100 * 0.1 * 0.2, abs=0.1)


def test_a_claim_at_a_step_that_all_trials_reached_is_decided_as_without_stopping(planted):
    at_3 = claim(arms=[A, B], labels=["a", "b"], fidelity=3)
    alone = claim(name="alone", kind="threshold", target=0.5, arms=[A], labels=["a"], fidelity=3)
    later = claim(name="later", arms=[A, B], labels=["a", "b"], fidelity=6)
    curves = [curve(0.5, 0.3), curve(0.5, 0.2)]
    whole = asha(planted, [at_3, alone], curves, {}, at="whole")
    record = asha(planted, [at_3, alone, later], curves, {0: STOPPED_AT_4})
    for name in ("it", "alone"):
        row = finding(record, name)
        assert row["verdict"] == "holds" and "early stopping" not in row["sentence"]
        assert row["p"] == finding(whole, name)["p"]
    assert finding(record, "later")["steps"] == "epoch 4"


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "threshold", "target": 0.5, "arms": [A], "labels": ["a"]},
        {"against_metric": "train_acc", "arms": [A, B]},
        {"quantity": "spread"},
        {"quantity": "change", "since": 2, "window": 1},
        {"quantity": "change", "since": 2, "window": 1, "fidelity": 6},
        {"kind": "equivalence", "quantity": "steps_to", "since": 6, "target": 2, "arms": [B, A]},
        {"kind": "mixture", "arms": [A], "labels": ["a"]},
        {"metric": "test_acc", "over": "rows", "fidelity": "last"},
    ],
    ids=lambda changes: " ".join(str(value) for value in list(changes.values())[:2]),
)
def test_what_a_stopped_trial_cannot_say_is_not_available(planted, changes):
    curves = [curve(0.5, 0.3), curve(0.5, 0.2)]
    asked = claim(**{"arms": [A, B], "labels": ["a", "b"]} | changes)
    row = finding(asha(planted, [asked], curves, {0: STOPPED_AT_4}))
    assert row["verdict"] == "not available"
    assert "was stopped at epoch 4" in row["sentence"] and "--no-scheduler" in row["sentence"]


def test_trials_of_other_lengths_or_other_endings_are_not_compared_early(planted):
    curves = [curve(0.5, 0.3), curve(0.5, 0.2)]
    asked = claim(arms=[A, B], labels=["a", "b"])
    record = asha(planted, [asked], curves, {0: STOPPED_AT_4})
    record.trials["max_fidelity"] = [8, 16]
    assert finding(record)["verdict"] == "not available"
    for status in ("failed", "interrupted", "diverged"):
        ending = {"status": status, "last": 6}
        ending |= {"diverge": {1: 5}} if status == "diverged" else {}
        row = finding(asha(planted, [asked], curves, {0: STOPPED_AT_4, 1: ending}, at=status))
        assert row["verdict"] == "not available"


def test_the_level_is_shared_by_the_steps_at_which_it_might_have_been_decided(planted):
    noise = np.array([0.0, 0.012, -0.012, 0.006, -0.006])
    curves = [np.tile((0.5 + 0.018 + noise)[:, None], 8), np.full((5, 8), 0.5)]
    ahead = claim(arms=[A, B], labels=["a", "b"])
    whole = finding(planted([A, B], [ahead], {"val_acc": curves}))
    record = planted(
        [A, B],
        [ahead],
        {"val_acc": curves},
        endings={0: STOPPED_AT_4},
        at="stopped",
        study={"scheduler": SCHEDULER},
    )
    early = finding(record)
    assert whole["verdict"] == "holds" and early["verdict"] == "undecided"
    assert early["estimate"] == pytest.approx(whole["estimate"])
    assert early["level"] == pytest.approx(1 - 0.05 / 3)  # rungs 2 and 4, and the end


def test_equal_arms_are_seldom_told_apart_at_a_rung():
    """The short form of benchmarks/early_stopping.py, whose table stands in its docs."""
    found = error_rates(5, "equal", "none", n_studies=20)
    assert found.n_early >= 50
    assert found.plain > found.early  # a level that does not count the looks is too generous
    assert found.early <= 0.05 and found.all <= 0.05


def test_the_simulated_record_is_one_of_asha():
    scores = np.random.default_rng(1).standard_normal((12, 3, 20))
    trials, reports = stopped_early(scores, 0, n_claims=6)
    counts = trials["status"].value_counts()
    assert counts["stopped"] >= 4 and counts["finished"] >= 1
    lasts = trials.set_index("trial_id")["last_fidelity"]
    assert set(trials.loc[trials["status"] == "stopped", "last_fidelity"]) <= {2, 4, 8, 16}
    assert (reports.groupby("trial_id")["epoch"].max() == lasts).all()
