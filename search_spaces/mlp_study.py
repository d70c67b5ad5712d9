"""What all MLP studies share: longitude and latitude to a European country."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.published import ANSWERS, PUBLISHED
from search_spaces.mlp_claims import CLAIMS
from search_spaces.packages import PACKAGES
from sweepbook import Fidelity, Fused, Metric, Study

LOSSES = ("train_loss", "val_loss", "test_loss")
ACCURACIES = ("train_acc", "val_acc", "test_acc")
VAL_LOSS = Metric("val_loss", "min")
FUSED = Fused(
    train="trainables.mlp:train_mlp_stack",
    per_model=("lr", "weight_decay", "clip_norm"),  # as trainables.mlp.PER_MODEL: a test
    size="trainables.mlp:stack_size",
)
SHOWN_EPOCHS = (1, 5, 10, 20, 50, 100)


def mlp_study(
    name: str,
    question: str,
    figures: Sequence[Mapping[str, Any]],
    metric: Metric = VAL_LOSS,
    **rest: Any,
) -> Study:
    """Returns a study of the MLP trainable, with all that is declared under its name."""
    return Study(
        name=name,
        question=question,
        trainable="trainables.mlp:train_mlp",
        data="trainables.mlp:describe_data",
        cost="trainables.mlp:trial_cost_s",
        metric=metric,
        fidelity=Fidelity("epoch", "epochs"),
        packages=PACKAGES,
        stacked=True,
        fused=FUSED,
        fuse=True,
        extendable=True,  # nothing in the training depends on how many epochs are to come
        figures=figures,
        claims=CLAIMS.get(name, ()),
        published=PUBLISHED.get(name),
        answers=ANSWERS.get(name, ""),
        **rest,
    )
