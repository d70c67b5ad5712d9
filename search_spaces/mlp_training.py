"""The studies of training: learning rate, epochs, batch norm, batch size."""

from search_spaces.mlp_study import ACCURACIES, LOSSES, SHOWN_EPOCHS, mlp_study

LEARNING_RATE = mlp_study(
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
            "title": "Learning rates at the end",
            "metrics": [*LOSSES, *ACCURACIES],
            "by": ["lr"],
            "at": ["last"],
        },
    ),
)

EPOCHS = mlp_study(
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

BATCH_NORM = mlp_study(
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

BATCH_SIZE = mlp_study(
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
            "title": "Batch sizes at the end",
            "metrics": [*ACCURACIES, *LOSSES],
            "by": ["batch_norm", "batch_size"],
            "at": ["last"],
        },
    ),
)
