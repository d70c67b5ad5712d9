"""What tests compare of the dicts that an image trainable yields."""

from io import BytesIO
from typing import Any

import torch


def numbers(step: dict[str, Any]) -> dict[str, Any]:
    """What does not depend on the clock."""
    return {k: v for k, v in step.items() if k not in ("time_s", "times") and not callable(v)}


def through_a_file(state: Any) -> Any:
    """The state as it comes back from a checkpoint file."""
    file = BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)
