"""The search on images: the fine-tuned ResNet-18 at its best settings."""

from typing import Any

from search_spaces.packages import PACKAGES
from search_spaces.vision_options import SKIP_CORRUPT, WEIGHTS
from sweepbook import ASHA, Fidelity, Metric, Search, Study


def finetuning_space() -> dict[str, Any]:
    """What is open: the step, the penalty, the augmentation, and how much of the body is left."""
    from ray import tune

    return {
        "lr": tune.loguniform(1e-5, 1e-1),
        "weight_decay": tune.loguniform(1e-6, 1e-1),
        "augment": tune.choice(["none", "flip", "crop", "flip+crop"]),
        "frozen_depth": tune.randint(0, 6),  # 6 is excluded; 5: the last layer alone is trained
    }


_METRICS = ["val_acc", "test_acc"]

VISION_TUNED = Study(
    name="vision-tuned",
    question="What does fine-tuning ResNet-18 reach when it is tuned?",
    trainable="trainables.vision:train_vision",
    data="trainables.vision:describe_data",
    cost="trainables.vision:trial_cost_s",
    metric=Metric("val_acc", "max"),
    fidelity=Fidelity("eval", "epochs", count="trainables.vision:n_evals"),
    fixed={"model": "resnet18-finetune", "epochs": 3, "evals_per_epoch": 4},
    packages=PACKAGES,
    replicates=1,
    options=(WEIGHTS, SKIP_CORRUPT),
    search=Search(
        space="search_spaces.vision_tuned:finetuning_space",
        n_trials=24,
        n_random=5,
        scientific=("frozen_depth",),
        # as in vision-baselines: the best found is at least the untuned net
        points=[{"lr": 0.001, "weight_decay": 1e-6, "augment": "none", "frozen_depth": 0}],
        confirm_figures=(
            {
                "kind": "curves",
                "name": "vision-tuned-curves",
                "title": "Accuracy of the best fine-tuned ResNet-18",
                "metrics": _METRICS,
                "by": [],
                "overlay": True,
            },
            {
                "kind": "table",
                "name": "vision-tuned-table",
                "title": "The best fine-tuned ResNet-18 at the last evaluation",
                "metrics": _METRICS,
                "by": [],
                "at": ["last"],
            },
        ),
    ),
    scheduler=ASHA(grace_period=2, reduction_factor=3),  # first after half an epoch
    figures=(),
)
