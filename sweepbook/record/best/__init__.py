"""The best model of a record: `best_of(record)`."""

from sweepbook.record.best.choice import best_of
from sweepbook.record.best.model import Best, Lineage

__all__ = ["Best", "Lineage", "best_of"]
