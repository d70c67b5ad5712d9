"""GPUs: trials that wait for one, and memory that was too small."""

import re
from collections.abc import Sequence

# torch's own error; CUDA's or a library's where other processes leave too little for these
_OUT_OF_MEMORY = re.compile(
    r"^torch\.(cuda\.)?OutOfMemoryError\b"
    r"|^(torch\.AcceleratorError|RuntimeError): "
    r"(CUDA (error: )?out of memory|CUDA error: CUBLAS_STATUS_ALLOC_FAILED"
    r"|cuDNN error: CUDNN_STATUS_ALLOC_FAILED)",
    re.MULTILINE,
)


def missing_gpus(needs: Sequence[tuple[float, float]], there: float) -> str | None:
    """Returns a note for trials that wait until a cluster has more GPUs, or None.

    Args:
        needs: the CPUs and GPUs of each trial.
    """
    waiting = [gpus for _, gpus in needs if gpus > there]
    if not waiting:
        return None
    return (
        f"{len(waiting)} trials need up to {max(waiting):g} GPU each, but the cluster has "
        f"{there:g} now: they wait until it has more"
    )


def is_out_of_memory(error: str) -> bool:
    """Whether the last attempt in an error's text ended because a GPU's memory was full."""
    return _OUT_OF_MEMORY.search(error.rpartition("Failure # ")[2]) is not None
