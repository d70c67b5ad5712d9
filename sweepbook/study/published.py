"""What somebody has published about a study's question: values to stand beside its own."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MINUTES = "minutes"


@dataclass(frozen=True, kw_only=True)
class PublishedValue:
    """One number as printed, of a single training.

    Args:
        settings: all that is known of that training; a trial is about the same where it has
            every one of them.
        fidelity: the step that the value is of, counted from 1 in the `unit` of `Published`.
        metric: a column of the reports; or "minutes", of the whole training of one model on its
            own, which stands beside the column single_s (seconds of one step of such a model).
        value: as printed, in the metric's own unit.

    Raises:
        ValueError: at construction, naming the field and its value.
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
    """The published values of a study, with their source.

    Args:
        source: where they were printed, as one phrase without a full stop.
        data: name of the data set that they are of; on other data they are shown, not judged.
        values: in the order in which a scorecard lists them.
        usual: settings that are the same unless said; a value's name leaves them out.
        unit: what the values' fidelities count. Where the study counts something else, they are
            of whole trainings.

    Raises:
        ValueError: at construction, naming the field.
    """

    source: str
    data: str
    values: Sequence[PublishedValue]
    usual: Mapping[str, Any] = field(default_factory=dict)
    unit: str = "epoch"

    def __post_init__(self) -> None:
        for name in ("source", "data", "unit"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name} of published values must be a text that is not empty")
