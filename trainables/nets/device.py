"""Where a network trains."""

import torch


def check_gpu(device: str) -> None:
    """Raises ValueError where a GPU is asked for and there is none."""
    if device != "cpu" and not torch.cuda.is_available():
        raise ValueError(f"device {device!r} asked for, but no GPU is available: use 'cpu'")
