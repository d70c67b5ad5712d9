"""Ours beside its peers, measured in one go on one machine: `python -m benchmarks`."""
