"""Which learning rate the module of digits.py needs: `sweepbook run study.py`."""

import logging

import lightning.pytorch as L
from digits import Digits, Reader

from sweepbook import Fidelity, LightningReport, Metric, Study, higher

logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)  # no tips in each trial's log


def train(config, state=None):
    """Trains the module with one seed; `state` is where a resumed training goes on."""
    trainer = L.Trainer(
        max_epochs=config["epochs"],
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    report = LightningReport(trainer, state)
    reader = Reader(config["lr"], config["width"], config["epochs"])
    trainer.fit(reader, Digits(), ckpt_path=report.ckpt_path)


STUDY = Study(
    name="lightning",
    question="Which learning rate does a small network need to read digits?",
    trainable="study:train",
    metric=Metric("val_acc", "max"),
    fidelity=Fidelity("epoch", "epochs"),
    grid={"lr": [0.001, 0.01]},
    fixed={"epochs": 30, "width": 64},
    replicates=3,
    claims=[
        higher(
            "val_acc",
            {"lr": 0.01},
            than={"lr": 0.001},
            by=0.01,
            because="a smaller gain is not worth the search",
            statement="a learning rate of 0.01 is better than one of 0.001",
        )
    ],
)
