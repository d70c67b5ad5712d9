"""The studies of images: real or fake, five models at five learning rates.

`val_acc` decides, and not `val_loss`: accuracy is what the published statements rank, and the
loss of an over-confident net says more about its last layer's scale than about its mistakes.
There is no early stopping here: whether a learning rate recovers late is part of the question.
"""

from typing import Any

from analysis.published import ANSWERS, PUBLISHED
from search_spaces.packages import PACKAGES
from search_spaces.vision_claims import (
    BASELINES_CLAIMS,
    CONVERGED,
    KNOWN_FILES,
    LEARNING_RATES,
    SOURCES,
    XGBOOST,
)
from search_spaces.vision_options import SKIP_CORRUPT, WEIGHTS
from sweepbook import Fidelity, Metric, Study

NETS = ("resnet18-scratch", "resnet18-probe", "resnet18-finetune")

# What the figures call a model. One that starts from weights is a model of its own for each
# source of them.
_SOURCE: dict[str, Any] = {"split": "weights", "names": SOURCES}
MODELS: tuple[dict[str, Any], ...] = (
    {"label": "ResNet-18 from scratch", "where": {"model": "resnet18-scratch"}},
    {"label": "ResNet-18 fine-tuned", "where": {"model": "resnet18-finetune"}, **_SOURCE},
    {"label": "ResNet-18 probe", "where": {"model": "resnet18-probe"}, **_SOURCE},
    {
        "label": "logistic probe, converged",
        "where": {"model": "logistic-probe", "max_iter": CONVERGED},
        **_SOURCE,
    },
    {
        "label": "logistic probe, 1 iteration",
        "where": {"model": "logistic-probe", "max_iter": 1},
        **_SOURCE,
    },
    {"label": "XGBoost", "where": XGBOOST},
)

WORDS = {
    "pretext": "A task without labels, how far an image is turned, from which a net gets weights.",
    "probe": "A classifier on top of a net whose weights stay as they are.",
    "eval": "One evaluation of the model; an epoch has several.",
}

VISION_BASELINES = Study(
    name="vision-baselines",
    question="Real or fake: which model, at which learning rate?",
    trainable="trainables.vision:train_vision",
    data="trainables.vision:describe_data",
    cost="trainables.vision:trial_cost_s",
    metric=Metric("val_acc", "max"),
    fidelity=Fidelity("eval", "epochs", count="trainables.vision:n_evals"),
    single="trainables.vision:one_replicate",
    points=(
        *({"model": model, "lr": lr} for model in NETS for lr in LEARNING_RATES),
        *({"model": "logistic-probe", "max_iter": n} for n in (CONVERGED, 1)),
        {"model": "xgboost"},
    ),
    packages=PACKAGES,
    replicates=3,
    claims=BASELINES_CLAIMS,
    claims_of="search_spaces.vision_claims:claims_of_weights",
    known_files=KNOWN_FILES,
    options=(WEIGHTS, SKIP_CORRUPT),
    artifacts={"pictures": "analysis.figures.picture_data:picture_table"},
    published=PUBLISHED["vision-baselines"],
    answers=ANSWERS["vision-baselines"],
    words=WORDS,
    figures=(
        {
            "kind": "models_table",
            "name": "vision-accuracy-table",
            "title": "Test accuracy of each model at its best learning rate",
            "models": MODELS,
            "settings": ["lr"],
        },
        {
            "kind": "models_accuracy",
            "name": "vision-accuracy",
            "title": "Test accuracy beside the published values",
            "models": MODELS,
            "settings": ["lr"],
        },
        {
            "kind": "models_setting",
            "name": "vision-learning-rate",
            "title": "Accuracy against the learning rate",
            "models": MODELS,
            "x": "lr",
            "log_x": True,
        },
        {
            "kind": "models_curves",
            "name": "vision-curves",
            "title": "Within the epoch, each model at its best learning rate",
            "models": MODELS,
            "x": "epoch",
            "metrics": ["train_loss", "val_loss", "val_acc"],
        },
        {
            "kind": "models_curves",
            "name": "vision-curves-lr",
            "title": "Within the epoch, every learning rate",
            "models": MODELS,
            "x": "epoch",
            "by": "lr",
            "metrics": ["val_acc"],
        },
        {
            "kind": "curves",
            "name": "vision-boosting",
            "title": "XGBoost round by round",
            "where": XGBOOST,
            "metrics": ["train_loss", "val_loss", "test_loss"],
            "overlay": True,
        },
        {
            "kind": "analysis.figures.pictures:draw_pictures",
            "name": "vision-five",
            "title": "Five images that the best model gets right and the worst wrong",
            "models": MODELS,
            "count": 5,
        },
        {
            "kind": "analysis.figures.pictures:draw_pictures",
            "name": "vision-sheet",
            "title": "More images that the best model gets right and the worst wrong",
            "models": MODELS,
            "count": 40,
        },
        {
            "kind": "quality",
            "name": "vision-quality",
            "title": "Confusion and calibration of the best and the worst model",
            "models": MODELS,
        },
        {
            "kind": "models_time",
            "name": "vision-time",
            "title": "What an accuracy costs in seconds",
            "models": MODELS,
            "note": "What is made once per machine (decoded images, features of a frozen body, "
            "pretext weights) is not among them.",
        },
    ),
)
