"""Replicates of any net of torch, trained as one stack; importing it imports torch."""

from sweepbook.stack.replicates import seeds_of, shuffled_batches
from sweepbook.stack.stack import Stack

__all__ = ["Stack", "seeds_of", "shuffled_batches"]
