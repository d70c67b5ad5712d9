"""Read a record into pandas frames, from a folder or from a store.

from analysis.load import load_record
trials, reports = load_record("records/batch-norm")
"""

from sweepbook import load_record

__all__ = ["load_record"]
