"""The study of variance: how much split, initial weights and order each move one net's results.

Five splits, five draws of the initial weights and five orders of the rows are combined, so 125
nets of one config are trained (Bouthillier et al. 2021, "Accounting for variance in machine
learning benchmarks", look at each alone). Every other study draws all three anew with each
replicate; on given data it keeps the split, and this study says what that hides.
"""

from dataclasses import replace

from search_spaces.mlp_study import mlp_study
from sweepbook import Metric

_LEVELS = (0, 1, 2, 3, 4)
_SOURCES = ("split", "weights", "order")

VARIANCE = replace(
    mlp_study(
        "variance",
        "How much do the split, the initial weights and the order of the rows each move a result?",
        metric=Metric("val_acc", "max"),
        grid={source: _LEVELS for source in _SOURCES},
        fixed={"batch_norm": True, "batch_size": 1024, "lr": 0.01, "epochs": 20},
        figures=(
            {
                "kind": "components",
                "name": "variance-components",
                "title": "What each source of chance adds to a result's spread",
                "metrics": ["test_acc", "test_loss"],
                "sources": list(_SOURCES),
                "given": "split",
            },
        ),
        replicates=1,
        single="trainables.mlp:is_single",
    ),
    trainable="trainables.mlp:train_mlp_crossed",
)
