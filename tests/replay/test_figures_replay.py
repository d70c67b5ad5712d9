"""The figure of a replay: its numbers, then drawn once."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pandas as pd
import pytest

from sweepbook.figures.style import look
from sweepbook.replay.figure import draw_replay
from sweepbook.replay.table import Setting, replay_table
from sweepbook.replay.virtual import Arrival, Curve


def table_of(workers: tuple[int, ...]) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    clock = tuple(float(t) for t in range(1, 10))
    curves = []
    for i in range(12):
        values = tuple((0.05 * i + rng.normal(size=9).cumsum() * 0.05).tolist())
        curves.append(Curve(str(i), values, clock, (values[-1],)))
    arrived = [Arrival(rng.permutation(12).tolist(), [1.0] * 12) for _ in range(20)]
    settings = [
        Setting(grace_period=g, reduction_factor=f, n_workers=n)
        for n, g, f in itertools.product(workers, (1, 3), (2, 4))
    ]
    return replay_table(curves, settings, arrived, margin=0.1)


def test_points_are_the_tables_and_the_dashed_line_is_chance() -> None:
    table = table_of((1, 2, 3, 4, 12))
    figure = draw_replay(table, 3, "val_acc", "epoch")
    with look():
        figure.savefig(io.BytesIO(), format="png")
    assert len(figure.axes) == 3 * 4, (
        "chance, chance of one that is as good, regret; at most 4 workers"
    )
    titles = [ax.get_title() for ax in figure.axes[:4]]
    assert titles == ["1 worker", "2 workers", "4 workers", "12 workers"]
    first = table[table["n_workers"] == 1]
    for ax, name in zip(figure.axes[::4], ("kept", "kept_close", "regret"), strict=True):
        points = [line.get_xydata()[0] for line in ax.get_lines() if line.get_gid() == "setting"]
        expected = first.sort_values(["reduction_factor", "grace_period"])[["share", name]]
        assert np.allclose(points, expected)
    (one,) = (line for line in figure.axes[0].get_lines() if line.get_gid() == "chance")
    assert np.allclose(one.get_xdata(), one.get_ydata()), "one of 12 trials"
    (three,) = (line for line in figure.axes[4].get_lines() if line.get_gid() == "chance")
    half = three.get_ydata()[50]  # 6 of 12 hold none of 3: 6/12 * 5/11 * 4/10
    assert half == pytest.approx(1 - 6 * 5 * 4 / (12 * 11 * 10))


def test_without_others_as_good_there_is_no_panel_for_them() -> None:
    assert len(draw_replay(table_of((1,)), 1, "val_acc", "epoch").axes) == 2
