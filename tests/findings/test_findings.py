import math

import numpy as np
import pytest

from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.finding import findings_frame
from sweepbook.record.load import load_record
from tests.findings.claims import FIVE, OFF, ON, claim, finding
from tests.records import with_manifest


@pytest.mark.parametrize(
    ("difference", "verdict"),
    [(0.02, "holds"), (0.0, "does not hold"), (-0.02, "does not hold"), (0.005, "undecided")],
)
def test_a_direction_is_held_against_the_smallest_difference_that_matters(
    planted, difference, verdict
):
    noise = np.array([0.0, 0.001, -0.001, 0.0005, -0.0005])
    record = planted([ON, OFF], [claim()], {"val_acc": [FIVE + difference + noise, FIVE]})
    row = finding(record)
    assert row["verdict"] == verdict
    assert row["estimate"] == pytest.approx(100 * difference)
    assert (row["unit"], row["n"]) == ("points", 5)
    assert row["sentence"].startswith("“on is better than off”. Validation accuracy (mean of")
    assert verdict.removeprefix("does ") in row["sentence"].lower()
    assert set(row["trial_ids"].split()) == set(record.trials["trial_id"])


def test_pairs_are_used_where_splits_are_shared_and_welch_elsewhere(planted):
    spread = np.array([0.5, 0.6, 0.7, 0.8, 0.9])  # replicates differ much more than arms
    noise = np.array([0.0, 0.001, -0.001, 0.0005, -0.0005])
    record = planted([ON, OFF], [claim()], {"val_acc": [spread + 0.03 + noise, spread]})
    assert finding(record)["verdict"] == "holds"
    record = with_manifest(record, data={"paired": False})
    row = finding(record)
    assert row["verdict"] == "undecided"
    assert row["needed_n"] > 100
    assert "Undecided at 5 seeds" in row["sentence"] and "seeds are needed" in row["sentence"]


def test_the_mirrored_metric_gets_the_mirrored_verdict(planted):
    values = [FIVE + 0.02, FIVE[::-1]]
    up = finding(planted([ON, OFF], [claim()], {"val_acc": values}))
    mirrored = claim(direction="lower", metric="val_err")
    down = finding(planted([ON, OFF], [mirrored], {"val_err": [-v for v in values]}, at="m"))
    assert (up["verdict"], down["verdict"]) == ("holds", "holds")
    assert down["estimate"] == pytest.approx(-up["estimate"] / 100)
    assert down["low"] == pytest.approx(-up["high"] / 100)


def test_the_order_of_trials_and_rows_changes_nothing(planted):
    record = planted([ON, OFF], [claim()], {"val_acc": [FIVE + 0.004, FIVE[::-1]]})
    before = evaluate(record)
    record.reports[:] = record.reports.sample(frac=1, random_state=3).to_numpy()
    record.trials[:] = record.trials[::-1].to_numpy()
    assert evaluate(record) == before


def test_a_claim_takes_the_mean_of_the_last_five_epochs_unless_it_says_otherwise(planted):
    epochs = np.arange(1, 9) / 100
    table = np.stack([epochs + r for r in (0.0, 0.001, 0.002)])
    claims = [claim(), claim(name="at-2", fidelity=2), claim(name="last", fidelity="last")]
    record = planted([ON, OFF], claims, {"val_acc": [table + 0.1, table * 0]})
    assert finding(record)["arm_value"] == pytest.approx(0.161)
    assert finding(record, "at-2")["arm_value"] == pytest.approx(0.121)
    assert finding(record, "last")["arm_value"] == pytest.approx(0.181)
    assert finding(record, "at-2")["steps"] == "epoch 2"


def test_a_value_that_is_missing_in_one_of_the_five_epochs_is_not_averaged_away(planted):
    table = np.tile(FIVE[:, None], 8)
    table[3, 5] = np.nan
    row = finding(planted([ON, OFF], [claim()], {"val_acc": [table, FIVE]}))
    assert row["verdict"] == "not available"


def test_a_relative_difference_is_of_logarithms(planted):
    low = [0.10, 0.11, 0.12, 0.10, 0.11]
    relative = claim(metric="val_loss", direction="lower", relative=True, smallest=0.05)
    values = {"val_loss": [np.array(low) * 0.8, np.array(low)]}
    row = finding(planted([ON, OFF], [relative], values))
    assert row["estimate"] == pytest.approx(-20.0)
    assert (row["unit"], row["verdict"]) == ("percent", "holds")


@pytest.mark.parametrize(("target", "verdict"), [(0.02, "holds"), (0.06, "does not hold")])
def test_equivalence_needs_the_whole_interval_inside(planted, target, verdict):
    size = claim(kind="equivalence", target=target, smallest=0.01)
    noise = np.array([0.0, 0.001, -0.001, 0.0005, -0.0005])
    record = planted([ON, OFF], [size], {"val_acc": [FIVE + 0.021 + noise, FIVE]})
    assert finding(record)["verdict"] == verdict


def test_holm_joins_the_claims_of_one_family(planted):
    noise = np.array([0.0, 0.012, -0.012, 0.006, -0.006])
    arms = {"val_acc": [FIVE + 0.018 + noise, FIVE], "test_acc": [FIVE + 0.018 + noise, FIVE]}
    both = [claim(family="f"), claim(name="too", metric="test_acc", family="f")]
    row = finding(planted([ON, OFF], both, arms))
    alone = finding(planted([ON, OFF], [claim()], arms, at="alone"))
    assert row["family_size"] == 2 and row["p_holm"] == pytest.approx(2 * row["p"])
    assert (alone["p_holm"] is None or math.isnan(alone["p_holm"])) and alone["p"] == row["p"]
    assert alone["verdict"] == "holds" and row["verdict"] == "undecided"
    assert "2 comparisons are decided together" in row["sentence"]


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        ({"status": "failed", "last": 2}, "failed at epoch 2"),
        ({"status": "diverged", "diverge": {1: 2}}, "1 of 5 replicates diverged"),
    ],
)
def test_a_trial_that_did_not_finish_is_said_not_averaged(planted, ending, reason):
    values = {"val_acc": [FIVE + 0.02, FIVE]}
    row = finding(planted([ON, OFF], [claim()], values, endings={0: ending}))
    assert row["verdict"] == "not available"
    assert reason in row["sentence"]


def test_after_a_scheduler_a_finding_says_what_to_do_next(planted):
    values = {"val_acc": [FIVE + 0.02, FIVE]}
    stopped = {"status": "stopped", "last": 3}
    alone = claim(kind="threshold", arms=[ON], labels=["on"], target=0.5)
    row = finding(planted([ON, OFF], [alone], values, endings={0: stopped}))
    assert "was stopped at epoch 3" in row["sentence"]
    assert "run the study again with --no-scheduler" in row["sentence"]
    failed = finding(
        planted([ON, OFF], [claim()], values, at="failed", endings={0: {"status": "failed"}})
    )
    assert "--no-scheduler" not in failed["sentence"]
    both = [{**ON, "depth": depth} for depth in (1, 2)]
    best = claim(arms=[ON], kind="threshold", target=0.5, labels=["on"], best_by="val_acc")
    of_none = planted(both, [best], values, at="best", endings={0: stopped, 1: stopped})
    row = finding(of_none)
    assert "2 were stopped" in row["sentence"] and "--no-scheduler" in row["sentence"]


def test_missing_trials_columns_values_and_replicates_are_said(planted):
    values = {"val_acc": [FIVE, FIVE]}
    claims = [
        claim(name="arm", arms=[{"batch_norm": True, "depth": 3}, OFF]),
        claim(name="column", metric="grad_acc"),
        claim(name="hole", metric="test_acc"),
    ]
    holed = FIVE.copy()
    holed[2] = np.nan
    record = planted([ON, OFF], claims, values | {"test_acc": [holed, FIVE]})
    frame = findings_frame(evaluate(record)).set_index("name")
    assert (frame.loc[["arm", "column", "hole"], "verdict"] == "not available").all()
    assert "no trial with batch norm on, depth 3" in frame.loc["arm", "sentence"]
    assert "grad_acc" in frame.loc["column", "sentence"]
    assert "not every replicate has a value with on" in frame.loc["hole", "sentence"]
    one = planted([ON, OFF], [claim()], {"val_acc": [[0.9], [0.8]]}, at="one")
    row = finding(one)
    assert row["verdict"] == "undecided" and "Undecided at 1 seed" in row["sentence"]


def test_an_empty_record_gives_no_numbers_and_no_error(make_record):
    path = make_record([ON, OFF], claims=[claim()])
    record = load_record(path)
    bare = type(record)(record.path, record.manifest, record.trials[:0], record.reports[:0])
    frame = findings_frame(evaluate(bare))
    assert frame["verdict"].tolist() == ["not available"]


def test_gaps_are_found_where_their_columns_are(planted):
    values = {
        "val_acc": [FIVE, FIVE],
        "train_acc": [FIVE - 0.04, FIVE - 0.03],
        "train_eval_acc": [FIVE + 0.001, FIVE - 0.001],
    }
    frame = findings_frame(evaluate(planted([ON, OFF], [], values))).set_index("name")
    assert frame.loc["gap-batch-norm-off", "estimate"] == pytest.approx(-3.0)
    assert frame.loc["gap-evaluation-mode-batch-norm-on", "verdict"] == "holds"
    assert frame.loc["train-mode-batch-norm-on", "estimate"] == pytest.approx(4.1)
    assert (frame["statement"] == "").all()


def test_a_step_beyond_the_last_is_said(planted):
    record = planted([ON, OFF], [claim(fidelity=100)], {"val_acc": [FIVE + 0.02, FIVE]}, scale=0.2)
    row = finding(record)
    assert row["verdict"] == "holds"
    assert "Epoch 100 is beyond the 8 trained: the last is taken." in row["sentence"]
    assert "scaled" not in row["sentence"], "that is said once, of the whole record"


def test_a_malformed_claim_is_named(planted):
    with pytest.raises(
        ValueError, match="manifest.json: study.claims.0..statement must be a text"
    ):
        planted([ON, OFF], [{"name": "it", "kind": "direction"}], {"val_acc": [FIVE, FIVE]})
