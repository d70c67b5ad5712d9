"""Which learning rate does train.py need? It is run as it is: `sweepbook run study.py`."""

from sweepbook import Fidelity, Metric, Program, Study, higher

COMMAND = """
    python train.py --lr {lr} --hidden {hidden} --epochs {epochs} --seed {seed}
    --checkpoint-dir {checkpoint_dir}
"""

STUDY = Study(
    name="program",
    question="Which learning rate does train.py need?",
    trainable=Program(COMMAND, metrics="pairs"),
    metric=Metric("val_acc", "max"),
    fidelity=Fidelity("epoch", "epochs"),
    grid={"lr": [0.00001, 0.003]},
    fixed={"hidden": 32, "epochs": 15},
    replicates=2,
    packages=["torch"],
    claims=[
        higher(
            "val_acc",
            {"lr": 0.003},
            than={"lr": 0.00001},
            by=0.01,
            because="a smaller gain is not worth a search",
            statement="a learning rate of 0.003 is better than one of 0.00001",
        )
    ],
)
