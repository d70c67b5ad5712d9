"""What somebody has published about a study's question: values to stand beside its own."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MINUTES = "minutes"


@dataclass(frozen=True, kw_only=True)
class PublishedValue:
    """One published number, from a single training.

    Example:
        >>> PublishedValue(settings={"rate": 0.1}, fidelity=20, metric="val_loss", value=0.31)
        PublishedValue(settings={'rate': 0.1}, fidelity=20, metric='val_loss', value=0.31)

    Args:
        settings: the known settings of that training. It is compared with the trial that has all
            of them.
        fidelity: the step at which the value was measured, counted from 1 in the `unit` of
            `Published`.
        metric: a column of the reports; or "minutes" for the time of the whole training of one
            model, which is compared with the column single_s (seconds of one step of one model).
        value: as printed, in the unit of the metric.

    Raises:
        ValueError: when it is made, naming the field and its value.
    """

    settings: Mapping[str, Any]
    fidelity: int
    metric: str
    value: float

    def __post_init__(self) -> None:
        whole = isinstance(self.fidelity, int) and not isinstance(self.fidelity, bool)
        if not whole or self.fidelity < 1:
            raise ValueError(
                f"fidelity of a published value must be a whole number >= 1, got {self.fidelity!r}"
            )
        if not self.metric:
            raise ValueError("metric of a published value must be the name of a metric, got ''")
        if not math.isfinite(self.value):
            raise ValueError(
                f"a published value of {self.metric} must be a finite number, got {self.value!r}"
            )


@dataclass(frozen=True, kw_only=True)
class Published:
    """Published values that the report shows beside a study's results, with their source.

    Args:
        source: where they were printed, as one phrase without a full stop.
        data: name of the data set on which they were measured. On other data they are shown, but
            not judged.
        values: the numbers, in the order of the scorecard.
        usual: settings that most values share; the names of values leave them out.
        unit: the unit in which the values count their fidelity. If the study has another unit,
            the values are compared at the end of the training.
        about: what the data are, in one sentence for the report: how many rows each split has,
            and what a reader should know of them; "" for nothing.

    Raises:
        ValueError: when it is made, naming the field.
    """

    source: str
    data: str
    values: Sequence[PublishedValue]
    usual: Mapping[str, Any] = field(default_factory=dict)
    unit: str = "epoch"
    about: str = ""

    def __post_init__(self) -> None:
        for name in ("source", "data", "unit"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name} of published values must be a text that is not empty")
