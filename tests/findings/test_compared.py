"""Two records of the same study, held against each other: what differs, and what moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sweepbook import compare_records
from sweepbook.findings.amounts import estimate_texts
from sweepbook.findings.compared.differences import check_comparable, differences
from sweepbook.findings.compared.frame import shown_rows, summary
from sweepbook.record.load import Record, load_record
from tests.records import with_manifest

CONFIGS = [{"on": True}, {"on": False}]
NOISE = np.array([0.002, -0.001, 0.0, 0.001, -0.002])


def better(**changes: Any) -> dict[str, Any]:
    fields = {"name": "acc", "kind": "direction", "metric": "val_acc", "smallest": 0.005,
              "statement": "on is better", "reason": "why", "direction": "higher",
              "arms": [{"on": True}, {"on": False}]}  # fmt: skip
    return fields | changes


@pytest.fixture
def run(planted: Callable[..., Record]) -> Callable[..., Record]:
    """run(at, gain) -> a record in which "on" is so much more accurate, give or take noise."""

    def make(at: str, gain: float, noise: float = 1.0, claims: Any = None, **rest: Any) -> Record:
        values = {"val_acc": [0.9 + gain + noise * NOISE, 0.9 + 0 * NOISE]}
        found = [better()] if claims is None else claims
        return planted(CONFIGS, found, values, at=at, **rest)

    return make


def test_what_changed_comes_first_and_is_counted(run: Callable[..., Record]) -> None:
    claims = [better(name=name) for name in ("kept", "turned", "moved", "late")]
    claims[1] |= {"arms": [{"on": False}, {"on": True}]}
    claims[2] |= {"smallest": 0.02}
    first = run("a/demo", 0.03, claims=claims, seed=0)
    second = run("b/demo", -0.03, claims=claims, seed=1)
    frame = compare_records(first, second)
    changes = frame.set_index("name")["change"]
    assert changes["kept"] == changes["turned"] == "opposite"
    assert list(frame["change"]) == sorted(
        frame["change"], key=["opposite", "moved", "other verdict", "the same"].index
    )
    again = compare_records(first, run("c/demo", 0.021, claims=claims, seed=1))
    changes = again.set_index("name")["change"]
    assert changes["moved"] == "moved" and changes["kept"] == "the same"
    assert "Of 4 claims 0 have opposite verdicts and 1 moved" in summary(shown_rows(again))[0]
    assert again["name"].iloc[0] == "moved"


def test_only_with_another_seed_alone_is_an_estimate_predicted(run: Callable[..., Record]) -> None:
    first = run("a/demo", 0.03, seed=0)
    near, far = run("b/demo", 0.0302, seed=1), run("c/demo", 0.05, seed=1)
    assert compare_records(first, near)["inside"].iloc[0]
    assert not compare_records(first, far)["inside"].iloc[0]
    (row,) = compare_records(first, near).query("name == 'acc'").to_dict("records")
    assert row["estimate"] == pytest.approx(3.0) and row["estimate_again"] == pytest.approx(3.02)
    assert row["low"] < 3.0 < row["high"] and row["low_again"] < 3.02 < row["high_again"]
    assert row["predicted_low"] < row["low"], "it is wider: the second mean scatters, too"
    other = with_manifest(near, versions={"python": "3.13.0", "torch": "2.14.0"})
    assert compare_records(first, other)["inside"].isna().all()


def test_differences_name_what_differs_and_what_does_not(run: Callable[..., Record]) -> None:
    first = run("a/demo", 0.03, seed=0, code_sha256="ab" * 32)
    second = run("b/demo", 0.03, seed=1, code_sha256="cd" * 32)
    second = with_manifest(
        second, data={"sha256": "ef" * 32}, versions={"python": "3.12.1", "torch": "2.15.0"}
    )
    found = differences(first, second)
    rows = {what: (one, other) for what, one, other in found.rows}
    assert rows["seed"] == ("0", "1") and rows["version of torch"] == ("2.14.0", "2.15.0")
    assert rows["data"][0] != rows["data"][1] and rows["code"][0] != rows["code"][1]
    assert "version of python" not in rows and "metric" not in rows
    assert {"length", "replicates"} <= set(found.same) and "versions" not in found.same
    assert not found.only_seed


def test_another_commit_of_the_same_code_is_no_difference(run: Callable[..., Record]) -> None:
    first = run("a/demo", 0.03, seed=0, code_sha256="ab" * 32)
    second = with_manifest(run("b/demo", 0.03, seed=1, code_sha256="ab" * 32), git_commit="f" * 40)
    assert differences(first, second).only_seed
    without = with_manifest(first, code_sha256=None), with_manifest(second, code_sha256=None)
    assert not differences(*without).only_seed, "nobody knows then what the commit has changed"


def test_lengths_and_settings_that_differ_throughout_are_rows_and_no_configs(
    make_record: Callable[..., Path],
) -> None:
    first = make_record([{"on": True, "size": 16}, {"on": False, "size": 16}], at="a/demo")
    second = make_record(
        [{"on": True, "size": 32}, {"on": False, "size": 32}], at="b/demo", epochs=4
    )
    found = differences(load_record(first), load_record(second))
    assert ("length", "8 epochs", "4 epochs") in found.rows
    assert ("setting size", "16", "32") in found.rows
    assert found.configs == ([], [])


def test_configs_that_only_one_has_are_named(make_record: Callable[..., Path]) -> None:
    first = load_record(make_record([{"width": n} for n in (1, 2, 4)], at="a/demo"))
    second = load_record(make_record([{"width": n} for n in (2, 4, 8)], at="b/demo"))
    found = differences(first, second)
    assert found.configs == (["width 1"], ["width 8"]) and not found.only_seed


def test_claims_that_only_one_declares_or_declares_differently(run: Callable[..., Record]) -> None:
    first = run("a/demo", 0.03, claims=[better(), better(name="mine"), better(name="changed")])
    second = run("b/demo", 0.03, claims=[better(), better(name="changed", smallest=0.02)])
    frame = compare_records(first, second)
    told = [(row["name"], row["change"], row["declared"]) for row in frame.to_dict("records")]
    assert ("acc", "the same", "both") in told
    assert ("mine", "only in A", "A") in told
    assert ("changed", "only in A", "A") in told and ("changed", "only in B", "B") in told
    only = frame[frame["change"] == "only in B"].iloc[0]
    assert np.isnan(only["estimate"]) and np.isfinite(only["estimate_again"])


def test_a_claim_that_one_record_cannot_decide_is_no_move(run: Callable[..., Record]) -> None:
    first = run("a/demo", 0.03)
    second = run("b/demo", 0.03)
    lost = second.reports["trial_id"] == second.trials["trial_id"].iloc[0]
    second = replace(second, reports=second.reports[~lost])
    frame = compare_records(first, second)
    assert frame.set_index("name")["change"]["acc"] == "other verdict"
    assert "0 moved" in summary(shown_rows(frame))[0]


def test_other_studies_are_refused_unless_only_the_name_differs(
    run: Callable[..., Record],
) -> None:
    first, second = run("a/demo", 0.03), run("b/demo", 0.03)
    study = second.manifest.study
    renamed = with_manifest(second, study=replace(study, name="renamed", seed=3))
    check_comparable(first, renamed)
    assert set(compare_records(first, renamed)["change"]) == {"the same"}
    other = with_manifest(second, study=replace(study, name="other", question="Another?"))
    with pytest.raises(ValueError, match=r"demo, and .* of other: give two records"):
        compare_records(first, other)
    with pytest.raises(ValueError, match="given twice"):
        compare_records(first, first)


def test_a_record_without_reports_has_nothing_in_common(run: Callable[..., Record]) -> None:
    first, second = run("a/demo", 0.03), run("b/demo", 0.03)
    empty = replace(second, reports=second.reports.head(0))
    frame = compare_records(first, empty)
    assert set(frame["change"]) == {"only in A"}
    assert summary(shown_rows(frame)) == ["The two records have no claim in common."]


@pytest.mark.parametrize(
    ("unit", "estimate", "low", "high", "against", "level", "texts"),
    [
        ("points", 2.44, 1.5, 3.3, "b", 0.95, ("+2.4 points", "+1.5 to +3.3")),
        ("points", 94.4, 93.0, 95.0, None, 0.95, ("94.4 points", "93.0 to 95.0")),
        ("percent", -2.0, -3.0, -1.0, None, 0.975, ("-2.0 percent", "-3.0 to -1.0 (97.5 %)")),
        ("share", 1.0, 0.478, 1.0, None, 0.95, ("100 %", "48 to 100 %")),
        ("epochs", 12.0, None, None, "b", None, ("12.0 epochs", "–")),
        ("", 3.29, 3.28, 3.3, None, 0.95, ("3.29", "3.28 to 3.30")),
        ("", None, None, None, None, None, ("–", "–")),
    ],
)  # fmt: skip
def test_an_estimate_and_its_interval_as_texts(unit, estimate, low, high, against, level, texts):
    row = {"unit": unit, "estimate": estimate, "low": low, "high": high, "level": level}
    assert estimate_texts(row | {"against": against, "rival": None}) == texts


def test_claims_in_the_same_words_are_told_apart(run: Callable[..., Record]) -> None:
    claims = [better(name="one"), better(name="two", smallest=0.02)]
    first = run("a/demo", 0.03, claims=claims)
    frame = shown_rows(compare_records(first, run("b/demo", 0.021, claims=claims)))
    assert set(frame["change"]) == {"moved", "the same"}
    assert set(frame["claim"]) == {"on is better (one)", "on is better (two)"}


def test_a_setting_that_varies_in_one_record_alone_tells_its_configs_apart(
    make_record: Callable[..., Path],
) -> None:
    first = load_record(make_record([{"width": 1}, {"width": 2}], at="a/demo"))
    second = load_record(make_record([{"width": 1, "new": 3}], at="b/demo"))
    found = differences(first, second)
    rows = {what: (one, other) for what, one, other in found.rows}
    assert found.configs == (["width 2"], []) and "setting width" not in rows
    assert rows["setting new"] == ("–", "3")


def test_what_came_of_the_trials_is_told_and_is_no_other_experiment(
    make_record: Callable[..., Path],
) -> None:
    first = load_record(make_record(CONFIGS, at="a/demo", seed=0))
    ending = {"status": "diverged", "reason": "loss is nan", "diverge": {0: 3}}
    second = load_record(make_record(CONFIGS, at="b/demo", seed=1, endings={0: ending}))
    found = differences(first, second)
    assert ("trials", "2 finished", "1 diverged, 1 finished") in found.rows and found.only_seed
