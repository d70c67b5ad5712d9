"""record_digest: what it sees and what it must not see."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweepbook.record.digest import frames_digest, record_digest
from sweepbook.record.load import load_record

Make = Callable[..., Path]
METRICS = ("val_loss", "val_acc")
values = st.floats(width=64, allow_nan=True, allow_infinity=True)


def frames(losses: list[float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two trials of one replicate each; `losses` are spread over their epochs."""
    n = len(losses)
    reports = pd.DataFrame(
        {
            "trial_id": ["a" if i % 2 else "b" for i in range(n)],
            "replicate": 0,
            "epoch": [i // 2 + 1 for i in range(n)],
            "val_loss": losses,
            "val_acc": [0.5] * n,
            "batch_losses": [[1.0, loss] for loss in losses],
            "time_s": np.linspace(0.0, 1.0, n),
        }
    )
    trials = pd.DataFrame(
        {
            "trial_id": ["a", "b"],
            "status": ["finished", "stopped"],
            "n_replicates": 1,
            "last_fidelity": 3,
            "config/lr": [0.1, 0.2],
            "config/init": ["he", "default"],
            "config/data": "embedded",
            "time_total_s": 9.0,
            "reason": "done",
        }
    )
    return trials, reports


@settings(max_examples=40)  # 2 s with 100
@given(st.lists(values, min_size=2, max_size=8), st.randoms(use_true_random=False))
def test_no_order_of_rows_or_columns_changes_it(losses: list[float], random: object) -> None:
    trials, reports = frames(losses)
    before = frames_digest(trials, reports, "epoch")
    rows = list(range(len(reports)))
    random.shuffle(rows)  # type: ignore[attr-defined]  # hypothesis hands out a random.Random
    columns = list(reports.columns)
    random.shuffle(columns)  # type: ignore[attr-defined]  # as above
    shuffled = reports.iloc[rows][columns]
    assert frames_digest(trials[::-1], shuffled, "epoch") == before


@settings(max_examples=60)
@given(
    st.lists(st.floats(allow_nan=False), min_size=2, max_size=8),
    st.integers(0, 63),
    st.data(),
)
def test_any_bit_of_a_metric_changes_it(
    losses: list[float], bit: int, data: st.DataObject
) -> None:
    trials, reports = frames(losses)
    row = data.draw(st.integers(0, len(losses) - 1))
    number = struct.unpack("<Q", struct.pack("<d", losses[row]))[0] ^ (1 << bit)
    flipped = struct.unpack("<d", struct.pack("<Q", number))[0]
    changed = reports.copy()
    changed.loc[row, "val_loss"] = flipped
    assert frames_digest(trials, changed, "epoch") != frames_digest(trials, reports, "epoch")


def test_lists_count_value_by_value() -> None:
    trials, reports = frames([1.0, 2.0])
    before = frames_digest(trials, reports, "epoch")
    for other in ([[1.0, 1.0], [1.0, 2.5]], [[1.0], [1.0, 1.0, 2.0]], [[1.0, 1.0], None]):
        assert frames_digest(trials, reports.assign(batch_losses=other), "epoch") != before


@pytest.mark.parametrize(
    "changes",
    [
        {"config/lr": [0.1, 0.3]},
        {"config/init": ["he", "he"]},
        {"status": ["finished", "finished"]},
        {"n_replicates": 2},
        {"config/width": [1, 2]},
    ],
)
def test_trials_count(changes: dict[str, object]) -> None:
    trials, reports = frames([1.0, 2.0])
    before = frames_digest(trials, reports, "epoch")
    assert frames_digest(trials.assign(**changes), reports, "epoch") != before


def test_times_places_and_words_do_not_count() -> None:
    trials, reports = frames([1.0, 2.0])
    before = frames_digest(trials, reports, "epoch")
    other = {"time_total_s": 1.0, "reason": "x", "config/data": "/home/a", "config/out_dir": "/b",
             "started": "2026", "worker": "host", "error": "trace"}  # fmt: skip
    reports = reports.assign(time_s=[5.0, 6.0], single_s=1.0)
    assert frames_digest(trials.assign(**other), reports, "epoch") == before


def test_a_missing_value_is_a_nan_and_a_column_of_them_is_no_column() -> None:
    trials, reports = frames([1.0, float("nan")])
    before = frames_digest(trials, reports, "epoch")
    assert frames_digest(trials, reports.assign(extra=np.nan), "epoch") == before
    nothing = reports.assign(val_loss=pd.array([1.0, None], dtype="Float64"))
    assert frames_digest(trials, nothing, "epoch") == before


def test_integers_beyond_2_to_the_53_are_told_apart() -> None:
    trials, reports = frames([1.0, 2.0])
    one, two = (trials.assign(**{"config/salt": [n, 1]}) for n in (2**53 + 1, 2**53 + 2))
    assert frames_digest(one, reports, "epoch") != frames_digest(two, reports, "epoch")


def test_parts_compacted_rows_and_another_machine_agree(make_record: Make) -> None:
    configs = [{"lr": 0.1, "batch_losses": True}, {"lr": 0.01, "batch_losses": True}]
    whole = load_record(make_record(configs, at="one"))
    parts = load_record(make_record(configs, at="two", parts=4, started="2027", git_commit="ff"))
    assert record_digest(whole) == record_digest(parts)
    assert len(record_digest(whole)) == 64
    fewer = replace(parts, reports=parts.reports.iloc[1:])
    assert record_digest(fewer) != record_digest(whole)
