"""Replicates of any net of torch, trained as one stack; importing it imports torch."""

from importlib.util import find_spec

if find_spec("torch") is None:
    raise ModuleNotFoundError("sweepbook.stack needs torch: pip install torch", name="torch")

from sweepbook.stack.losses import cross_entropy
from sweepbook.stack.replicates import seeds_of, shuffled_batches
from sweepbook.stack.stack import Stack

__all__ = ["Stack", "cross_entropy", "seeds_of", "shuffled_batches"]
