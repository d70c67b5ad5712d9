"""The rows that a replicate trains on, and those that it is validated on.

They depend on the study's seed and the number of the replicate alone, so all configs share them.
"""

from typing import Any

import numpy as np

from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.forms.rows import Rows

_KEY = 0x0F01D  # apart from the seeds of the replicates, which are of the same study seed

Places = np.ndarray[Any, Any]


def split_rows(
    estimator: Estimator, rows: Rows, is_classifier: bool, seed: int, replicate: int
) -> tuple[Places, Places]:
    """Returns the places of the rows to train on, and of those to validate on.

    Args:
        seed: of the study.
        replicate: fold r % folds of repetition r // folds, or random split r.

    Raises:
        ValueError: scikit-learn cannot split them so.
    """
    folds = estimator.folds or 1
    repetition, fold = divmod(replicate, folds)
    sequence = np.random.SeedSequence(seed, spawn_key=(_KEY, repetition))
    splitter = _splitter(estimator, rows, is_classifier, int(sequence.generate_state(1)[0] >> 1))
    places = np.zeros(rows.n)  # the inputs do not matter
    train, val = list(splitter.split(places, rows.y, rows.groups))[fold]
    return np.asarray(train), np.asarray(val)


def is_stratified(estimator: Estimator, rows: Rows, is_classifier: bool) -> bool:
    """Whether each side of a split has the same shares of the classes."""
    if estimator.stratified is not None:
        return estimator.stratified
    return is_classifier and (estimator.folds is not None or rows.groups is None)


def _splitter(estimator: Estimator, rows: Rows, is_classifier: bool, seed: int) -> Any:
    from sklearn import model_selection as of

    by_class, by_group = is_stratified(estimator, rows, is_classifier), rows.groups is not None
    if estimator.folds:
        kinds = {
            (False, False): of.KFold,
            (True, False): of.StratifiedKFold,
            (False, True): of.GroupKFold,
            (True, True): of.StratifiedGroupKFold,
        }
        return kinds[by_class, by_group](estimator.folds, shuffle=True, random_state=seed)
    if by_class and by_group:
        raise ValueError(
            "random splits of groups cannot be stratified: write folds=N in place of splits, or "
            "leave stratified out"
        )
    one = of.GroupShuffleSplit if by_group else of.ShuffleSplit
    one = of.StratifiedShuffleSplit if by_class else one
    return one(n_splits=1, test_size=estimator.val_share, random_state=seed)
