"""`load_record` where it was first published; new code imports it from `sweepbook`."""

from sweepbook import load_record

__all__ = ["load_record"]
