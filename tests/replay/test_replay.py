"""ASHA in virtual time: searches by hand, Ray's own decisions, and what always holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ray.tune.schedulers import AsyncHyperBandScheduler

from sweepbook import ASHA, Claim, Metric
from sweepbook.record.load import Record
from sweepbook.replay.close import as_good, stated_margin, winner_of
from sweepbook.replay.table import Setting, cheapest, play, replay_table
from sweepbook.replay.virtual import (
    Arrival,
    Curve,
    Search,
    arrivals,
    full_curves,
    full_time,
    redrawn,
    search,
    visits_of,
)
from sweepbook.study.rungs import Rungs, rung_levels
from sweepbook.tune.scheduler import StudyASHA
from tests.records import typed

# validation accuracy of four trials at epochs 1 to 4; the third starts well, sags and wins
FOUR = (
    (0.5, 0.6, 0.7, 0.8),
    (0.4, 0.5, 0.6, 0.7),
    (0.6, 0.5, 0.5, 0.9),
    (0.7, 0.7, 0.8, 0.85),
)


def record_of(
    values: Sequence[Sequence[float]], mode: str = "max", n_replicates: int = 1, **trials: Any
) -> Record:
    """One trial per row of `values`, called a, b, ...; an epoch takes 2 seconds."""
    rows = [
        {"trial_id": chr(97 + i), "replicate": r, "epoch": epoch, "m": value, "time_s": 2.0}
        for i, own in enumerate(values)
        for r in range(n_replicates)
        for epoch, value in enumerate(own, start=1)
    ]
    ids = [chr(97 + i) for i in range(len(values))]
    frame = pd.DataFrame({"trial_id": ids, "status": "finished"} | trials)
    study = {"name": "s", "metric": {"name": "m", "mode": mode}, "fidelity": {"unit": "epoch"}}
    return Record(Path("records/s"), typed({"study": study}), frame, pd.DataFrame(rows))


def curves_of(values: Sequence[Sequence[float]], seconds: Sequence[float] = ()) -> list[Curve]:
    per_epoch = seconds or [1.0] * len(values)
    return [
        Curve(str(i), tuple(own), tuple(s * t for t in range(1, len(own) + 1)), (own[-1],))
        for i, (own, s) in enumerate(zip(values, per_epoch, strict=True))
    ]


def one(curves: Sequence[Curve], order: list[int], n_workers: int, grace=1, factor=2) -> Search:
    setting = Setting(grace_period=grace, reduction_factor=factor, n_workers=n_workers)
    arrival = Arrival(order, [1.0] * len(curves))
    return next(play(curves, setting, [arrival]))


@pytest.mark.parametrize("mode", ["max", "min"])
def test_four_trials_on_one_worker_as_worked_out_by_hand(mode: str) -> None:
    """b: 0.4 < 0.5. c: 0.6 >= median of 0.5, 0.4, but then 0.5 < 0.6. d passes both rungs."""
    sign = 1 if mode == "max" else -1
    curves = full_curves(record_of([[sign * v for v in own] for own in FOUR], mode))
    found = one(curves, [0, 1, 2, 3], n_workers=1)
    assert found.reached == [4, 1, 2, 4]
    assert found.stopped == {1: 1, 2: 2}
    assert found.ended == 2.0 * (4 + 1 + 2 + 4)
    assert found.rungs.values == {
        1: {0: 0.5, 1: 0.4, 2: 0.6, 3: 0.7},
        2: {0: 0.6, 2: 0.5, 3: 0.7},
        4: {0: 0.8, 3: 0.85},
    }


def test_four_trials_on_two_workers_as_worked_out_by_hand() -> None:
    """c starts when b is stopped, at 1, and d when c is, at 3; it ends at 7."""
    curves = curves_of(FOUR)
    found = one(curves, [0, 1, 2, 3], n_workers=2)
    assert (found.reached, found.ended) == ([4, 1, 2, 4], 7.0)
    assert full_time(curves, Arrival([0, 1, 2, 3], [1.0] * 4), 2) == 8.0
    together = one(curves, [3, 0, 1, 2], n_workers=4)
    assert together.reached == [1, 1, 2, 4], "c: 0.6 >= median of 0.7, 0.5, 0.4; then 0.5 < 0.7"


def test_the_table_counts_what_was_spent_kept_and_lost() -> None:
    curves = curves_of(FOUR)
    arrived = [Arrival(order, [1.0] * 4) for order in ([0, 1, 2, 3], [2, 3, 0, 1])]
    setting = Setting(grace_period=1, reduction_factor=2, n_workers=1)
    (row,) = replay_table(curves, [setting], arrived).to_dict("records")
    # second order: c is the first everywhere and wins; d passes; a and b are stopped at once
    assert row["share"] == pytest.approx((11 + 10) / 2 / 16)
    assert (row["kept"], row["n_finished"], row["n_orders"]) == (0.5, 2.0, 2)
    assert row["regret"] == pytest.approx(0.025)
    assert row["regret_largest"] == pytest.approx(0.05)
    assert (row["time"], row["time_full"], row["n_without"]) == (10.5, 16.0, 0)
    assert row["kept_low"] < 0.5 < row["kept_high"]


def test_a_diverged_trial_ends_at_once_and_is_the_worst_of_its_next_rung() -> None:
    curves = full_curves(record_of([(0.45, math.nan, math.nan, math.nan), FOUR[0]]))
    found = one(curves, [0, 1], n_workers=1)
    assert found.reached == [2, 4] and found.stopped == {}
    assert found.rungs.values[2] == {0: -math.inf, 1: 0.6}


def step_by_step(
    curves: Sequence[Curve],
    order: Sequence[int],
    n_workers: int,
    report: Callable[[int, int, float], bool],
) -> list[int]:
    """The same search, epoch by epoch and without a heap; `report` says whether to go on."""
    waiting, running, reached = list(enumerate(order)), {}, [0] * len(order)
    now = 0.0
    while waiting or running:
        while waiting and len(running) < n_workers:
            place, trial = waiting.pop(0)
            running[place] = (trial, now)
        clock = {
            place: began + curves[trial].elapsed[reached[trial]]
            for place, (trial, began) in running.items()
        }
        place = min(clock, key=lambda p: (clock[p], p))
        trial, now = running[place][0], clock[place]
        reached[trial] += 1
        go_on = report(trial, reached[trial], curves[trial].values[reached[trial] - 1])
        if not go_on or reached[trial] == len(curves[trial].values):
            del running[place]
    return reached


def random_curves(rng: np.random.Generator, n: int, longest: int, bad: float = 0) -> list[Curve]:
    values = [(rng.normal() + rng.normal(size=longest).cumsum() * 0.3).tolist() for _ in range(n)]
    for own in values:
        if rng.random() < bad:
            own[rng.integers(longest) :] = [math.nan]
    return curves_of(values, (rng.random(n) + 0.5).tolist())


@pytest.mark.parametrize("mode", ["max", "min"])
def test_decisions_and_rungs_are_those_of_rays_asha_on_random_orders(mode: str) -> None:
    sign = 1 if mode == "max" else -1
    for seed in range(50):  # in two modes
        rng = np.random.default_rng(seed)
        curves = random_curves(rng, 25, 9)
        grace, factor = int(rng.integers(1, 4)), int(rng.integers(2, 5))
        n_workers = int(rng.choice([1, 3, 25]))
        order = rng.permutation(len(curves)).tolist()
        peer = AsyncHyperBandScheduler(
            "epoch", "m", mode, grace_period=grace, reduction_factor=factor, max_t=9
        )
        trials = [SimpleNamespace(trial_id=i) for i in range(len(curves))]
        for trial in trials:
            peer.on_trial_add(None, trial)

        def report(i: int, epoch: int, value: float, peer=peer, trials=trials) -> bool:
            result = {"epoch": epoch, "m": sign * value}
            decision = peer.on_trial_result(None, trials[i], result)
            if decision == "STOP":
                peer.on_trial_complete(None, trials[i], result)
            return decision == "CONTINUE"

        reached = step_by_step(curves, order, n_workers, report)
        ours = one(curves, order, n_workers, grace, factor)
        assert ours.reached == reached
        assert ours.rungs.values == {int(level): own for level, own in peer._brackets[0]._rungs}


def test_decisions_and_rungs_are_those_of_our_scheduler_with_diverging_trials() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        curves = random_curves(rng, 20, 9, bad=0.3)
        order, n_workers = rng.permutation(20).tolist(), int(rng.choice([1, 4]))
        asha = ASHA(grace_period=1, reduction_factor=3, max_t=9)
        endings: dict[str, Any] = {}
        peer = StudyASHA(asha, Metric("m", "max"), "epoch", endings)

        def report(i: int, epoch: int, value: float, peer=peer) -> bool:
            trial = SimpleNamespace(trial_id="ray", config={"trial_id": str(i)})
            result = {"fidelity": epoch, "value": value}
            return peer.on_trial_result(None, trial, result) == "CONTINUE"

        reached = step_by_step(curves, order, n_workers, report)
        ours = one(curves, order, n_workers, 1, 3)
        assert ours.reached == reached
        stopped = {int(i): e.rung for i, e in endings.items() if e.status == "stopped"}
        assert ours.stopped == stopped
        theirs = {
            k: {int(i): v for i, v in own.items()} for k, own in peer.rungs[0].values.items()
        }
        assert ours.rungs.values == theirs


@given(st.integers(1, 20), st.integers(2, 6), st.integers(1, 120), st.integers(0, 3))
def test_rungs_are_where_a_study_puts_them(grace, factor, max_t, bracket) -> None:
    asha = ASHA(grace_period=grace, reduction_factor=factor)
    assert rung_levels(grace, factor, max_t, bracket) == asha.rungs(max_t, bracket)


CURVES = st.lists(
    st.lists(st.floats(-9, 9, width=16), min_size=1, max_size=9), min_size=2, max_size=12
)


@settings(max_examples=60)
@given(CURVES, st.integers(1, 5), st.integers(2, 5), st.integers(1, 14), st.data())
def test_what_holds_for_every_search(values, grace, factor, n_workers, data) -> None:
    curves = curves_of(values)
    order = data.draw(st.permutations(range(len(curves))))
    found = one(curves, order, n_workers, grace, factor)
    lengths = [len(curve.values) for curve in curves]
    assert all(1 <= got <= own for got, own in zip(found.reached, lengths, strict=True))
    assert all(found.reached[i] == rung for i, rung in found.stopped.items())
    assert all((i in found.stopped) == (found.reached[i] < lengths[i]) for i in range(len(curves)))
    assert order[0] not in found.stopped or n_workers > 1, "alone, the first is never stopped"
    for level, own in found.rungs.values.items():
        if own:
            best = max(own.values())
            assert any(found.reached[i] > level or lengths[i] == level for i in own), "some pass"
            assert all(found.stopped.get(i) != level for i, v in own.items() if v == best)
    late = one(curves, order, n_workers, grace=max(lengths), factor=factor)
    assert late.reached == lengths and not late.stopped, "no rung before the end, no stop"


@settings(max_examples=40)
@given(CURVES, st.data())
def test_one_worker_knows_only_the_order(values, data) -> None:
    curves = curves_of(values)
    order = data.draw(st.permutations(range(len(curves))))
    found = one(curves, order, 1)
    slow = curves_of(values, data.draw(st.lists(st.floats(0.1, 9), min_size=len(values),
                                                max_size=len(values))))  # fmt: skip
    assert one(slow, order, 1).reached == found.reached, "however long a trial takes"
    again = one([curves[i] for i in order], list(range(len(curves))), 1)
    assert [again.reached[k] for k in range(len(order))] == [found.reached[i] for i in order]


def test_arrivals_are_seeded_and_few_are_the_first_of_many() -> None:
    many = arrivals(7, 5, seed=3, jitter=0.1)
    assert arrivals(7, 2, seed=3, jitter=0.1) == many[:2]
    assert arrivals(7, 2, seed=4) != arrivals(7, 2, seed=3)
    assert all(sorted(arrival.order) == list(range(7)) for arrival in many)
    assert {pace for arrival in arrivals(7, 2, seed=3) for pace in arrival.paces} == {1.0}


def noisy(means: Sequence[float], sd: float, seed: int) -> list[Curve]:
    """A curve of one step per mean, with 3 replicates that scatter about it."""
    rng = np.random.default_rng(seed)
    finals = [tuple(mean + sd * rng.normal(size=3)) for mean in means]
    return [Curve(str(i), (float(np.mean(f)),), (1.0,), f) for i, f in enumerate(finals)]


def test_trials_that_are_as_good_as_the_winner_are_known_by_pairs() -> None:
    finals = [(0.90, 0.80, 0.70), (0.89, 0.79, 0.69), (0.95, 0.60, 0.80), (math.nan,) * 3]
    curves = [Curve(str(i), (float(np.mean(f)),), (1.0,), f) for i, f in enumerate(finals)]
    assert as_good(curves, 0, 0.011).tolist() == [True, True, False, False]
    assert as_good(curves, 0, 0.009).tolist() == [True, False, False, False]
    alone = curves_of([(0.5,), (0.5,), (0.4,)])
    assert as_good(alone, 0, 0.2).tolist() == [True, True, False], "one replicate: equal alone"


def test_noise_makes_fewer_trials_as_good_never_more() -> None:
    """24 trials, each 0.5 worse than the one before; the margin is 1.1, so 3 are as good."""
    means = [-0.5 * i for i in range(24)]
    counts = {}
    for sd in (0.01, 0.5, 3.0):
        draws = [noisy(means, sd, seed) for seed in range(50)]
        counts[sd] = np.mean([as_good(own, winner_of(own), 1.1).sum() for own in draws])
    assert counts[0.01] == pytest.approx(3, abs=0.5)
    assert 1 <= counts[3.0] < counts[0.5] < counts[0.01] + 0.01


def slow_and_good(rng: np.random.Generator) -> tuple[list[float], list[Curve]]:
    """24 trials of 9 epochs, and what they reach in truth: slow ones, that are better, and others.

    Their 3 replicates scatter by 1.5 margins.
    """
    truth, curves = [], []
    for i in range(24):
        slow = i < 10
        end = -abs(rng.normal(0, 3.0 if slow else 9.0))
        mean = end - 25 * np.exp(-np.arange(1, 10) / (rng.uniform(2.2, 4) if slow else 0.5))
        noise = rng.normal(0, 1.5, (3, 1)) + rng.normal(0, 0.4, (3, 9))
        values = mean + noise
        own = tuple(values.mean(axis=0).tolist()), tuple(map(float, range(1, 10)))
        truth.append(end)
        curves.append(Curve(str(i), *own, tuple(values[:, -1].tolist())))
    return truth, curves


def test_a_setting_that_loses_more_than_the_margin_is_seldom_recommended() -> None:
    options = [Setting(grace_period=grace, reduction_factor=3, n_workers=1) for grace in (1, 3, 9)]
    losing: dict[Setting, list[bool]] = {setting: [] for setting in options}
    for seed in range(150):  # the truth, of other draws of configs
        truth, curves = slow_and_good(np.random.default_rng([1, seed]))
        for setting in options:
            (found,) = play(curves, setting, arrivals(24, 1, seed))
            kept = [t for t, n in zip(truth, found.reached, strict=True) if n == 9]
            losing[setting].append(max(truth) - max(kept) > 1.0)
    too_often = {s.grace_period for s, own in losing.items() if np.mean(own) > 0.1}
    assert too_often == {1}, "this is the cheapest setting, and it loses too much"
    wrong = 0
    for seed in range(12):
        _, curves = slow_and_good(np.random.default_rng([2, seed]))
        arrived = redrawn(arrivals(24, 100, seed), seed)
        table = replay_table(curves, options, arrived, margin=1.0)
        wrong += bool(set(cheapest(table, "kept_close")["grace_period"]) & too_often)
    assert wrong <= 4, "of 12 records"


def test_the_margin_is_the_smallest_difference_of_the_studys_claims() -> None:
    record = record_of(FOUR)
    curves = full_curves(record)
    assert stated_margin(record, curves) is None
    claims = [
        dict(kind="direction", metric="m", smallest=0.02, arms=[{"a": 1}, {"a": 2}]),
        dict(kind="winner", metric="m", smallest=0.01, relative=True, arms=[{"a": 1}, {"a": 2}]),
        dict(kind="winner", metric="m", smallest=0.0, arms=[{"a": 1}, {"a": 2}]),
        dict(kind="direction", metric="other", smallest=1e-4, arms=[{"a": 1}, {"a": 2}]),
        dict(kind="mixture", metric="m", smallest=1e-4, arms=[{"a": 1}]),
    ]
    named = [Claim(name=f"c{i}", statement="", reason="r", **c) for i, c in enumerate(claims)]
    with_claims = replace(record.manifest.study, claims=tuple(named))
    claimed = Record(
        record.path, replace(record.manifest, study=with_claims), record.trials, record.reports
    )
    assert stated_margin(claimed, curves) == pytest.approx(0.01 * 0.9), "of the winner's 0.9"


def test_intervals_cover_other_draws_of_configs() -> None:
    """One config in twelve is good and starts slowly: whether it is drawn decides."""
    values = [(0.5 + 0.01 * i, 0.5 + 0.01 * i, 0.5 + 0.01 * i) for i in range(11)]
    curves = curves_of([*values, (0.1, 0.1, 0.9)])
    setting = Setting(grace_period=1, reduction_factor=3, n_workers=1)
    arrived = arrivals(12, 200, 0)
    (fixed,) = replay_table(curves, [setting], arrived).to_dict("records")
    (drawn,) = replay_table(curves, [setting], redrawn(arrived, 0)).to_dict("records")
    assert fixed["kept_high"] < 0.25, "recorded configs alone: it is nearly always stopped"
    assert drawn["kept_low"] < 0.1 and drawn["kept_high"] > 0.9
    assert drawn["regret_q025"] == 0 < drawn["regret_q975"]


def test_of_a_config_that_is_drawn_twice_one_is_kept() -> None:
    curves = curves_of([(0.1, 0.9), (0.5, 0.5)])
    arrived = [Arrival([1, 2, 0], [1.0] * 3, drawn=[0, 0, 1])]
    setting = Setting(grace_period=1, reduction_factor=2, n_workers=1)
    (row,) = replay_table(curves, [setting], arrived).to_dict("records")
    assert row["n_finished"] == 2 and row["kept"] == 0, "only its double trained to the end"
    assert row["regret"] == pytest.approx(0.4)


def test_the_cheapest_setting_is_one_that_keeps_the_winner() -> None:
    table = pd.DataFrame(
        {"n_workers": [1, 1, 1, 4], "share": [0.1, 0.3, 0.2, 0.1], "kept": [0.5, 0.99, 0.96, 0.9]}
    )
    assert cheapest(table)[["n_workers", "share"]].to_numpy().tolist() == [[1, 0.2]]


def test_only_whole_curves_are_replayed() -> None:
    states = ["finished", "stopped", "diverged", "failed"]
    record = record_of(FOUR, status=states)
    assert [curve.trial_id for curve in full_curves(record)] == ["a", "c"]
    assert full_curves(record, equal_times=True)[0].elapsed == (1, 2, 3, 4)
    for bad, match in (
        (record_of(FOUR, status=["finished", *["stopped"] * 3]), "has 1 such.*3 stopped"),
        (record_of([(math.nan, 0.5)] * 2), "has 2 such trials, 0 finite"),
    ):
        with pytest.raises(ValueError, match=match):
            full_curves(bad)
    timeless = Record(record.path, record.manifest, record.trials, record.reports.drop(
        columns="time_s"))  # fmt: skip
    with pytest.raises(ValueError, match="--equal-times"):
        full_curves(timeless)


@pytest.mark.parametrize(
    "lacks",
    [lambda t: t["epoch"] % 2 == 1, lambda t: (t["epoch"] > 2) & (t["replicate"] == 1)],
    ids=["every second epoch", "a replicate that ended before the other"],
)
def test_trials_that_miss_steps_are_left_out_and_counted(lacks) -> None:
    record = record_of(FOUR, n_replicates=2)
    gaps = record.reports["trial_id"].isin(["a", "b"]) & lacks(record.reports)
    some = Record(record.path, record.manifest, record.trials, record.reports[~gaps])
    assert [curve.trial_id for curve in full_curves(some)] == ["c", "d"]
    none = Record(
        record.path, record.manifest, record.trials, record.reports[~lacks(record.reports)]
    )
    with pytest.raises(ValueError, match="has 0 such.*4 left out.*at every epoch"):
        full_curves(none)


def test_replicates_are_averaged_and_one_that_diverged_is_a_diverged_trial() -> None:
    record = record_of([(0.5, 0.6), (0.4, 0.8)], n_replicates=2)
    reports = record.reports
    reports.loc[reports["replicate"] == 1, "m"] += 0.2
    reports.loc[(reports["trial_id"] == "b") & (reports["replicate"] == 1), "m"] = [0.6, np.nan]
    first, second = full_curves(record)
    assert first.values == pytest.approx((0.6, 0.7)) and first.finals == pytest.approx((0.6, 0.8))
    assert second.values[0] == pytest.approx(0.5) and math.isnan(second.final)


def test_a_visit_is_made_at_each_rung_and_at_the_end() -> None:
    curve = curves_of([tuple(range(1, 6))])[0]
    assert [(v.fidelity, v.rung, v.is_end) for v in visits_of(curve, (1, 3, 9))] == [
        (1, 1, False),
        (3, 3, False),
        (5, 0, True),
    ]
    assert search([visits_of(curve, ())], Arrival([0], [1.0]), 1, Rungs((), 2)).reached == [5]
