"""What transformers' Trainer keeps: its checkpoint, and what belongs to the process."""

import contextlib
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sweepbook.doors.folders import Files, pack, temporary_place

_NEEDLESS = "training_args.bin"  # a pickle of objects, which no resume reads


def files_of(trainer: Any) -> Files:
    """Returns the Trainer's own checkpoint: name of a file -> its content."""
    args, best = trainer.args, trainer.state.best_model_checkpoint
    with tempfile.TemporaryDirectory(dir=temporary_place()) as folder:
        ours = {"output_dir": folder, "push_to_hub": False, "save_only_model": False}
        theirs = {name: getattr(args, name) for name in ours}
        try:
            for name, value in ours.items():
                setattr(args, name, value)
            with _without_bars():
                trainer._save_checkpoint(trainer.model, None)
        finally:
            for name, value in theirs.items():
                setattr(args, name, value)
            trainer.state.best_model_checkpoint = best
        (made,) = Path(folder).iterdir()
        kept = pack(made)
    kept.pop(_NEEDLESS, None)
    return kept


@contextlib.contextmanager
def _without_bars() -> Iterator[None]:
    """Has transformers draw no bars of its progress."""
    from transformers.utils import logging

    draws = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if draws:
            logging.enable_progress_bar()


def global_randoms() -> tuple[Any, ...]:
    """Returns the global random numbers, to be compared."""
    import torch

    _, keys, *rest = np.random.get_state()  # noqa: NPY002  # the global one is what is meant
    numbers = torch.get_rng_state().numpy().tobytes()
    return random.getstate(), np.asarray(keys).tobytes(), tuple(rest), numbers
