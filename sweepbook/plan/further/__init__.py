"""Trials that a record gets beside its own: longer, more replicates, or trained anew."""
