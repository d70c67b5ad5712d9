"""A scikit-learn estimator with its data and its folds, as a frozen, checked value."""

from dataclasses import dataclass

from sweepbook.study.fields import check_fields


@dataclass(frozen=True)
class Estimator:
    """An estimator of scikit-learn that is cross-validated: each fold is a replicate.

    Args:
        make: import path of a function (config) -> estimator.
        data: import path of a function () -> (X, y).
        folds: number of folds, >= 2.

    Raises:
        ValueError: when it is made, naming the field and its value.
    """

    make: str
    data: str
    folds: int = 5

    def __post_init__(self) -> None:
        check_fields(self, "an estimator")
