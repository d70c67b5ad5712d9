"""Which learning rate the Trainer of order.py needs: `sweepbook run study.py`."""

from order import make_trainer

from sweepbook import Fidelity, Metric, Study, TransformersReport, higher


def train(config, state=None):
    """Trains a model with one seed; `state` is where a resumed training goes on."""
    trainer = make_trainer(config["lr"], config["epochs"], config["layers"], config["seed"])
    report = TransformersReport(trainer, state)
    trainer.train(resume_from_checkpoint=report.checkpoint)


STUDY = Study(
    name="transformers",
    question="Which learning rate does a tiny BERT need to see which word comes first?",
    trainable="study:train",
    metric=Metric("eval_accuracy", "max"),
    fidelity=Fidelity("eval", "epochs"),  # the Trainer evaluates once per epoch
    grid={"lr": [0.0003, 0.003]},
    fixed={"epochs": 8, "layers": 1},
    replicates=2,
    claims=[
        higher(
            "eval_accuracy",
            {"lr": 0.003},
            than={"lr": 0.0003},
            by=0.02,
            because="a smaller gain is not worth the search",
            statement="a learning rate of 0.003 is better than one of 0.0003",
        )
    ],
)
