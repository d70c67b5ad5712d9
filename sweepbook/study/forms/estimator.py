"""A scikit-learn estimator with its data and its folds, as a frozen, checked value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sweepbook.study.fields import check_fields

_FOLDS, _SHARE = 5, 0.2  # unless something is said
_SKLEARN = "scikit-learn"  # whose version can change the numbers


@dataclass(frozen=True)
class Estimator:
    """An estimator of scikit-learn that is cross-validated: each fold is a replicate.

    The study's metric is "val_" and the name of a scorer of scikit-learn, such as
    Metric("val_accuracy", "max"). Every config has the same splits.

    Example:
        >>> Estimator("my_study:make_pipeline", data="my_study:load", folds=10).n_replicates
        10

    Args:
        make: import path of a function (config) -> an estimator or a Pipeline.
        data: import path of a function () or (config) -> (X, y) or (X, y, groups). Rows of one
            group are never on both sides of a split.
        folds: number of folds, >= 2. 2 * folds replicates are folds of two shuffles, and so on.
            None: 5, unless `splits` is given.
        splits: number of random splits, >= 2, in place of folds; each is a replicate.
        val_share: share of the rows that a random split validates on. None: 0.2.
        stratified: whether each side of a split has the same shares of the classes. None: yes for
            a classifier, except in random splits of groups.
        scoring: names of further scorers; each gives a column "val_" and its name.
        train_scores: whether the rows that were trained on are scored, too: columns "train_".

    Raises:
        ValueError: when it is made, naming the field and its value.
    """

    make: str
    data: str
    folds: int | None = None
    splits: int | None = None
    val_share: float | None = None
    stratified: bool | None = None
    scoring: Sequence[str] = ()
    train_scores: bool = False

    def __post_init__(self) -> None:
        check_fields(self, "an estimator")
        object.__setattr__(self, "scoring", tuple(self.scoring))
        if self.folds is not None and self.splits is not None:
            raise ValueError(
                f"an estimator has folds={self.folds} or splits={self.splits}, not both: leave "
                "one of them out"
            )
        if self.splits is None and self.folds is None:
            object.__setattr__(self, "folds", _FOLDS)
        for what in ("folds", "splits"):
            value = getattr(self, what)
            if value is not None and value < 2:
                raise ValueError(f"{what} of an estimator must be >= 2, got {value}")
        if self.splits is None and self.val_share is not None:
            raise ValueError(
                f"val_share={self.val_share} is of random splits, and an estimator has "
                f"folds={self.folds}: write splits=N in place of folds, or leave val_share out"
            )
        if self.splits is not None:
            share = _SHARE if self.val_share is None else self.val_share
            object.__setattr__(self, "val_share", share)
            if not 0 < share < 1:
                raise ValueError(
                    f"val_share of an estimator must lie between 0 and 1, got {share}: write 0.2 "
                    "for a fifth of the rows"
                )

    @property
    def n_replicates(self) -> int:
        """How many replicates a study has where it does not say: one per fold, or split."""
        return self.folds or self.splits or _FOLDS

    def check_replicates(self, n: int) -> None:
        """Checks that so many replicates are whole repetitions of the folds.

        Raises:
            ValueError: they are not.
        """
        if self.folds and n % self.folds:
            less = n // self.folds * self.folds
            near = f"{less} or {less + self.folds}" if less else str(self.folds)
            raise ValueError(
                f"replicates must be a multiple of folds={self.folds}, because each is a fold, "
                f"got {n}: write {near}, or another number of folds"
            )
        if n < 2:
            raise ValueError(
                f"replicates must be at least 2 where each is a split of the data, got {n}"
            )

    def n_validated(self, n: int) -> int:
        """How many of n rows, or groups, a replicate is validated on; of folds, the most."""
        if self.folds:
            return -(-n // self.folds)
        return -int(-n * (self.val_share or _SHARE) // 1)

    def overlap(self, n: int) -> float:
        """n_test / n_train of n rows, or groups: how much the replicates have in common."""
        if self.folds:
            return 1 / (self.folds - 1)
        n_val = self.n_validated(n)
        return n_val / max(n - n_val, 1)

    def says(self) -> str:
        """How the data are split, as a phrase."""
        if self.folds:
            return f"{self.folds} folds of one data set"
        return f"random splits of one data set, {100 * (self.val_share or _SHARE):g} % to validate"


def follow_estimator(study: Any, estimator: Estimator, fidelity: Any) -> None:
    """Sets the fields of a study that follow from its estimator, while the study is made.

    Args:
        fidelity: that of an estimator that is fitted once.

    Raises:
        ValueError: a field does not go with an estimator.
    """
    own = {"fidelity": fidelity, "replicates": estimator.n_replicates}
    for what, value in own.items():
        if getattr(study, what) is None:
            object.__setattr__(study, what, value)
    if not isinstance(study.packages, str) and _SKLEARN not in study.packages:
        object.__setattr__(study, "packages", [*study.packages, _SKLEARN])
    for what in ("data", "single", "stacked"):
        if getattr(study, what):
            raise ValueError(
                f"study {study.name} has {what}={getattr(study, what)!r}, which does not go with "
                f"an Estimator, whose data, folds and replicates say all of it: leave {what} out"
            )
    if isinstance(study.replicates, int):
        estimator.check_replicates(study.replicates)
