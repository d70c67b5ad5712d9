"""The metrics of a report to Ray, as a yielded dict has them."""

from collections.abc import Mapping
from typing import Any

from sweepbook.doors.metrics import flat_metrics
from sweepbook.doors.units import number_in
from sweepbook.record.planned import Trial
from sweepbook.study.texts import shortened

_TOLD_TO_RAY = ("done", "should_checkpoint")  # what Ray is to do, and no metrics


def row_of(metrics: Any) -> dict[str, Any]:
    """Returns metrics without what is told to Ray; {"val": {"loss": 1}} gives "val/loss".

    Raises:
        TypeError: they are no dict.
    """
    if not isinstance(metrics, Mapping):
        raise TypeError(
            f"report(...) was given a {type(metrics).__name__}, {shortened(repr(metrics), 60)}: "
            'write report({"name of a metric": value})'
        )
    return flat_metrics({k: v for k, v in metrics.items() if k not in _TOLD_TO_RAY})


def is_last(metrics: Mapping[str, Any], row: Mapping[str, Any], trial: Trial) -> bool:
    """Whether a report is the last of its trial: it says so, or the trial's whole length is done.

    What is no number is refused later.
    """
    at = number_in(row[trial.unit])
    return bool(metrics.get("done")) or (at is not None and at >= trial.max_fidelity)
