import numpy as np
import pandas as pd
import pytest

from sweepbook.findings.arms import find_choice
from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.finding import findings_frame
from sweepbook.stats.rows import row_interval
from tests.records import with_manifest

RNG = np.random.default_rng(5)
EASY = RNG.random(300)


def hits(share, n=2):
    """Rows that are easy are easy for every model: `share` of them right."""
    return ((0.7 * EASY + 0.3 * RNG.random((n, 300))) < share).astype(int).tolist()


STRONG, WEAK, TREES = hits(0.85), hits(0.6), hits(0.6, 1)


def net(lr, val_acc, table, **rest):
    own = {"model": "net", "lr": lr, "hits": table, "val_acc": val_acc}
    if not isinstance(val_acc, list):
        own["val_acc"] = [val_acc, val_acc + 0.01]
    return {**own, **rest}


def trees(table=TREES, val_acc=0.6):
    return {"model": "trees", "hits": table, "val_acc": [val_acc]}


def claim(**rest):
    return {
        "name": "net-beats-trees", "statement": "", "reading": "the net beats the trees",
        "kind": "direction", "metric": "test_acc", "smallest": 0.02, "reason": "2 points",
        "arms": [{"model": "net"}, {"model": "trees"}], "labels": ["net", "trees"],
        "best_by": "val_acc", "over": "rows", "fidelity": "last",
    } | rest  # fmt: skip


def finding(record, name="net-beats-trees"):
    return findings_frame(evaluate(record)).set_index("name").loc[name]


def test_models_are_compared_on_the_same_rows_chosen_on_validation(models_record):
    entries = [net(0.1, 0.7, STRONG), net(0.01, 0.6, WEAK), trees()]
    row = finding(models_record(entries, claims=[claim()]))
    gap = np.array(STRONG).T - np.array(TREES).T
    expected = row_interval(gap)
    assert row["estimate"] == pytest.approx(100 * expected.mean)
    assert (row["low"], row["high"]) == pytest.approx((100 * expected.low, 100 * expected.high))
    assert row["verdict"] == "holds"
    assert row["sentence"].startswith("“the net beats the trees”. Test accuracy (eval 2): net ")
    assert "300 test rows, 2 seeds" in row["sentence"]


LUCKY = net(0.1, [0.99, 0.6, 0.6], [STRONG[0], WEAK[0], WEAK[1]])
STEADY = net(0.01, [0.7, 0.7, 0.7], [WEAK[0], STRONG[0], STRONG[1]])


@pytest.mark.parametrize("over", ["rows", "replicates"])
def test_a_seed_does_not_choose_the_trial_that_it_scores(models_record, over):
    """All seeds choose the first trial, for the one seed on which the others do not."""
    record = models_record([LUCKY, STEADY, trees()], claims=[claim(over=over)], n_replicates=3)
    row = finding(record)
    weak = [np.mean(WEAK[0]), np.mean(WEAK[0]), np.mean(WEAK[1])]
    assert row["arm_value"] == pytest.approx(np.mean(weak)), "seed 0 is scored where others chose"
    assert row["trial_ids"] == "trial0000000 trial0000001 trial0000002"
    assert "the other seeds choose a trial for each seed, 2 of the 2" in row["sentence"]
    assert row["verdict"] == "undecided"
    plain = row_interval(np.array([WEAK[0], WEAK[0], WEAK[1]]).T - np.array(TREES).T)
    if over == "rows":
        assert row["high"] - row["low"] > 100 * (plain.high - plain.low), "an unsteady choice"


def test_one_seed_that_chooses_and_scores_flatters(models_record):
    alone = [net(0.1, [0.7], [STRONG[0]]), net(0.01, [0.6], [WEAK[0]])]
    record = models_record([*alone, trees()], claims=[claim()], n_replicates=1)
    assert (
        "Net: one seed chose and is scored, so its value flatters" in finding(record)["sentence"]
    )


def test_an_equal_model_is_not_beaten(models_record):
    entries = [net(0.1, 0.7, [STRONG[0]] * 2), trees([STRONG[0]])]
    row = finding(models_record(entries, claims=[claim()]))
    assert (row["estimate"], row["verdict"]) == (0.0, "does not hold")


def test_two_models_of_one_seed_are_compared_over_rows(models_record):
    other = {"model": "net", "hits": hits(0.62, 1), "val_acc": [0.5]}
    row = finding(models_record([other, trees()], claims=[claim()]))
    assert row["verdict"] == "undecided"
    assert row["sentence"].endswith(
        "Undecided on 300 test rows, 1 seed: a spread needs two seeds."
    )
    assert np.isfinite(row["low"])
    assert row["needed_n"] is None or np.isnan(row["needed_n"])


def test_a_winner_is_held_against_every_other(models_record):
    arms = [{"model": "net", "lr": 0.1}, {"model": "net", "lr": 0.01}, {"model": "trees"}]
    wins = claim(kind="winner", arms=arms, labels=["first", "second", "trees"], smallest=0.001)
    row = finding(
        models_record([net(0.1, 0.7, STRONG), net(0.01, 0.6, WEAK), trees()], claims=[wins])
    )
    assert (row["verdict"], row["best"]) == ("holds", "first")
    assert row["estimate"] == pytest.approx(100 * (row["best_value"] - row["rival_value"]))


def test_without_trials_or_predictions_the_reason_is_said(models_record):
    failed = {"status": "failed", "error": "OSError: no weights"}
    entries = [net(0.1, 0.7, STRONG, **failed), net(0.01, 0.7, STRONG, **failed), trees()]
    record = models_record(entries, claims=[claim()])
    row = finding(record)
    assert row["verdict"] == "not available"
    assert "none of the 2 trials with model net finished (2 failed)" in row["sentence"]


def test_predictions_are_needed(models_record, tmp_path):
    record = models_record([net(0.1, 0.7, STRONG), trees()], claims=[claim()])
    (tmp_path / "models" / "predictions.parquet").unlink()
    assert "net has no test predictions" in finding(record)["sentence"]


def test_a_diverged_or_stopped_trial_is_not_the_best(models_record):
    entries = [net(0.1, 0.9, STRONG, status="stopped"), net(0.01, 0.6, WEAK), trees()]
    record = models_record(entries)
    ids = record.trials.set_index("config/lr")["trial_id"]
    choice, problem = find_choice(record, {"model": "net"}, "val_acc")
    assert (choice.trial_id, set(choice.picks.values()), problem) == (ids[0.01], {ids[0.01]}, "")
    worst, _ = find_choice(record, {"model": "net"}, "val_loss")
    assert worst.trial_id == ids[0.01]


def test_a_model_of_one_seed_alone_has_no_interval_over_seeds(models_record):
    gap = claim(
        arms=[{"model": "trees"}], labels=["trees"], over="replicates", best_by=None,
        metric="val_acc", against_metric="test_acc", name="gap", direction="lower",
    )  # fmt: skip
    row = finding(models_record([net(0.1, 0.7, STRONG), trees()], claims=[gap]), "gap")
    assert row["verdict"] == "undecided"
    assert "from 1 replicate, which has no interval" in row["sentence"]


def test_a_model_of_one_seed_counts_as_the_same_in_every_replicate(models_record):
    entries = [net(0.1, 0.7, STRONG), trees(val_acc=0.6)]
    over_seeds = claim(over="replicates", metric="val_acc", best_by=None)
    row = finding(models_record(entries, claims=[over_seeds]))
    assert (row["estimate"], row["n"]) == (pytest.approx(10.5), 2)
    assert row["low"] == pytest.approx(10.5 - 12.706 * 0.5, rel=1e-3), "t with 1 df, sd 0.707"


def test_where_each_replicate_has_test_rows_of_its_own_replicates_are_enough(models_record):
    """As with data that the trainable splits anew for each seed: no two share their rows."""
    entries = [net(0.1, 0.7, STRONG), net(0.01, 0.6, WEAK), net(0.1, 0.6, WEAK, model="trees")]
    over_rows = claim(smallest=0.0)
    over_seeds = {**over_rows, "name": "seeds", "over": "replicates"}
    record = models_record(entries, claims=[over_rows, over_seeds])
    given = finding(record)
    assert "300 test rows" in given["sentence"] and "for this split" not in given["sentence"]
    assert "for this split" in finding(record, "seeds")["sentence"]
    own = with_manifest(record, data={"splits": "one per replicate"})
    row, seeds = finding(own), finding(own, "seeds")
    for field in ("estimate", "low", "high", "n", "verdict"):
        assert row[field] == seeds[field]
    assert "test rows of its own" in row["sentence"]
    assert "for this split" not in row["sentence"] + seeds["sentence"]


def test_rows_that_differ_between_replicates_are_seen_in_the_predictions(models_record):
    entries = [net(0.1, 0.7, STRONG), trees()]
    record = models_record(entries, claims=[claim()])
    unsaid = with_manifest(record, data={"splits": ""})
    assert "300 test rows" in finding(unsaid)["sentence"]
    path = record.path / "predictions.parquet"
    found = pd.read_parquet(path)
    found.loc[found["replicate"] == 1, "row_id"] += 1000
    found.to_parquet(path)
    assert "test rows of its own" in finding(unsaid)["sentence"]
