"""Figures and tables of claims that were decided look by look."""
