import math

import numpy as np
import pytest

from sweepbook.findings.deciding.of_record import outcome
from sweepbook.findings.deciding.verdicts import decide
from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.finding import findings_frame
from sweepbook.findings.questions import general_questions
from sweepbook.findings.values import arm_values
from sweepbook.record.origin.derived import Extends
from sweepbook.stats.trend import detrended_sd
from tests.findings.claims import FIVE, OFF, ON, claim, finding
from tests.records import with_manifest


def sizes(*means):
    noise = np.array([0.0, 0.001, -0.001, 0.0005, -0.0005])
    return [m + np.roll(noise, i) for i, m in enumerate(means)]


SIZES = [{"width": w} for w in (64, 32, 16)]


def test_a_winner_must_beat_every_other_arm(planted):
    best = claim(kind="winner", arms=SIZES, labels=["w64", "w32", "w16"], smallest=0.001)
    clear = finding(planted(SIZES, [best], {"val_acc": sizes(0.95, 0.93, 0.90)}))
    assert (clear["verdict"], clear["best"]) == ("holds", "w64")
    assert clear["estimate"] == pytest.approx(100 * (clear["best_value"] - clear["rival_value"]))
    assert clear["level"] == 0.95, "all comparisons hold: no correction"
    other = finding(planted(SIZES, [best], {"val_acc": sizes(0.93, 0.95, 0.90)}, at="b"))
    assert (other["verdict"], other["best"]) == ("does not hold", "w32")
    tie = finding(planted(SIZES, [best], {"val_acc": sizes(0.9312, 0.93, 0.90)}, at="c"))
    assert tie["verdict"] == "undecided"


def test_the_best_of_equal_arms_is_not_declared_the_winner(planted):
    random = np.random.default_rng(4)
    configs = [{"width": w} for w in (2, 4, 8, 16, 32, 64, 128)]
    verdicts, advantages = [], []
    for i in range(4):
        values = {"val_loss": list(0.3 + 0.01 * random.standard_normal((7, 5)))}
        row = finding(planted(configs, [], values, at=f"r{i}", epochs=1), "best-config")
        verdicts.append(row["verdict"])
        advantages.append(row["advantage"])
    assert "holds" not in verdicts
    assert np.mean(advantages) > 0.002  # selecting and scoring on the same replicates flatters


@pytest.mark.parametrize("name", ["best-config", "worst-config"])
def test_the_interval_of_a_chosen_arm_is_that_of_the_comparison_which_decides(planted, name):
    """Seven equal arms: the arm is named best or worst, and its interval holds the truth, 0."""
    random = np.random.default_rng(8)
    configs = [{"width": w} for w in (2, 4, 8, 16, 32, 64, 128)]
    record = planted(configs, [], {"val_loss": np.full((7, 5), 0.3)}, epochs=1)
    places = record.reports["trial_id"].astype("category").cat.codes
    covered = []
    for noise in random.standard_normal((20, 7, 5)):
        record.reports["val_loss"] = 10 + noise[places, record.reports["replicate"]]
        asked = next(q for q in general_questions(record) if q.claim.name == name)
        result = outcome(record, asked.claim, chosen=True)
        found = decide([asked], {name: result})[name]
        low, high = found.test.interval(found.level)
        covered.append(low <= 0 <= high)
        assert (found.verdict == "holds") <= (not covered[-1])
    assert np.mean(covered) >= 0.9
    row = finding(record, name)
    assert (row["low"], row["high"]) == pytest.approx((low, high))
    assert row["estimate"] == pytest.approx(row["best_value"] - row["rival_value"])


def test_a_clear_winner_among_many_is_found_with_its_margin(planted):
    noise = 0.001 * np.random.default_rng(5).standard_normal((3, 5))
    losses = np.array([[0.1], [0.2], [0.4]]) + noise
    record = planted(SIZES, [], {"val_loss": losses}, epochs=1)
    best, worst = finding(record, "best-config"), finding(record, "worst-config")
    assert (best["verdict"], best["best"], best["rival"]) == ("holds", "width 64", "width 32")
    assert best["estimate"] == pytest.approx((losses[0] - losses[1]).mean())
    assert (worst["verdict"], worst["best"], worst["rival"]) == ("holds", "width 16", "width 32")
    assert worst["estimate"] == pytest.approx((losses[2] - losses[1]).mean())
    record = with_manifest(record, data={"paired": False})
    alone = finding(record, "best-config")
    assert alone["estimate"] == pytest.approx(best["estimate"])
    assert "5 replicates each" in alone["sentence"]


def test_losses_that_span_decades_are_compared_by_their_logarithms(planted):
    noise = 1 + 0.01 * np.random.default_rng(5).standard_normal((3, 5))
    losses = np.array([[2.3], [2.9], [1.25e6]]) * noise
    losses[2] *= [0.01, 1.0, 9.0, 0.1, 3.0]
    row = finding(planted(SIZES, [], {"val_loss": losses}, epochs=1), "best-config")
    assert (row["verdict"], row["best"], row["unit"]) == ("holds", "width 64", "percent")
    assert row["high"] < 0


def test_an_extension_by_hand_is_marked_as_looked_at_before(planted):
    values = {"val_acc": [FIVE + 0.03, FIVE]}
    record = planted([ON, OFF], [claim()], values)
    assert "looked at" not in (finding(record)["note"] or "")
    extends = Extends(record="earlier", kept=(), continued={}, anew=())
    assert "looked at" in finding(with_manifest(record, extends=extends))["note"]


def test_seeds_that_fail_are_told_beside_the_mean(planted):
    some = np.array([0.95, 0.94, 0.75, 0.95, 0.96])  # the largest class has a share of 0.75
    row = finding(planted([ON, OFF], [claim()], {"val_acc": [some, FIVE]}))
    assert row["failing"].startswith("1 of 5 seeds of on stay at chance")
    assert "0.95" in row["failing"] and row["failing"] in row["sentence"]


def test_settings_that_are_the_same_in_letters_keep_their_own_findings(planted):
    configs = [{"x": -1}, {"x": 1}, {"x": 2}]
    train = [np.full(5, 0.95), np.full(5, 0.80), np.full(5, 0.9)]
    values = {"val_acc": [FIVE, FIVE, FIVE], "train_acc": [one + FIVE - 0.9 for one in train]}
    gaps = {
        finding.arm: finding.estimate
        for finding in evaluate(planted(configs, [], values))
        if finding.question == "gap"
    }
    assert gaps["x -1"] == pytest.approx(5) and gaps["x 1"] == pytest.approx(-10)


def test_a_claim_that_has_the_name_of_our_own_question_keeps_its_numbers(planted):
    values = {"val_acc": [FIVE, FIVE - 0.3, FIVE - 0.1], "val_loss": [FIVE, FIVE - 0.3, FIVE]}
    own = claim(name="best-config", arms=SIZES[:2], labels=["w64", "w32"])
    record = planted(SIZES, [own], values, epochs=1)
    found = [one for one in evaluate(record) if one.name.startswith("best-config")]
    assert found[0].estimate == pytest.approx(30) and found[0].arm == "w64"
    assert found[1].name == "best-config-2" and found[1].best == "w32"


def test_an_accuracy_that_was_not_evaluated_at_every_step_is_not_a_failing_seed(planted):
    values = np.full((17, 6), 0.95)
    values[:, 4] = np.nan
    chance = claim(kind="mixture", arms=[{}], labels=["the net"], smallest=0.05)
    row = finding(planted([{"lr": 1.0}], [chance], {"val_acc": [values]}, epochs=6))
    assert row["verdict"] == "not available" and "not evaluated" in row["sentence"]


def test_the_other_metric_of_a_relative_claim_has_its_own_mean(planted):
    gap = claim(metric="val_loss", against_metric="train_loss", relative=True, arms=[{}],
                labels=["the net"], smallest=0.05)  # fmt: skip
    noise = FIVE - 0.9
    values = {"val_loss": [2.0 + noise], "train_loss": [1.0 + noise]}
    row = finding(planted([{"lr": 0.1}], [gap], values))
    assert row["against_value"] == pytest.approx(1.0) and "training loss is 1." in row["sentence"]


def test_a_level_is_no_share_of_a_target(planted):
    level = claim(kind="threshold", metric="val_loss", direction="lower", target=0.5,
                  relative=True, arms=[{}], labels=["the net"], smallest=0.0)  # fmt: skip
    row = finding(planted([{"lr": 0.1}], [level], {"val_loss": [FIVE + 0.4]}))
    assert row["verdict"] == "not available" and "relative=False" in row["sentence"]


def test_the_best_of_losses_over_decades_is_chosen_by_what_is_compared(planted):
    losses = np.array([[0.01, 0.011, 0.009, 0.012, 5.5], [1.0, 1.1, 0.9, 1.0, 1.05],
                       [300.0, 310, 290, 305, 300]])  # fmt: skip
    row = finding(planted(SIZES, [], {"val_loss": losses}, epochs=1), "best-config")
    assert row["arm"] == row["best"] == "width 64"


def test_a_ranking_needs_every_step(planted):
    arms = SIZES[::-1]
    ranking = claim(kind="ranking", arms=arms, labels=["w16", "w32", "w64"], smallest=0.001)
    up = finding(planted(SIZES, [ranking], {"val_acc": sizes(0.95, 0.93, 0.90)}))
    assert up["verdict"] == "holds"
    dip = finding(planted(SIZES, [ranking], {"val_acc": sizes(0.92, 0.93, 0.90)}, at="b"))
    assert (dip["verdict"], dip["rival"]) == ("does not hold", "w64 against w32")


def test_change_and_its_absence(planted):
    still = np.tile(0.5 * 0.97 ** np.arange(20), (3, 1)) * [[1.0], [1.01], [0.99]]
    change = claim(
        kind="threshold",
        quantity="change",
        metric="val_loss",
        arms=[{}],
        labels=["the net"],
        direction="lower",
        relative=True,
        since=10,
        fidelity=20,
        target=0.0,
        smallest=0.01,
    )
    row = finding(planted([{"lr": 0.1}], [change], {"val_loss": [still]}, epochs=20))
    assert row["verdict"] == "holds"
    assert row["estimate"] == pytest.approx(100 * (0.97**10 - 1))
    short = planted([{"lr": 0.1}], [change], {"val_loss": [still[:, :12]]}, epochs=12, at="s")
    row = finding(short)
    assert row["verdict"] == "not available"
    assert "needs epochs 10 to 20, the net was trained for 12" in row["sentence"]


def test_a_level_is_in_percent_and_a_margin_in_points(planted):
    above = claim(
        kind="threshold",
        arms=[{}],
        labels=["the net"],
        direction="higher",
        target=0.9,
        smallest=0.005,
    )
    row = finding(planted([{"lr": 0.1}], [above], {"val_acc": [np.full((3, 2), 0.975)]}, epochs=2))
    assert row["verdict"] == "holds"
    assert "the net: 97.5 % (95 % interval 97.5 to 97.5 %, 3 replicates)." in row["sentence"]
    assert "Claimed: higher than 90 % by at least 0.5 points." in row["sentence"]


def test_epochs_to_a_level_and_replicates_that_never_get_there(planted):
    slow = np.array([[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]] * 3)
    quick = np.full((3, 6), 0.35)
    reach = claim(
        kind="equivalence",
        quantity="steps_to",
        arms=[OFF, ON],
        labels=["off", "on"],
        since=1,
        fidelity="last",
        target=4.0,
        smallest=1.0,
    )
    row = finding(planted([ON, OFF], [reach], {"val_acc": [quick, slow]}, epochs=6))
    assert (row["estimate"], row["unit"], row["verdict"]) == (4.0, "epochs", "holds")
    slow[1] = 0.1
    row = finding(planted([ON, OFF], [reach], {"val_acc": [quick, slow]}, epochs=6, at="b"))
    assert row["verdict"] == "undecided"
    assert "1 of 3 replicates never reach the level in 6 epochs" in row["sentence"]
    for n, verdict in ((3, "undecided"), (6, "does not hold")):
        values = {"val_acc": [np.full((n, 6), 0.35), np.full((n, 6), 0.1)]}
        row = finding(planted([ON, OFF], [reach], values, epochs=6, at=f"c{n}"))
        assert row["verdict"] == verdict, "it takes 6 of 6 to say that the median is later"


def test_spread_leaves_the_trend_out():
    line = np.linspace(5, 1, 50)
    assert detrended_sd(line) == pytest.approx(0.0, abs=1e-12)
    wobble = np.tile([0.1, -0.1], 25)
    assert detrended_sd(line + wobble) == pytest.approx(0.1, rel=0.05)
    assert math.isnan(detrended_sd(line[:2]))


def test_the_steadiest_is_found_in_the_losses_of_single_batches(planted):
    random = np.random.default_rng(1)
    steady = claim(
        kind="winner",
        quantity="spread",
        metric="batch_losses",
        direction="lower",
        relative=True,
        smallest=0.1,
    )
    record = planted([ON, OFF], [steady], {"val_acc": [FIVE, FIVE]})
    first = finding(record)
    assert first["verdict"] == "not available" and "batch_losses" in first["sentence"]
    on = record.trials.loc[record.trials["config/batch_norm"], "trial_id"].iloc[0]
    record.reports["batch_losses"] = [
        list(1 - 0.1 * e + (0.1 if t == on else 0.3) * random.standard_normal(40))
        for t, e in zip(record.reports["trial_id"], record.reports["epoch"], strict=True)
    ]
    row = finding(record)
    assert row["verdict"] == "holds"
    assert row["estimate"] == pytest.approx(-66, abs=5)


def test_the_scatter_of_batch_losses_leaves_the_descent_out_even_within_one_epoch(planted):
    random = np.random.default_rng(2)
    arms = [{"batch_size": 1, "epochs": 1}, {"batch_size": 64, "epochs": 10}]
    steady = claim(
        kind="winner",
        quantity="spread",
        metric="batch_losses",
        direction="lower",
        relative=True,
        smallest=0.1,
        arms=[{"batch_size": 1}, {"batch_size": 64}],
        labels=["one", "many"],
    )
    record = planted(arms, [steady], {"val_acc": [FIVE, FIVE]})
    ids = record.trials.set_index("config/batch_size")["trial_id"]

    def losses(trial, epoch):
        if trial == ids[1]:  # 1000 steps in one epoch: the descent, then quiet
            return list(5 * np.exp(-np.arange(1000) / 40) + 0.05 * random.standard_normal(1000))
        return list(3 / epoch + 0.2 * random.standard_normal(30))

    rows = zip(record.reports["trial_id"], record.reports["epoch"], strict=True)
    record.reports["batch_losses"] = [losses(trial, epoch) for trial, epoch in rows]
    row = finding(record)
    assert (row["verdict"], row["best"]) == ("holds", "one")
    assert row["arm_value"] == pytest.approx(0.05, rel=0.05)
    assert row["against_value"] == pytest.approx(0.2, rel=0.1)
    assert "(last 20 % of the batches, at least 50)" in row["sentence"]


def test_the_window_of_batch_losses_is_a_fifth_of_the_steps_and_at_least_50(planted):
    arms = [{"batch_size": 1}, {"batch_size": 2}, {"batch_size": 3}]
    n_batches = {1: 100, 2: 20, 3: 5}  # per epoch, of which there are 4: windows 80, 50, 20
    quiet = claim(
        kind="winner", quantity="spread", metric="batch_losses", arms=arms, labels=["a", "b", "c"]
    )
    record = planted(arms, [quiet], {"val_acc": [FIVE] * 3}, epochs=4)
    sizes = record.reports["trial_id"].map(
        record.trials.set_index("trial_id")["config/batch_size"]
    )
    windows = {1: 80, 2: 50, 3: 20}
    cells = []
    for size, epoch in zip(sizes, record.reports["epoch"], strict=True):
        n = n_batches[size]
        steps = np.arange(n) + n * (epoch - 1)
        inside = steps >= 4 * n - windows[size]
        cells.append(np.where(inside, 0.1 * (-1.0) ** steps, 9.0 + steps**2))
    record.reports["batch_losses"] = cells
    declared = record.manifest.study.claims[0]
    found = [arm_values(record, declared, i).values for i in range(3)]
    assert [values.to_numpy() for values in found] == [
        pytest.approx(0.1, rel=0.06) for _ in range(3)
    ]


def test_one_measurement_of_time_decides_nothing(planted):
    slowest = claim(kind="winner", metric="single_s", relative=True, smallest=0.5)
    seconds = {"single_s": [np.full(3, 9.0), np.full(3, 1.0)]}
    row = finding(planted([ON, OFF], [slowest], seconds))
    assert (row["verdict"], row["n"]) == ("undecided", 1)
    assert "no interval" in row["sentence"]
    timed = {"single_s": [np.array([9.0, 9.3, 9.1]), np.array([1.0, 1.1, 1.05])]}
    assert finding(planted([ON, OFF], [slowest], timed, at="b"))["verdict"] == "holds"


@pytest.mark.parametrize(
    ("accuracies", "verdict", "found"),
    [
        ([0.75] * 17, "holds", "17 of 17"),
        ([0.75, 0.76, 0.74], "undecided", "3 of 3"),
        ([0.75, 0.95, 0.74], "mixed", "2 of 3"),
        ([0.95, 0.95, 0.94], "does not hold", "0 of 3"),
    ],
)
def test_a_mixture_is_counted(planted, accuracies, verdict, found):
    # the card's largest class has a share of 0.75
    chance = claim(kind="mixture", arms=[{}], labels=["the net"], smallest=0.05)
    row = finding(planted([{"lr": 1.0}], [chance], {"val_acc": [np.array(accuracies)]}))
    assert (row["verdict"], row["found"]) == (verdict, found)
    assert row["target"] == pytest.approx(0.80)


def test_a_mixture_that_nobody_asked_about_is_a_finding_of_its_own(planted):
    values = {"val_acc": [np.array([0.75, 0.95, 0.74]), np.array([0.95, 0.96, 0.97])]}
    frame = findings_frame(evaluate(planted([ON, OFF], [], values)))
    mixtures = frame[frame["kind"] == "mixture"]
    assert mixtures["arm"].tolist() == ["batch norm on"]
    assert "2 of 3 replicates" in mixtures["sentence"].iloc[0]
