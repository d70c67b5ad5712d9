"""Replicates of any net of torch, trained as one stack; it imports torch, and no other room."""

from sweepbook.stack.stack import Stack

__all__ = ["Stack"]
