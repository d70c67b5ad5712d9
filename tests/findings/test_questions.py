"""What every record is asked: which trials, in which groups, and what is said of their lengths."""

from dataclasses import replace

import numpy as np

from sweepbook.findings.asked.groups import question_groups
from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.finding import findings_frame
from tests.findings.claims import FIVE, claim, finding

WIDTHS = [{"width": width} for width in (8, 16, 32, 64, 128, 256)]
AT_CHANCE = FIVE - 0.2  # the largest class has a share of 0.75
GONE = {"status": "diverged", "diverge": {1: 2}}
STOPPED = {"status": "stopped", "last": 3}


def groups_of(record):
    return {group.name: group for group in question_groups(record, evaluate(record))}


def six(planted, **rest):
    """Six nets: three answer yes, no and perhaps, one is at chance, two may end otherwise."""
    unsure = np.array([-0.02, 0.01, -0.01, 0.02, 0.0])
    train = [FIVE - 0.03, FIVE + 0.03, FIVE + unsure, AT_CHANCE - 0.05, FIVE, FIVE]
    val = [FIVE, FIVE, FIVE, AT_CHANCE, FIVE, FIVE]
    return planted(WIDTHS, [], {"train_acc": train, "val_acc": val}, **rest)


def test_a_question_is_one_group_with_the_counts_of_its_answers(planted):
    gap = groups_of(six(planted, endings={4: GONE, 5: STOPPED}))["gap"]
    counts = {verdict: n for verdict, n in gap.counts.items() if n}
    assert counts == {"holds": 1, "does not hold": 1, "undecided": 1}
    assert [row.arm for row in gap.rows] == ["width 8", "width 16", "width 32"]
    assert gap.left_out == {"at chance": 1, "diverged": 1, "stopped": 1}
    assert "1 of 3 trials yes, 1 no, 1 undecided" in gap.line
    for phrase in ("1 trial at chance", "1 diverged trial", "1 stopped trial"):
        assert phrase in gap.line


def test_the_findings_of_a_group_stand_in_the_table_under_its_name(planted):
    record = six(planted, endings={4: GONE, 5: STOPPED})
    frame = findings_frame(evaluate(record)).set_index("name")
    asked = frame[frame["question"] == "gap"]
    assert asked.index.tolist() == ["gap-width-8", "gap-width-16", "gap-width-32"]
    assert frame.loc["best-config", "question"] == ""
    declared = planted(WIDTHS[:2], [claim(arms=WIDTHS[:2])], {"val_acc": [FIVE, FIVE]}, at="d")
    assert finding(declared)["question"] == ""


def test_a_net_that_learns_with_some_seeds_is_asked_for_its_gap(planted):
    mixed = np.where(np.arange(5) < 3, AT_CHANCE, FIVE)
    values = {"train_acc": [mixed, FIVE], "val_acc": [mixed, FIVE]}
    gap = groups_of(planted(WIDTHS[:2], [], values))["gap"]
    assert len(gap.rows) == 2 and not gap.left_out


def test_without_a_known_chance_level_every_finished_trial_is_asked(planted):
    record = six(planted, data={"name": "d", "sha256": None, "rows": {}, "paired": True})
    assert len(groups_of(record)["gap"].rows) == 6


def test_a_diverged_trial_is_still_asked_whether_it_learns(planted):
    record = planted(WIDTHS[:2], [], {"val_acc": [FIVE, FIVE]}, endings={0: GONE})
    record.reports["grad_sq_norm"] = [[1.0, 1.0, 1.0]] * len(record.reports)
    groups = groups_of(record)
    assert {row.arm for row in groups["chance"].rows} == {"width 8", "width 16"}
    assert {row.arm for row in groups["gradients-last"].rows} == {"width 16"}
    assert groups["gradients-last"].left_out == {"diverged": 1}


def test_best_and_worst_of_two_are_one_question(planted):
    values = {"val_loss": [FIVE, FIVE - 0.1, FIVE - 0.2]}
    two = planted(WIDTHS[:2], [], {"val_loss": values["val_loss"][:2]}, at="two")
    names = [one.name for one in evaluate(two)]
    assert "best-config" in names and "worst-config" not in names
    three = [one.name for one in evaluate(planted(WIDTHS[:3], [], values))]
    assert "best-config" in three and "worst-config" in three


def test_lengths_of_training_that_differ_are_said_of_a_winner(planted):
    configs = [{"batch_size": 1, "epochs": 1}, {"batch_size": 8, "epochs": 8}]
    best = claim(kind="winner", arms=configs[::-1], labels=["eight", "one"], smallest=0.0)
    at_1 = {**best, "name": "at-1", "fidelity": 1}
    values = {"val_acc": [FIVE, FIVE + 0.05], "val_loss": [FIVE, FIVE - 0.05]}
    record = planted(configs, [best, at_1], values, epochs=8)
    for name in ("it", "best-config"):
        assert "trained for 1 to 8 epochs" in finding(record, name)["sentence"]
    assert "trained for" not in finding(record, "at-1")["sentence"]
    same = planted(WIDTHS[:2], [], values, at="same")
    assert "trained for" not in finding(same, "best-config")["sentence"]


def test_a_group_of_a_question_that_nobody_knows_is_told_by_its_own_words(planted):
    record = six(planted)
    row = replace(finding_of(record, "best-config"), question="own", claim="it is so")
    (group,) = question_groups(record, [row])
    assert group.line.startswith("it is so: ")


def finding_of(record, name):
    return next(one for one in evaluate(record) if one.name == name)
