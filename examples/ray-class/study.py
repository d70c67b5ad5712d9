"""The settings of waves.py, compared over several seeds; waves.py stays as it is.

sweepbook run study.py
"""

from sweepbook import Fidelity, Metric, Study, higher

STUDY = Study(
    name="waves",
    question="Which learning rate and size of the network predict the waves best?",
    trainable="waves:Forecaster",
    packages=["torch"],  # whose version can change a number
    metric=Metric("val_loss", "min"),
    fidelity=Fidelity("training_iteration", "steps"),  # the steps of the class are counted
    grid={"lr": [0.001, 0.01], "hidden": [4, 16]},
    fixed={"length": 25, "steps": 15},
    replicates=3,
    claims=[
        higher(
            "val_loss",
            {"hidden": 4, "lr": 0.01},
            than={"hidden": 16, "lr": 0.01},
            by=0.005,
            because="a smaller gain is not worth the time",
            statement="16 hidden units predict better than 4",
        )
    ],
)
