"""Metrics that are reported as nested dicts, with the flat names that a record has."""

from collections.abc import Mapping
from typing import Any


def flat_metrics(metrics: Mapping[Any, Any]) -> dict[Any, Any]:
    """Returns nested metrics as flat ones, as Ray Tune does it.

    Example:
        >>> flat_metrics({"epoch": 1, "val": {"loss": 0.5}})
        {'epoch': 1, 'val/loss': 0.5}
    """
    return dict(_flat(metrics))


def _flat(metrics: Mapping[Any, Any], before: str = "") -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    for key, value in metrics.items():
        name = f"{before}{key}" if before else key
        found += _flat(value, f"{name}/") if isinstance(value, dict) else [(name, value)]
    return found
