"""Replicates that a trial got in batches, one after the other."""
