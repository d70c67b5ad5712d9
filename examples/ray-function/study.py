"""The settings of train.py, compared over several seeds; train.py stays as it is.

sweepbook run study.py
"""

from sweepbook import ASHA, Fidelity, Metric, Study

STUDY = Study(
    name="digits-asha",
    question="Which learning rate and width read digits best?",
    trainable="train:train_fn",
    packages=["torch", "scikit-learn"],  # whose versions can change a number
    metric=Metric("accuracy", "max"),
    fidelity=Fidelity("epoch", "epochs"),  # train.py names no epoch: its reports are counted
    grid={"lr": [0.001, 0.01], "width": [16, 64]},
    fixed={"dropout": 0.2, "epochs": 30},
    replicates=2,
    scheduler=ASHA(grace_period=3, reduction_factor=2),
)
