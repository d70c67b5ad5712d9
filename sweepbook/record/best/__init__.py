"""The best model of a record, `best_of`, and the state of an exported one, `read_state`."""

from sweepbook.record.best.choice import best_of
from sweepbook.record.best.files import read_state, state_file
from sweepbook.record.best.model import Best, Lineage

__all__ = ["Best", "Lineage", "best_of", "read_state", "state_file"]
