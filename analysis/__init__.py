"""The exercise's analysis: one script per study, and the figures that are the exercise's alone.

A script is run from the project's folder (`python analysis/batch_norm.py RECORD [OUT]`) and writes
the same tables as `sweepbook report`; it shows how such an analysis is written.
"""
