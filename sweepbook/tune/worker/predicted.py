"""The predictions that a trainable gives, checked: what is no good fails the trial by its name."""

from collections.abc import Mapping
from typing import Any

import numpy as np

ARRAYS = ("row_id", "label", "predicted", "probability")
_CLASSES = np.iinfo(np.int16)  # as a record keeps them


def checked_predictions(given: Any, *, stacked: bool) -> dict[str, Any]:
    """Returns predictions as arrays of one shape, (n,) or in a stack (K, n).

    Raises:
        TypeError, ValueError: naming what is wrong, and the right form.
    """
    missing = [k for k in ("split", *ARRAYS) if not isinstance(given, Mapping) or k not in given]
    if missing:
        what = f"a {type(given).__name__}" if len(missing) > len(ARRAYS) else "a dict"
        raise TypeError(
            f"'predictions' gave {what} without {', '.join(map(repr, missing))}: it must give a "
            f"dict with 'split', a text, and the arrays {', '.join(map(repr, ARRAYS))}"
        )
    arrays = {key: _array(key, given[key]) for key in ARRAYS}
    shape = arrays["row_id"].shape
    form = "(replicates, examples)" if stacked else "(examples,)"
    for key, array in arrays.items():
        if array.shape != shape or len(shape) != (2 if stacked else 1):
            raise ValueError(
                f"'predictions' gave {key!r} of shape {array.shape}, where 'row_id' is of shape "
                f"{shape}: all four arrays must be of one shape, {form}"
            )
    for key in ("label", "predicted"):
        _check_classes(key, arrays[key])
    if arrays["probability"].dtype.kind not in "fiu":
        raise TypeError(
            "'predictions' gave 'probability' that is no array of numbers: give that of the "
            "predicted class, or NaN where there is none"
        )
    return {"split": given["split"], **arrays}


def _array(key: str, value: Any) -> np.ndarray[Any, Any]:
    """An array of numpy; a tensor may have gradients and lie on a GPU."""
    value = value.detach().cpu() if hasattr(value, "detach") else value
    try:
        return np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"'predictions' gave {key!r} that is no array: {error}") from error


def _check_classes(key: str, array: np.ndarray[Any, Any]) -> None:
    is_whole = array.dtype.kind in "iub" or (
        array.dtype.kind == "f" and bool(np.all(array == np.round(array)))
    )
    if not is_whole:
        some = array.reshape(-1)[:1].tolist()
        raise TypeError(
            f"'predictions' gave {key!r} with {some[0] if some else 'no value'!r}: classes are "
            "whole numbers from 0; give the number of each class"
        )
    if array.size and not _CLASSES.min <= array.min() <= array.max() <= _CLASSES.max:
        raise ValueError(
            f"'predictions' gave {key!r} with {array.max()}: classes are numbers up to "
            f"{_CLASSES.max}"
        )
