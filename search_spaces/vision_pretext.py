"""The study of the pretext task: what a ResNet-18 learns from images without their labels.

Its trials are what `--weights pretext` begins with; there the learning rate is MADE_WITH, and
seed and length are the trainable's defaults.
"""

from search_spaces.packages import PACKAGES
from search_spaces.vision_options import SKIP_CORRUPT
from sweepbook import Claim, Fidelity, Metric, Study

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
        Claim(
            name="turns-are-learnt",
            statement="",
            reading="turns are told more often than by chance",
            kind="threshold",
            metric="val_acc",
            fidelity="last",
            arms=({"lr": MADE_WITH},),
            target=_CHANCE,
            smallest=0.05,
            reason="5 points above chance: less is no sign of what an image shows",
        ),
        Claim(
            name="pretext-lr",
            statement="",
            reading="the learning rate that the weights are made with is the best of the three",
            kind="winner",
            metric="val_acc",
            fidelity="last",
            arms=tuple({"lr": lr} for lr in (MADE_WITH, *_OTHERS)),
            smallest=0.001,
            reason="a tenth of a point, the last digit printed: best means best",
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
