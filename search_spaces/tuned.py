"""The studies that search: each published architecture at its best, and the best net at all."""

from typing import Any

from analysis.published import PUBLISHED
from search_spaces.mlp_nets import ARCHITECTURES
from search_spaces.mlp_study import ACCURACIES, LOSSES, mlp_study
from search_spaces.mlp_training_claims import DIGIT, DIGIT_REASON
from sweepbook import ASHA, Claim, Metric, Search, best, worst

VAL_ACC = Metric("val_acc", "max")  # what the published winners were named by


def training_space() -> dict[str, Any]:
    """What is open whatever the net: the settings of its training and of its input."""
    from ray import tune

    return {
        "lr": tune.loguniform(1e-4, 1e-1),
        "batch_size": tune.lograndint(64, 1025),  # 1025 is excluded
        "weight_decay": tune.loguniform(1e-8, 1e-3),
        "batch_norm": tune.choice([False, True]),
        "encoding": tune.choice(["raw", "sines"]),
    }


def whole_space() -> dict[str, Any]:
    """What is open where the net is, too."""
    from ray import tune

    return {
        "depth": tune.randint(1, 11),
        "width": tune.lograndint(8, 129),
        "residual": tune.choice([False, True]),
        **training_space(),
    }


# A net without batch norm learns late, and the best learning rate is seldom the fastest: the first
# rung is at a ninth of the length. `sweepbook replay` of whole curves says what earlier ones lose.
_ASHA = ASHA(grace_period=6, reduction_factor=3)

_PAIRS = tuple((depth, width) for depth, width, _ in ARCHITECTURES)
_CURVES = {"kind": "curves", "metrics": list(ACCURACIES)}
_TABLE = {"kind": "table", "metrics": [*ACCURACIES, *LOSSES], "at": ["last"]}


def _claim(form: Any, pair: tuple[int, int], **rest: Any) -> Claim:
    pairs = [pair, *(other for other in _PAIRS if other != pair)]
    first, *others = ({"depth": depth, "width": width} for depth, width in pairs)
    claim: Claim = form(
        "val_acc",
        first,
        among=others,
        by=DIGIT,
        because=DIGIT_REASON,
        reading="of architectures that are each tuned at the same budget",
        labels=tuple(f"{depth}x{width}" for depth, width in pairs),
        **rest,
    )
    return claim


TUNED_ARCHITECTURE = mlp_study(
    "tuned-architecture",
    "Which depth and width are best when each is tuned at the same budget?",
    metric=VAL_ACC,
    points=[{"depth": depth, "width": width} for depth, width in _PAIRS],
    fixed={"epochs": 54},
    replicates=1,
    search=Search(
        space="search_spaces.tuned:training_space",
        n_trials=24,
        n_random=8,
        # as published, with either input: every cell's best is at least the untuned net
        points=[
            {
                "lr": 0.001,
                "batch_size": 256,
                "batch_norm": True,
                "encoding": encoding,
                "weight_decay": 1e-8,
            }
            for encoding in ("raw", "sines")
        ],
        confirm_figures=(
            {
                **_CURVES,
                "name": "tuned-architecture-curves",
                "title": "Accuracy of each architecture at its best settings",
                "by": ["depth", "width"],
            },
            {
                **_TABLE,
                "name": "tuned-architecture-table",
                "title": "Each architecture at its best settings, at the end",
                "by": ["depth", "width"],
            },
        ),
        confirm_claims=(
            _claim(
                best,
                (6, 64),
                name="tuned-best-net",
                title="6x64 is best, tuned",
                statement="best by validation accuracy: 6x64",
            ),
            _claim(
                worst,
                (1, 16),
                name="tuned-worst-net",
                title="1x16 is worst, tuned",
                statement="worst: 1x16, which underfits",
            ),
        ),
        confirm_published=PUBLISHED["architecture"],
    ),
    scheduler=_ASHA,
    figures=(),
)

TUNED_MLP = mlp_study(
    "tuned-mlp",
    "What is the best MLP on this data at all?",
    metric=VAL_ACC,
    fixed={"epochs": 54},
    replicates=1,
    search=Search(
        space="search_spaces.tuned:whole_space",
        n_trials=60,
        scientific=("depth", "width"),
        confirm_figures=(
            {
                **_CURVES,
                "name": "tuned-mlp-curves",
                "title": "Accuracy of the best MLP",
                "by": [],
                "overlay": True,
            },
            {
                **_TABLE,
                "name": "tuned-mlp-table",
                "title": "The best MLP at the end",
                "by": [],
            },
        ),
    ),
    scheduler=_ASHA,
    figures=(),
)
