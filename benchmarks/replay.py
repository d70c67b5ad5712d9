"""How long many searches in virtual time take, and Ray's own rung calls for the same reports.

python -m benchmarks.replay      # 1,000 trials x 1,000 orders
"""

import argparse
import itertools
import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from sweepbook.replay.table import Setting, play
from sweepbook.replay.virtual import Curve, arrivals

N_EPOCHS = 100
GRACE, FACTOR = 1, 4


@dataclass(frozen=True)
class ReplayTimes:
    """CPU seconds of one core per order of `n_trials` trials; Ray's are its rung calls alone."""

    n_trials: int
    ours_s: float
    ray_s: float


def measure_replay(n_trials: int, n_orders: int, n_ray_orders: int, n_workers: int) -> ReplayTimes:
    """Times whole searches of ours, and Ray's bracket fed with the reports that ours made.

    n_ray_orders: of the orders, so many are given to Ray; its time per order is the same in all.
    """
    curves = _curves(n_trials)
    arrived = arrivals(n_trials, n_orders, seed=0, jitter=0.1)
    setting = Setting(grace_period=GRACE, reduction_factor=FACTOR, n_workers=n_workers)
    start = time.process_time()
    for _ in play(curves, setting, arrived):
        pass
    ours_s = (time.process_time() - start) / n_orders
    ray_s = 0.0
    for found in itertools.islice(play(curves, setting, arrived), n_ray_orders):
        calls = [
            (level, trial, value)
            for level, values in found.rungs.values.items()
            for trial, value in values.items()
        ]
        start = time.process_time()
        bracket = _ray_bracket()
        for level, trial, value in calls:
            bracket.on_result(SimpleNamespace(trial_id=trial), level, value)
        ray_s += (time.process_time() - start) / n_ray_orders
    return ReplayTimes(n_trials, ours_s, ray_s)


def _ray_bracket() -> Any:
    from ray.tune.schedulers.async_hyperband import _Bracket

    return _Bracket(GRACE, N_EPOCHS, FACTOR, 0)


def _curves(n_trials: int) -> list[Curve]:
    """Made-up curves that fall at different rates, with noise, and different speeds."""
    rng = np.random.default_rng(0)
    epochs = np.arange(1, N_EPOCHS + 1)
    curves = []
    for i in range(n_trials):
        loss = 0.1 + 3 * np.exp(-0.2 * rng.random() * epochs) + 0.02 * rng.normal(size=N_EPOCHS)
        elapsed = epochs * (0.5 + rng.random())
        curves.append(Curve(str(i), tuple((-loss).tolist()), tuple(elapsed.tolist())))
    return curves


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--ray-orders", type=int, default=20)
    args = parser.parse_args()
    for n_workers in (1, 32, args.trials):
        times = measure_replay(args.trials, args.orders, args.ray_orders, n_workers)
        ours, ray = times.ours_s * args.orders, times.ray_s * args.orders
        print(
            f"{args.trials:,} trials x {args.orders:,} orders, {n_workers} workers: {ours:.1f} s "
            f"of one core; Ray's rung calls alone {ray:.1f} s (from {args.ray_orders} orders); "
            f"ratio {ray / ours:.1f}"
        )


if __name__ == "__main__":
    main()
