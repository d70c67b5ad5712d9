"""The study of the pretext task: what a ResNet-18 learns from images without their labels.

Its trials are what `--weights pretext` begins with; there the learning rate is MADE_WITH, and
seed and length are the trainable's defaults.
"""

from search_spaces.packages import PACKAGES
from search_spaces.vision_options import SKIP_CORRUPT
from sweepbook import Fidelity, Metric, Study, best, higher

MADE_WITH = 0.001  # the learning rate of the weights that the other image studies start from
_OTHERS = (0.01, 0.0001)
_CHANCE = 0.25  # four turns

PRETEXT = Study(
    name="pretext",
    question="Does a ResNet-18 learn to tell how an image is turned, and at which learning rate?",
    trainable="trainables.pretext:train_pretext",
    data="trainables.pretext:describe_data",
    cost="trainables.pretext:trial_cost_s",
    metric=Metric("val_acc", "max"),
    fidelity=Fidelity("eval", "evals"),
    grid={"lr": (0.01, MADE_WITH, 0.0001)},
    packages=PACKAGES,
    replicates=3,
    options=(SKIP_CORRUPT,),
    claims=(
        higher(
            "val_acc",
            {"lr": MADE_WITH},
            than=_CHANCE,
            by=0.05,
            because="5 points above chance: less is no sign of what an image shows",
            name="turns-are-learnt",
            title="Turns are learnt",
            reading="turns are told more often than by chance",
            fidelity="last",
        ),
        best(
            "val_acc",
            {"lr": MADE_WITH},
            among=tuple({"lr": lr} for lr in _OTHERS),
            by=0.001,
            because="a tenth of a point, the last digit printed: best means best",
            name="pretext-lr",
            title="lr of the weights best",
            reading="the learning rate that the weights are made with is the best of the three",
            fidelity="last",
        ),
    ),
    figures=(
        {
            "kind": "curves",
            "name": "pretext-accuracy",
            "title": "How often the turn is told, of four",
            "metrics": ["val_acc"],
            "by": ["lr"],
        },
        {
            "kind": "table",
            "name": "pretext-table",
            "title": "Turns told at the end of pretraining",
            "metrics": ["train_acc", "val_acc", "test_acc", "val_loss"],
            "by": ["lr"],
            "at": ["last"],
        },
    ),
)
