"""A search's winners trained anew: order, differences, flattery, and the published values."""

from __future__ import annotations

import io
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from jinja2 import Environment, StrictUndefined

from sweepbook.aggregates.nothing import NothingToDraw
from sweepbook.figures.kinds import draw, specs_of
from sweepbook.figures.style import look
from sweepbook.findings.confirm.tables import order_table, pair_table, steps_that_hold
from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.finding import FAILS, HOLDS, MISSING, OPEN, findings_frame
from sweepbook.findings.scorecard import scorecard
from sweepbook.pages.studies.claims import claims_of
from sweepbook.record.load import Record
from sweepbook.record.storage.places import place
from sweepbook.stats.multiple import holm
from sweepbook.stats.rows import row_interval
from tests.records import declared, typed, with_manifest

# depth, width: the mean in truth, and what the search said; published are 0.932, 0.963, 0.935
WINNERS = {(6, 16): (0.950, 0.956), (6, 64): (0.960, 0.963), (6, 8): (0.9495, 0.951)}


ARCHITECTURE = declared("architecture")["published"]
STUDY: dict[str, Any] = {
    "metric": {"name": "val_acc", "mode": "max"},
    "fidelity": {"unit": "epoch", "setting": "epochs"},
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the records below would lie: predictions are looked for there."""
    (tmp_path / "records" / "confirmed").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)


def confirmation(
    winners: dict[tuple[int, int], tuple[float, float]] | None = None, *, n: int = 5,
    fidelity: int = 8, published: dict[str, Any] | None = ARCHITECTURE,
    test: dict[tuple[int, int], float] | None = None,
) -> Record:  # fmt: skip
    """8 epochs of each winner; replicates scatter by 0.001 about the mean, alike in all.

    test: the mean of each winner's test accuracy, where it is recorded.
    """
    trials, reports, chosen = [], [], []
    for number, (pair, (mean, said)) in enumerate((winners or WINNERS).items()):
        settings = dict(zip(("depth", "width"), pair, strict=True))
        config = {f"config/{k}": v for k, v in settings.items()} | {"config/lr": 10.0**-number}
        row = {"trial_id": f"t{number}", "status": "finished", "n_replicates": n}
        trials.append(row | config | {"last_fidelity": 8, "n_diverged": 0})
        chosen.append(
            {"settings": settings, "trial_id": f"s{number}", "number": number}
            | {"fidelity": fidelity, "value": said}
        )
        for epoch in range(1, 9):
            for replicate in range(n):
                noise = 0.001 * ((replicate * (number + 2)) % 5 - 2)
                value = mean + noise + (0.0 if epoch > 3 else -0.2)
                reports.append(
                    {"trial_id": f"t{number}", "replicate": replicate, "epoch": epoch}
                    | {"val_acc": value}
                    | ({"test_acc": value - mean + test[pair]} if test else {})
                )
    manifest = {
        "schema_version": 1,
        "study": {**STUDY, "name": "tuned-architecture-confirm", "published": published},
        "confirms": {"record": "r", "seed": 0, "by": ["depth", "width"], "trials": chosen},
        "n_replicates": n,
        "seed": 1,
        "data": {
            "name": "europe-csv",
            "paired": True,
            "card": {"largest_class": {"share": 0.1}},
            "splits": "given",
            "rows": {"train": 80_000, "validation": 10_000, "test": 10_000},
        },
    }
    return Record(
        place("records/confirmed"), typed(manifest), pd.DataFrame(trials), pd.DataFrame(reports)
    )


def finding(record: Record, name: str) -> dict[str, Any]:
    rows = findings_frame(evaluate(record)).set_index("name")
    return dict(rows.loc[name])


def test_winners_are_ordered_and_stand_beside_the_search_and_what_was_published() -> None:
    table = order_table(confirmation())
    assert list(table["label"]) == ["depth 6, width 64", "depth 6, width 16", "depth 6, width 8"]
    assert np.allclose(table["mean"], [0.960, 0.950, 0.9495]) and (table["n"] == 5).all()
    assert np.allclose(table["search"], [0.963, 0.956, 0.951])
    assert np.allclose(table["published"], [0.963, 0.932, 0.935])


def test_only_differences_that_hold_for_all_pairs_together_are_told() -> None:
    pairs = pair_table(confirmation())
    found = {(r["arm"][-2:], r["against"][-2:]): r for r in pairs.to_dict("records")}
    assert [bool(r["holds"]) for r in found.values()] == [True, True, False]
    assert found["64", "16"]["difference"] == pytest.approx(0.010)
    assert (pairs["p_holm"] >= pairs["p"]).all() and (pairs["p_holm"] > pairs["p"]).any()
    order = finding(confirmation(), "order")
    assert order["verdict"] == OPEN and "2 of 3 differences hold" in order["sentence"]
    assert "Not told apart: depth 6, width 16 from depth 6, width 8" in order["sentence"]


# the validation rows suit (6, 8) by half a point and (6, 16) by a whole one
ON_TEST = {(6, 16): 0.940, (6, 64): 0.958, (6, 8): 0.9445}


def test_test_rows_judge_where_they_are_recorded() -> None:
    record = confirmation(test=ON_TEST)
    table = order_table(record)
    assert list(table["label"]) == ["depth 6, width 64", "depth 6, width 8", "depth 6, width 16"]
    assert np.allclose(table["mean"], [0.958, 0.9445, 0.940]) and set(table["metric"]) == {
        "test_acc"
    }
    order = finding(record, "order")
    assert order["metric"] == "test_acc"
    gain = finding(record, "flattery")
    assert gain["estimate"] == pytest.approx(100 * np.mean([0.956 - 0.94, 0.005, 0.951 - 0.9445]))
    assert "test accuracy of the same configs" in gain["sentence"]
    best = finding(record, "published-best")
    assert (best["metric"], best["target"]) == ("test_acc", 0.959)
    assert finding(record, "published-6-16")["target"] == 0.931, "of test data, too"
    drawn = draw(specs_of(record)[0], record)
    assert "test accuracy" in drawn.figure.axes[0].get_xlabel()
    assert "Judged on test rows" in claims_of(record).answers[0]


def test_where_no_test_is_recorded_the_rows_that_chose_are_said_to_score() -> None:
    record = confirmation()
    assert "the rows that chose the winners also score them" in claims_of(record).answers[0]
    fresh = with_manifest(record, data={"splits": "one per replicate"})
    assert "rows that chose" not in claims_of(fresh).answers[0]


def test_the_flattery_on_test_rows_allows_for_other_rows_in_both_splits() -> None:
    """Three gaps that agree to a hundredth of a point say little on 10,000 rows of each split."""
    steady = {
        pair: (mean, mean + 0.0001 * i) for i, (pair, (mean, _)) in enumerate(WINNERS.items())
    }
    on_test = {pair: mean - 0.002 for pair, (mean, _) in WINNERS.items()}
    gain = finding(confirmation(steady, test=on_test), "flattery")
    rows = np.sqrt(2 * 0.95 * 0.05 / 10_000)
    assert gain["verdict"] == OPEN and gain["estimate"] == pytest.approx(0.21)
    assert gain["high"] - gain["low"] > 2 * 1.96 * 100 * rows


def test_predictions_judge_over_test_rows_and_seeds(models_record) -> None:
    random = np.random.default_rng(0)
    good, fair = ((random.random((3, 400)) < share).astype(int).tolist() for share in (0.9, 0.6))
    entries = [
        {"model": "a", "lr": 0.1, "hits": fair, "val_acc": [0.9, 0.9, 0.9]},
        {"model": "b", "lr": 0.1, "hits": good, "val_acc": [0.8, 0.8, 0.8]},
    ]
    chosen = [
        {
            "settings": {"model": e["model"]},
            "trial_id": "s",
            "number": 0,
            "fidelity": 2,
            "value": 0.9,
        }
        for e in entries
    ]
    record = models_record(entries, n_replicates=3)
    confirms = typed(
        {"study": {**STUDY, "name": "s"}, "confirms": {"record": "r", "seed": 0, "by": ["model"],
         "trials": chosen}}
    ).confirms  # fmt: skip
    record = with_manifest(record, confirms=confirms)
    table, pairs = order_table(record), pair_table(record)
    assert list(table["label"]) == ["model b", "model a"]
    both = row_interval(np.array(good).T)
    assert (table["low"][0], table["high"][0]) == pytest.approx((both.low, both.high))
    gap = row_interval(np.array(good).T - np.array(fair).T)
    assert (pairs["low"][0], pairs["high"][0]) == pytest.approx((gap.low, gap.high))
    assert finding(record, "order")["verdict"] == HOLDS


def test_the_order_holds_where_each_step_does_and_needs_no_correction() -> None:
    order = pd.DataFrame({"label": list("abc"), "mean": [3.0, 2.0, 1.0]})
    pairs = pd.DataFrame(
        {"arm": ["a", "a", "b"], "against": ["b", "c", "c"], "p": [0.04, 1e-6, 0.03]}
    )
    assert steps_that_hold(order, pairs).tolist() == [True, True]
    assert (holm(pairs["p"]) > 0.05).any(), "as pairs, each a finding of its own"
    assert steps_that_hold(order, pairs.assign(p=[0.06, 1e-6, 0.03])).tolist() == [False, True]


def test_winners_without_a_combination_are_named_by_what_was_tuned() -> None:
    record = confirmation()
    confirms = record.manifest.confirms
    chosen = tuple(
        replace(w, settings={**w.settings, "lr": 10.0**-w.number}) for w in confirms.trials
    )
    record = with_manifest(
        record, confirms=replace(confirms, by=(), tuned=("depth", "width", "lr"), trials=chosen)
    )
    said = [f.sentence for f in evaluate(record)] + claims_of(record).answers
    assert any("depth 6, width 64, lr 0.1" in text for text in said)
    assert not any("this config" in text for text in said)
    kept = with_manifest(record, confirms=replace(confirms, tuned=("lr",)))
    pairs = draw(specs_of(kept)[1], kept)
    assert list(pairs.cells["tuned to"]) == ["lr 0.1", "lr 1", "lr 0.01"]


def test_flattery_is_what_the_search_said_above_what_came_of_it() -> None:
    row = finding(confirmation(), "flattery")
    assert row["estimate"] == pytest.approx(100 * np.mean([0.006, 0.003, 0.0015]))
    assert row["verdict"] == OPEN, "three winners do not tell"
    steady = {pair: (mean, mean + 0.002) for pair, (mean, _) in WINNERS.items()}
    assert finding(confirmation(steady), "flattery")["verdict"] == HOLDS
    modest = {pair: (mean, mean - 0.002) for pair, (mean, _) in WINNERS.items()}
    assert finding(confirmation(modest), "flattery")["verdict"] == FAILS
    other = finding(confirmation(fidelity=4), "flattery")
    assert other["verdict"] == MISSING and "another length" in other["sentence"]
    shorter = confirmation(fidelity=4)
    shorter = with_manifest(shorter, study=replace(shorter.manifest.study, extendable=True))
    row = finding(shorter, "flattery")
    assert "at epoch 4" in row["sentence"], "the first epochs of a longer training are the same"
    order = draw(specs_of(shorter)[0], shorter)
    assert order.figure is not None
    assert not any(line.get_gid() == "search" for line in order.figure.axes[0].get_lines())


def test_what_contradicts_a_published_value_is_said_so() -> None:
    record = confirmation()
    assert finding(record, "published-6-16")["verdict"] == HOLDS
    below = finding(record, "published-6-64")
    assert below["verdict"] == OPEN and below["target"] == 0.963, "one run scatters, too"
    best = finding(record, "published-best")
    assert best["verdict"] == OPEN and best["estimate"] == pytest.approx(-0.3)
    far = {pair: (mean - 0.02, said) for pair, (mean, said) in WINNERS.items()}
    far_below = confirmation(far)
    assert finding(far_below, "published-6-64")["verdict"] == FAILS
    assert finding(far_below, "published-best")["verdict"] == FAILS
    assert best["verdict"] == OPEN, "the published value is one run, which scatters as well"
    assert best["high"] - best["low"] == pytest.approx(
        2 * 2.776 * 0.1581 * np.sqrt(6 / 5), rel=0.01
    )
    elsewhere = evaluate(confirmation(published=None))
    assert not any(f.name.startswith("published") for f in elsewhere), "nothing was printed of it"
    assert scorecard([record]).empty, "what was printed is of untuned configs"


def test_a_page_names_winners_by_what_was_compared_and_shows_them_in_order() -> None:
    record = confirmation()
    claims = claims_of(record)
    assert "3 winners of the record r (seed 0)" in claims.answers[0]
    assert len(claims.checks) == 3, "order, flattery, the best published"
    assert not any("lr" in sentence for _, sentence in claims.checks + claims.asked)
    order, pairs = (draw(spec, record) for spec in specs_of(record)[:2])
    assert order.figure is not None and pairs.cells is not None
    labels = [text.get_text() for text in order.figure.axes[0].get_yticklabels()]
    assert labels == list(order_table(record)["label"])
    assert list(pairs.cells["better for sure than"]) == ["2, 3", "none", "none"]
    with look():
        order.figure.savefig(io.BytesIO(), format="png")


def test_the_best_of_all_stands_alone() -> None:
    record = confirmation({(6, 64): (0.960, 0.963)})
    chosen = tuple(replace(w, settings={}) for w in record.manifest.confirms.trials)
    confirms = replace(record.manifest.confirms, by=(), trials=chosen)
    record = with_manifest(record, confirms=confirms)
    assert {s["kind"] for s in specs_of(record)}.isdisjoint({"order", "pairs"})
    claims = claims_of(record)
    assert (
        not claims.problem
        and "1 winner (the best of all trials) of the record" in claims.answers[0]
    )
    assert finding(record, "flattery")["verdict"] == OPEN, "one winner does not tell"


def test_one_replicate_has_an_order_and_no_difference_that_holds() -> None:
    record = confirmation(n=1)
    assert finding(record, "order")["verdict"] == OPEN
    assert not pair_table(record)["holds"].any()
    for spec in specs_of(record)[:2]:
        draw(spec, record)


def test_a_winner_that_diverged_is_last_and_compared_with_none() -> None:
    record = confirmation()
    trials, reports = record.trials.copy(), record.reports.copy()
    bad = reports["trial_id"] == "t1"
    reports.loc[bad & (reports["replicate"] == 0), "val_acc"] = np.nan
    trials.loc[trials["trial_id"] == "t1", ["status", "n_diverged"]] = ["diverged", 1]
    record = Record(record.path, record.manifest, trials, reports)
    table = order_table(record)
    assert table["label"].iloc[-1] == "depth 6, width 64" and table["mean"].isna().iloc[-1]
    assert len(pair_table(record)) == 1
    for spec in specs_of(record)[:2]:
        draw(spec, record)
    with pytest.raises(NothingToDraw, match="confirms no winners"):
        draw({"kind": "order", "name": "x"}, with_manifest(record, confirms=None))


def test_the_page_does_not_take_a_confirmation_for_a_search() -> None:
    template = files("sweepbook.pages") / "templates/parts/study.html.j2"
    source = template.read_text(encoding="utf-8")
    line = next(text for text in source.splitlines() if "Before believing" in text)
    said = Environment(undefined=StrictUndefined).from_string(line)
    record = confirmation()
    assert "What came of the winners" in said.render(section={"record": record})
    search = typed({"study": {**STUDY, "name": "s"}, "search": {"space": {}}}).search
    record = with_manifest(record, search=search)
    assert "Before believing" in said.render(section={"record": record})
