"""Claims of the MLP studies: every statement of the published report, and what decides it.

The smallest differences were set before any result was seen. A claim's statement is the
published sentence, word for word.
"""

from collections.abc import Mapping

from search_spaces.mlp_net_claims import (
    ARCHITECTURE_CLAIMS,
    DEEP_GRADIENTS_CLAIMS,
    IMPLICIT_CLAIMS,
)
from search_spaces.mlp_training_claims import (
    BATCH_NORM_CLAIMS,
    BATCH_SIZE_CLAIMS,
    EPOCHS_CLAIMS,
    LEARNING_RATE_CLAIMS,
)
from sweepbook import Claim

CLAIMS: Mapping[str, tuple[Claim, ...]] = {
    "learning-rate": LEARNING_RATE_CLAIMS,
    "epochs": EPOCHS_CLAIMS,
    "batch-norm": BATCH_NORM_CLAIMS,
    "batch-size": BATCH_SIZE_CLAIMS,
    "architecture": ARCHITECTURE_CLAIMS,
    "deep-gradients": DEEP_GRADIENTS_CLAIMS,
    "implicit": IMPLICIT_CLAIMS,
}
