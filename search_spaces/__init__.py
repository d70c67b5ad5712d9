"""The studies: what to ask. `STUDIES` maps the name of each study to its value."""

from search_spaces.leak import LEAK
from search_spaces.mlp_nets import ARCHITECTURE, DEEP_GRADIENTS, IMPLICIT
from search_spaces.mlp_training import BATCH_NORM, BATCH_SIZE, EPOCHS, LEARNING_RATE
from search_spaces.tuned import TUNED_ARCHITECTURE, TUNED_MLP
from search_spaces.variance import VARIANCE
from search_spaces.vision import VISION_BASELINES
from search_spaces.vision_pretext import PRETEXT
from search_spaces.vision_tuned import VISION_TUNED
from sweepbook import Study

STUDIES: dict[str, Study] = {
    study.name: study
    for study in (
        LEARNING_RATE,
        EPOCHS,
        BATCH_NORM,
        BATCH_SIZE,
        ARCHITECTURE,
        DEEP_GRADIENTS,
        IMPLICIT,
        LEAK,
        VARIANCE,
        TUNED_ARCHITECTURE,
        TUNED_MLP,
        VISION_BASELINES,
        PRETEXT,
        VISION_TUNED,
    )
}

__all__ = ["STUDIES"]
