"""Whether a record's accuracies are shares from 0 to 1, or in percent already."""

from __future__ import annotations

import pandas as pd

from sweepbook.aggregates.labels import is_share
from sweepbook.record.load import Record

_MOST = 1.5  # no share is so large; an accuracy in percent is, unless all of them are tiny


def holds_shares(record: Record, metric: str) -> bool:
    """Whether a metric is a share by its name, and its values do not show that it is in percent.

    True of a metric that the record does not have.
    """
    if not is_share(metric):
        return False
    if metric not in record.reports:
        return True
    values = pd.to_numeric(record.reports[metric], errors="coerce")
    return not (values > _MOST).any()
