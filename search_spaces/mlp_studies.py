"""The MLP studies: longitude and latitude to a European country."""

from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.mlp_claims import CLAIMS
from search_spaces.study import Fidelity, Metric, Study

LOSSES = ("train_loss", "val_loss", "test_loss")
ACCURACIES = ("train_acc", "val_acc", "test_acc")
SHOWN_EPOCHS = (1, 5, 10, 20, 50, 100)


def _study(name: str, question: str, figures: Sequence[Mapping[str, Any]], **rest: Any) -> Study:
    return Study(
        name=name,
        question=question,
        trainable="trainables.mlp:train_mlp",
        data="trainables.mlp:describe_data",
        cost="trainables.mlp:trial_cost_s",
        metric=Metric("val_loss", "min"),
        fidelity=Fidelity("epoch", "epochs"),
        stacked=True,
        figures=figures,
        claims=CLAIMS.get(name, ()),
        **rest,
    )


LEARNING_RATE = _study(
    "learning-rate",
    "What does a too high or a too low learning rate do?",
    grid={"lr": (1.0, 0.01, 0.001, 0.00001)},
    fixed={"epochs": 50},
    figures=(
        {
            "kind": "curves",
            "name": "learning-rate-val-loss",
            "title": "Validation loss by learning rate",
            "metrics": ["val_loss"],
            "by": ["lr"],
        },
        {
            "kind": "table",
            "name": "learning-rate-table",
            "title": "Learning rates at the last epoch",
            "metrics": [*LOSSES, *ACCURACIES],
            "by": ["lr"],
            "at": ["last"],
        },
    ),
)

EPOCHS = _study(
    "epochs",
    "How many epochs does the net need, and does it overfit?",
    fixed={"epochs": 100},
    figures=(
        {
            "kind": "curves",
            "name": "epochs-loss",
            "title": "Loss over the epochs",
            "metrics": list(LOSSES),
            "by": [],
            "overlay": True,
        },
        {
            "kind": "curves",
            "name": "epochs-accuracy",
            "title": "Accuracy over the epochs",
            "metrics": list(ACCURACIES),
            "by": [],
            "overlay": True,
        },
        {
            "kind": "table",
            "name": "epochs-table",
            "title": "Losses and accuracies at the shown epochs",
            "metrics": [*LOSSES, *ACCURACIES],
            "by": [],
            "at": list(SHOWN_EPOCHS),
        },
    ),
)

BATCH_NORM = _study(
    "batch-norm",
    "Does batch normalisation help, and how fast?",
    grid={"batch_norm": (False, True)},
    fixed={"epochs": 100},
    figures=(
        {
            "kind": "curves",
            "name": "batch-norm-curves",
            "title": "With and without batch norm",
            "metrics": ["val_loss", "val_acc"],
            "by": ["batch_norm"],
        },
        {
            "kind": "table",
            "name": "batch-norm-table",
            "title": "With and without batch norm at the shown epochs",
            "metrics": [*ACCURACIES, *LOSSES],
            "by": ["batch_norm"],
            "at": [1, 10, 20, 50, 100],
        },
    ),
)

BATCH_SIZES = {1: 1, 16: 10, 128: 50, 1024: 50}  # batch size -> epochs, as published

BATCH_SIZE = _study(
    "batch-size",
    "Which batch size, at what price in steps and time?",
    # one row has no variance, so batch size 1 is tried without batch norm only
    points=[
        {"batch_norm": norm, "batch_size": size, "epochs": epochs}
        for norm in (False, True)
        for size, epochs in BATCH_SIZES.items()
        if size > 1 or not norm
    ],
    fixed={"batch_losses": True, "time_single": True},
    figures=(
        {
            "kind": "curves",
            "name": "batch-size-accuracy",
            "title": "Validation accuracy by batch size, without batch norm",
            "metrics": ["val_acc"],
            "by": ["batch_size"],
            "where": {"batch_norm": False},
        },
        {
            "kind": "curves",
            "name": "batch-size-accuracy-batch-norm",
            "title": "Validation accuracy by batch size, with batch norm",
            "metrics": ["val_acc"],
            "by": ["batch_size"],
            "where": {"batch_norm": True},
        },
        {
            "kind": "steps",
            "name": "batch-size-steps",
            "title": "Optimizer steps and seconds per epoch",
            "by": ["batch_size"],
            "where": {"batch_norm": False},
        },
        {
            "kind": "per_batch",
            "name": "batch-size-loss-per-batch",
            "title": "Training loss of each batch, without batch norm",
            "by": ["batch_size"],
            "where": {"batch_norm": False},
        },
        {
            "kind": "table",
            "name": "batch-size-table",
            "title": "Batch sizes at the last epoch",
            "metrics": [*ACCURACIES, *LOSSES],
            "by": ["batch_norm", "batch_size"],
            "at": ["last"],
        },
    ),
)

ARCHITECTURES = (  # depth, width, epochs, as published
    (1, 16, 30),
    (2, 16, 40),
    (6, 16, 50),
    (10, 16, 150),
    (6, 8, 100),
    (6, 32, 200),
    (6, 64, 200),
)

ARCHITECTURE = _study(
    "architecture",
    "Which depth and width are best, and which worst?",
    points=[{"depth": d, "width": w, "epochs": e} for d, w, e in ARCHITECTURES],
    fixed={"batch_norm": True},
    figures=(
        {
            "kind": "panels",
            "name": "architecture-loss",
            "title": "Loss of every architecture",
            "metrics": list(LOSSES),
            "by": ["depth", "width"],
        },
        {
            "kind": "panels",
            "name": "architecture-accuracy",
            "title": "Accuracy of every architecture",
            "metrics": list(ACCURACIES),
            "by": ["depth", "width"],
        },
        {
            "kind": "against",
            "name": "architecture-depth",
            "title": "Accuracy against depth, at width 16",
            "x": "depth",
            "metrics": list(ACCURACIES),
            "where": {"width": 16},
        },
        {
            "kind": "against",
            "name": "architecture-width",
            "title": "Accuracy against width, at depth 6",
            "x": "width",
            "metrics": list(ACCURACIES),
            "where": {"depth": 6},
            "log_x": True,
        },
        {
            "kind": "extremes",
            "name": "architecture-extremes",
            "title": "The best and the worst architecture",
            "metrics": list(LOSSES),
            "select": "val_acc",
        },
        {
            "kind": "table",
            "name": "architecture-table",
            "title": "Architectures at the last epoch",
            "metrics": [*ACCURACIES, *LOSSES],
            "by": ["depth", "width"],
            "at": ["last"],
        },
    ),
)

MLP_STUDIES = (LEARNING_RATE, EPOCHS, BATCH_NORM, BATCH_SIZE, ARCHITECTURE)
