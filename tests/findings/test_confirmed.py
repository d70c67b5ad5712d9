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
from sweepbook.findings.confirmed import order_table, pair_table
from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.finding import FAILS, HOLDS, MISSING, OPEN, findings_frame
from sweepbook.findings.scorecard import scorecard
from sweepbook.pages.claims import claims_of
from sweepbook.record.load import Record
from tests.records import declared, typed, with_manifest

# depth, width: the mean in truth, and what the search said; published are 0.932, 0.963, 0.935
WINNERS = {(6, 16): (0.950, 0.956), (6, 64): (0.960, 0.963), (6, 8): (0.9495, 0.951)}


ARCHITECTURE = declared("architecture")["published"]
STUDY: dict[str, Any] = {
    "metric": {"name": "val_acc", "mode": "max"},
    "fidelity": {"unit": "epoch", "setting": "epochs"},
}


def confirmation(
    winners: dict[tuple[int, int], tuple[float, float]] | None = None, *, n: int = 5,
    fidelity: int = 8, published: dict[str, Any] | None = ARCHITECTURE,
) -> Record:  # fmt: skip
    """8 epochs of each winner; replicates scatter by 0.001 about the mean, alike in all."""
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
        },
    }
    return Record(
        Path("records") / "confirmed", typed(manifest), pd.DataFrame(trials), pd.DataFrame(reports)
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
    assert "not told apart: depth 6, width 16 from depth 6, width 8" in order["sentence"]


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
    elsewhere = evaluate(confirmation(published=None))
    assert not any(f.name.startswith("published") for f in elsewhere), "nothing was printed of it"
    assert scorecard([record]).empty, "what was printed is of untuned configs"


def test_a_page_names_winners_by_what_was_compared_and_shows_them_in_order() -> None:
    record = confirmation()
    claims = claims_of(record)
    assert "3 winners of the search r (seed 0)" in claims.answers[0]
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
    assert not claims.problem and "1 winner of the search" in claims.answers[0]
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
    with pytest.raises(NothingToDraw, match="confirms no search"):
        draw({"kind": "order", "name": "x"}, with_manifest(record, confirms=None))


def test_the_page_does_not_take_a_confirmation_for_a_search() -> None:
    source = (files("sweepbook.pages") / "templates/report.html.j2").read_text(encoding="utf-8")
    line = next(text for text in source.splitlines() if "Before believing" in text)
    template = Environment(undefined=StrictUndefined).from_string(line)
    record = confirmation()
    assert "the search’s winners" in template.render(section={"record": record})
    search = typed({"study": {**STUDY, "name": "s"}, "search": {"space": {}}}).search
    record = with_manifest(record, search=search)
    assert "Before believing" in template.render(section={"record": record})
