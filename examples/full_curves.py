"""Full-length curves of a small grid: what `sweepbook replay` puts through ASHA afterwards.

sweepbook run examples/full_curves.py
sweepbook replay records/full-curves
"""

from sweepbook import Fidelity, Metric, Study

FULL_CURVES = Study(
    name="full-curves",
    question="Which learning rate, encoding and batch norm learn the countries of Europe best?",
    trainable="trainables.mlp:train_mlp",
    stacked=True,
    data="trainables.mlp:describe_data",
    cost="trainables.mlp:trial_cost_s",
    metric=Metric("val_loss", "min"),
    fidelity=Fidelity("epoch", "epochs"),
    grid={
        "lr": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1),
        "batch_norm": (False, True),
        "encoding": ("raw", "sines"),
    },
    fixed={"epochs": 27, "batch_size": 512},
    replicates=3,
)
