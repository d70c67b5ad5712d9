"""The studies of the benchmark of fused trials: learning rates of the published net."""

import numpy as np

from search_spaces.mlp_study import mlp_study
from sweepbook import ASHA


def _rates(n: int) -> list[float]:
    return [float(f"{rate:.6g}") for rate in np.geomspace(1e-5, 0.1, n)]


RATES = mlp_study(
    "rates",
    "Which of 32 learning rates is best?",
    figures=(),
    grid={"lr": _rates(32)},
    fixed={"epochs": 20},
    replicates=5,
)
STOPPED = mlp_study(
    "rates-asha",
    "Which of 64 learning rates is best, with early stopping?",
    figures=(),
    grid={"lr": _rates(64)},
    fixed={"epochs": 27},
    replicates=5,
    scheduler=ASHA(grace_period=1, reduction_factor=3),
)
