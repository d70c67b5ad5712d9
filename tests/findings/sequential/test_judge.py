"""Looks at planted records: what is decided, what stays, and which trials need further seeds."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sweepbook.findings.finding import FAILS, HOLDS
from sweepbook.findings.question import Question
from sweepbook.findings.sequential.design import Design, design_of, questions_of
from sweepbook.findings.sequential.judge import judge
from sweepbook.study.claim import Claim
from tests.findings.claims import OFF, ON, claim
from tests.findings.sequential.looks import all_looks

LOOKS = (5, 10, 15, 20, 30)
N = LOOKS[-1]
RNG = np.random.default_rng(0)
NOISE = RNG.standard_normal((8, N)) * 0.01


def designed(record, looks=LOOKS, **rest):
    return design_of(record, record.manifest.study.claims, looks=looks, **rest)


@pytest.fixture
def pair(planted):
    """pair(gap, **fields of the claim) -> a record of two configs, this far apart."""

    def make(gap, at="records/demo", **fields):
        values = {"val_acc": [0.8 + gap + NOISE[0], 0.8 + NOISE[1]]}
        return planted([ON, OFF], [claim(**fields)], values, at=at)

    return make


def test_a_clear_difference_is_decided_early_and_stays(pair):
    record = pair(0.05)
    looks = all_looks(record, designed(record))
    last = looks[-1].endings["it"]
    assert last["state"] == HOLDS and last["n"] < N and not looks[-1].wanted
    assert last["low"] > 0.005 and last["low"] < last["estimate"] < last["high"]
    assert abs(last["t"]) >= last["boundary"] and last["sequential_p"] <= 0.05
    further = judge(record, designed(record), looks)
    assert {k: v for k, v in last.items() if k != "comparisons"} == further.endings["it"]


def test_a_clear_difference_the_other_way_does_not_hold(pair):
    record = pair(-0.05)
    assert all_looks(record, designed(record))[-1].endings["it"]["state"] == FAILS


def test_what_is_open_wants_its_own_trials_and_no_other(planted):
    values = {"val_acc": [0.806 + NOISE[0], 0.8 + NOISE[1], 0.5 + NOISE[2]]}
    third = {"batch_norm": True, "width": 2}
    configs = [{**ON, "width": 1}, {**OFF, "width": 1}, third]
    near = claim(arms=[configs[0], configs[1]])
    far = claim(name="far", arms=[configs[0], third])
    record = planted(configs, [near, far], values)
    looks = all_looks(record, designed(record), until=2)
    ids = {row["config/width"]: row["trial_id"] for row in record.trials.to_dict("records")}
    assert looks[1].endings["far"]["state"] == HOLDS
    assert looks[1].endings["it"]["state"] == "open"
    assert len(looks[1].wanted) == 2 and ids[2] not in looks[1].wanted


def test_no_difference_is_given_up_from_the_fifteenth_seed_on(pair):
    record = pair(0.005, labels=[])
    ends = all_looks(record, designed(record, looks=(5, 10, 15, 20, 60)), until=4)
    states = [one.endings["it"]["state"] for one in ends]
    assert states[:2] == ["open", "open"]
    if states[-1] == "given up":
        assert "by 60" in ends[-1].endings["it"]["why"] and not ends[-1].wanted


def test_the_same_within_a_margin_holds_once_both_edges_are_crossed(pair):
    inside = pair(0.0, kind="equivalence", target=0.0, smallest=0.03)
    assert all_looks(inside, designed(inside))[-1].endings["it"]["state"] == HOLDS
    outside = pair(0.1, kind="equivalence", target=0.0, smallest=0.03)
    assert all_looks(outside, designed(outside))[-1].endings["it"]["state"] == FAILS


def winner(planted, means, **fields):
    configs = [{"width": i} for i in range(len(means))]
    own = {"kind": "winner", "arms": configs, "labels": (), "smallest": 0.0}
    values = {"val_acc": [mean + NOISE[i] for i, mean in enumerate(means)]}
    return planted(configs, [claim(**{**own, **fields})], values)


def test_a_winner_is_ahead_of_all_or_behind_one(planted):
    best = winner(planted, [0.9, 0.85, 0.84, 0.8])
    assert all_looks(best, designed(best))[-1].endings["it"]["state"] == HOLDS


def test_a_winner_that_one_rival_beats_does_not_hold(planted):
    second = winner(planted, [0.85, 0.9, 0.8, 0.8])
    ending = all_looks(second, designed(second))[-1].endings["it"]
    assert ending["state"] == FAILS and ending["factor"] == 3 and ending["high"] < 0


def test_a_chosen_winner_stays_the_one_of_the_first_look(planted):
    record = winner(planted, [0.9, 0.85])
    asked = Claim(**{**claim(kind="winner", labels=(), arms=[{"width": 1}, {"width": 0}])})
    design = design_of(record, [Question(claim=asked, chosen=True)], looks=LOOKS)
    again = Design.from_json(json.loads(json.dumps(design.as_json())))
    assert again == design or again.as_json() == design.as_json()
    (question,) = questions_of(record, again)
    assert question.chosen and [dict(arm) for arm in question.claim.arms] == asked.arms
    assert all_looks(record, again)[-1].endings["it"]["state"] == FAILS


def test_a_family_counts_its_claims_by_holm(planted):
    values = {"val_acc": [0.85 + NOISE[0], 0.8 + NOISE[1]]}
    claims = [claim(name=f"c{i}", family="f") for i in range(4)]
    record = planted([ON, OFF], claims, values)
    design = designed(record)
    assert design.family_of("c2") == ("c0", "c1", "c2", "c3")
    alone = planted([ON, OFF], [claim()], values, at="records/alone")
    first, only = judge(record, design, []), judge(alone, designed(alone), [])
    assert first.endings["c0"]["sequential_p"] == only.endings["it"]["sequential_p"]
    assert first.endings["c0"]["boundary"] >= only.endings["it"]["boundary"]


def test_a_failed_trial_is_not_available_and_leaves_the_family(planted):
    claims = [claim(family="f"), claim(name="none", family="f", arms=[ON, {"batch_norm": None}])]
    record = planted([ON, OFF], claims, {"val_acc": [0.9 + NOISE[0], 0.8 + NOISE[1]]})
    design = designed(record)
    assert design.family_of("it") == ("it",)
    ending = judge(record, design, []).endings["none"]
    assert ending["state"] == "not available" and ending["why"]


def test_counts_of_seeds_that_learn(planted):
    own = {"kind": "mixture", "arms": [ON], "labels": [], "smallest": 0.05, "expected": "learns"}
    record = planted([ON], [claim(**own)], {"val_acc": [0.95 + NOISE[0] / 10]})
    looks = all_looks(record, designed(record, looks=LOOKS))
    assert [one.endings["it"]["state"] for one in looks][:2] == ["open", "open"]
    assert looks[-1].endings["it"]["state"] == HOLDS
    assert looks[-1].endings["it"]["high"] < 0.2


def test_a_failing_seed_elsewhere_keeps_a_verdict_open(planted):
    others = [0.8 + NOISE[i] for i in (2, 3, 4)]
    bad = [*others, np.where(np.arange(N) % 5 == 0, 0.1, 0.8) + NOISE[5]]
    configs = [{"width": i} for i in range(6)]
    arms = {"arms": configs[:2], "labels": ()}
    record = planted(
        configs, [claim(**arms)], {"val_acc": [0.83 + NOISE[0], 0.8 + NOISE[1], *bad]}
    )
    looks = all_looks(record, designed(record), until=3)
    assert looks[-1].endings["it"]["state"] == "open"
    assert "another seed" in looks[-1].endings["it"]["why"]


def test_a_verdict_waits_until_twenty_seeds_have_shown_how_seeds_fail(planted):
    alone = claim(kind="threshold", target=0.5, arms=[ON], labels=[])
    record = planted([ON], [alone], {"val_acc": [0.9 + NOISE[0]]})
    looks = all_looks(record, designed(record))
    states = [one.endings["it"]["state"] for one in looks]
    assert states == ["open", "open", "open", HOLDS] and looks[-1].n == 20
    assert "5 seeds" in looks[0].endings["it"]["why"]


def test_without_a_maximum_it_goes_on_and_nothing_is_given_up(pair):
    record = pair(0.05)
    design = designed(record, looks=(5, 10), unlimited=True)
    assert design.n_max is None and design.n_at(4) == 20
    assert all_looks(record, design, until=4)[-1].endings["it"]["state"] == HOLDS


def test_one_replicate_decides_nothing(pair):
    record = pair(0.05)
    looks = all_looks(record, designed(record, looks=(1, *LOOKS)))
    assert looks[0].endings["it"]["state"] == "open" and looks[0].wanted
    assert looks[-1].endings["it"]["state"] == HOLDS


def test_the_same_looks_give_the_same_judgement(pair):
    record = pair(0.01)
    assert all_looks(record, designed(record)) == all_looks(record, designed(record))


def test_claims_that_changed_are_refused(pair):
    design = designed(pair(0.05))
    with pytest.raises(ValueError, match="claims"):
        judge(pair(0.05, smallest=0.001, at="records/other"), design, [])


def test_looks_beyond_the_last_are_refused(pair):
    record = pair(0.005)
    design = designed(record, looks=(5, 10))
    with pytest.raises(ValueError, match="look"):
        judge(record, design, all_looks(record, design, until=2))
    with pytest.raises(ValueError, match="looks"):
        designed(record, looks=(10, 5))
