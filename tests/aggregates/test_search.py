"""What is said of a search: its trials, tables and importances, on three trials by hand."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweepbook.aggregates.search import Search, place_of, search_of, value_at
from sweepbook.aggregates.search_tables import (
    best_table,
    incumbent_table,
    isolation_table,
    rung_table,
)
from sweepbook.record.load import Record
from sweepbook.search.importance import importances
from sweepbook.study.settings import setting_key
from tests.records import with_manifest
from tests.searches import SPACE, random_search, record_of

LR = {"lr": SPACE["lr"]}
RUNGS = {"grace_period": 1, "reduction_factor": 2, "max_t": 4, "brackets": 1}
# the second is stopped at rung 2 with the best value that any trial has there
THREE: list[dict[str, Any]] = [
    {"settings": {"lr": 0.001, "depth": 1}, "values": [0.9, 0.8, 0.7, 0.6]},
    {"settings": {"lr": 0.01, "depth": 2}, "values": [0.5, 0.4], "status": "stopped", "rung": 2},
    {"settings": {"lr": 0.02, "depth": 2}, "values": [0.8, 0.7, 0.6, 0.5]},
]


def search(trials: list[dict[str, Any]], **rest: Any) -> Search:
    found = search_of(record_of(trials, rest.pop("space", LR), **rest))
    assert found is not None
    return found


def negated(trials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [trial | {"values": [-v for v in trial["values"]]} for trial in trials]


@pytest.mark.parametrize("mode", ["min", "max"])
def test_a_stopped_trial_is_never_the_best_whatever_its_value(mode: str) -> None:
    found = search(THREE if mode == "min" else negated(THREE), mode=mode)
    assert list(found.ranked(found.trials)["trial_id"]) == ["t002", "t000"]
    assert found.trials["last"].tolist() == [4, 2, 4]
    sign = 1 if mode == "min" else -1
    assert found.trials["value"].tolist() == pytest.approx([sign * v for v in (0.6, 0.4, 0.5)])


@pytest.mark.parametrize("mode", ["min", "max"])
def test_the_incumbent_at_full_length_and_at_any(mode: str) -> None:
    sign = 1 if mode == "min" else -1
    table = incumbent_table(search(THREE if mode == "min" else negated(THREE), mode=mode))
    assert table["spent"].tolist() == [1, 2, 3, 4, 5, 6, 10]
    best = [math.nan, math.nan, math.nan, 0.6, 0.6, 0.6, 0.5]
    assert table["best_full"].to_numpy() == pytest.approx(sign * np.array(best), nan_ok=True)
    anyhow = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.4]
    assert table["best_any"].to_numpy() == pytest.approx(sign * np.array(anyhow))
    assert table["seconds"].tolist() == [2, 4, 6, 8, 10, 12, 20]
    assert table["trial_id"].tolist()[3:] == ["t000", "t000", "t000", "t002"]


def test_rungs_count_who_came_was_stopped_was_lost_and_went_on() -> None:
    lost = {"settings": {"lr": 0.1, "depth": 1}, "values": [0.9, math.nan], "status": "diverged"}
    table = rung_table(search([*THREE, lost], scheduler=RUNGS))
    columns = ["rung", "came", "stopped", "lost", "went_on"]
    assert table[columns].to_numpy().tolist() == [
        [1, 4, 0, 0, 4],
        [2, 4, 1, 1, 2],
        [4, 2, 0, 0, 0],
    ]
    assert table["best"].tolist() == [0.5, 0.4, 0.5]
    assert (table["came"] == table["stopped"] + table["lost"] + table["went_on"])[:-1].all()
    assert rung_table(search(THREE)).empty, "no scheduler, no rungs"


def test_isolation_takes_the_best_of_each_value_with_all_else_free() -> None:
    space = LR | {"depth": SPACE["depth"]}
    more = {"settings": {"lr": 0.03, "depth": 1}, "values": [0.9, 0.8, 0.7, 0.55]}
    found = search([*THREE, more], space=space, scientific=("depth",))
    table = isolation_table(found)
    assert table[["x", "n_full", "n_stopped", "value"]].to_numpy().tolist() == [
        [1, 2, 0, 0.55],
        [2, 1, 1, 0.5],
    ]
    assert table["trial_id"].tolist() == ["t003", "t002"]
    stretches = isolation_table(search(THREE, scientific=("lr",)))
    assert len(stretches) == 8 and stretches["n_full"].sum() == 2
    assert stretches["label"].iloc[0] == "0.0001 to 0.000237"


def test_isolation_of_a_setting_with_steps_has_a_place_for_each_of_its_values() -> None:
    domain = {"kind": "float", "low": 0.0, "high": 0.5, "log": False, "step": 0.25}
    trials = [
        {"settings": {"lr": 0.01, "dropout": 0.25 * (i % 3)}, "values": [0.1 * i]}
        for i in range(6)
    ]
    found = search(trials, space=LR | {"dropout": domain}, scientific=("dropout",))
    table = isolation_table(found)
    assert table["x"].tolist() == [0, 0.25, 0.5] and table["n_full"].tolist() == [2, 2, 2]


def test_cells_are_told_apart_and_each_has_its_incumbent() -> None:
    cells = [{"depth": 1}, {"depth": 2}]
    found = search(THREE, cells=cells)
    assert found.trials["cell"].tolist() == [0, 1, 1]
    assert found.cell_labels == ["depth 1", "depth 2"]
    table = incumbent_table(found)
    assert table.groupby("cell")["spent"].max().tolist() == [4, 6]
    assert isolation_table(found)["value"].tolist() == [0.6, 0.5]
    assert best_table(found, 1)["trial_id"].tolist() == ["t000", "t002"]
    assert found.varied()["depth"] == {"kind": "choice", "choices": [1, 2]}


def test_replicates_give_an_interval_and_a_value_that_is_not_finite_is_not_full() -> None:
    trials = [*THREE, {"settings": {"lr": 0.1, "depth": 1}, "values": [0.9, math.nan]}]
    found = search(trials, n_replicates=3)
    assert found.trials["is_full"].tolist() == [True, False, True, False]
    row = found.full.iloc[0]
    assert row["low"] < row["value"] < row["high"] and row["n"] == 3


def test_a_record_without_search_or_reports_is_of_no_search() -> None:
    record = record_of(THREE, LR)
    bare = with_manifest(record, search=None)
    assert search_of(bare) is None
    empty = Record(record.path, record.manifest, record.trials, record.reports.head(0))
    assert search_of(empty) is None


@given(st.floats(0, 1), st.booleans())
def test_places_are_those_of_the_scale_of_the_search(place: float, log: bool) -> None:
    domain = {"kind": "float", "low": 0.001, "high": 10.0, "log": log}
    assert place_of(domain, value_at(domain, place)) == pytest.approx(place, abs=1e-9)
    assert (place_of(domain, 0.001), place_of(domain, 10.0)) == (0, 1)


@settings(max_examples=15)
@given(st.permutations(range(6)))
def test_the_incumbent_never_gets_worse_and_ends_at_the_best(order: list[int]) -> None:
    values = [0.3, 0.9, 0.1, 0.5, 0.2, 0.4]
    trials = [{"settings": {"lr": 0.01}, "values": [1.0, values[i]]} for i in order]
    table = incumbent_table(search(trials))
    known = table["best_full"].dropna()
    assert known.is_monotonic_decreasing and known.iloc[-1] == 0.1
    assert table["spent"].iloc[-1] == 12


def test_settings_of_any_kind_are_places_of_their_own() -> None:
    cells = [{"hidden": [64]}, {"hidden": [64, 64]}, {"hidden": True}, {"hidden": 1}]
    record = random_search(120, cells=cells)
    rows = record.trials.to_dict("records")
    hidden = [json.dumps(row["config/hidden"]) for row in rows]  # as a table holds them
    found = search_of(replace(record, trials=record.trials.assign(**{"config/hidden": hidden})))
    assert found is not None
    domain = found.varied()["hidden"]
    assert [setting_key(c) for c in domain["choices"]] == [setting_key(*c.values()) for c in cells]
    assert [place_of(domain, text) * 3 for text in hidden] == pytest.approx([0, 1, 2, 3] * 30)
    assert found.trials["cell"].tolist() == [0, 1, 2, 3] * 30
    assert importances(found)["hidden"] >= 0


def test_loading_ray_or_torch_is_not_needed() -> None:
    code = (
        "import sys, sweepbook.figures.kinds, sweepbook.findings.evaluate\n"
        "assert not {'torch', 'ray'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
