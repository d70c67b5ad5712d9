"""Replicates of any net of torch, trained as one stack; importing it imports torch."""

from sweepbook.stack.losses import cross_entropy
from sweepbook.stack.replicates import seeds_of, shuffled_batches
from sweepbook.stack.stack import Stack

__all__ = ["Stack", "cross_entropy", "seeds_of", "shuffled_batches"]
