"""How wide the hidden layer of digits.py has to be, by cross-validation."""

from digits import build_pipeline, load_images

from sweepbook import Estimator, Fidelity, Metric, Study, higher


def make(config):
    return build_pipeline(hidden=config["hidden"], learning_rate=config["learning_rate"])


def load():
    return load_images()


STUDY = Study(
    name="cross-validation",
    question="How wide must the hidden layer be?",
    trainable=Estimator("study:make", data="study:load", folds=5, scoring=["neg_log_loss"]),
    metric=Metric("val_accuracy", "max"),
    fidelity=Fidelity("epoch", "epochs"),  # each step is a partial_fit of the net
    grid={"hidden": [4, 16, 32]},
    fixed={"epochs": 20, "learning_rate": 0.003},
    figures=[
        {
            "kind": "curves",
            "name": "digits-accuracy",
            "metrics": ["val_accuracy"],
            "by": ["hidden"],
        }
    ],
    claims=[
        higher(
            "val_accuracy",
            {"hidden": 32},
            than={"hidden": 16},
            by=0.01,
            because="less than one digit in a hundred is not worth the larger net",
            statement="32 hidden units are better than 16",
        )
    ],
)
