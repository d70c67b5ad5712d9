"""The data of an estimator: loaded by the user's function, checked, and described by a hash."""

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.hooks import call_hook, load_object

_MOST_CLASSES = 100  # of labels that are named; whole numbers with more of them are no classes


@dataclass(frozen=True, eq=False)
class Rows:
    """What an estimator is trained and validated on.

    Args:
        x: an array, a frame, a sparse matrix or a list, one item per row.
        y: one target per row (n,).
        groups: of each row (n,); None: each stands alone.
    """

    x: Any
    y: np.ndarray[Any, Any]
    groups: np.ndarray[Any, Any] | None = None

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.y)

    def inputs(self, places: np.ndarray[Any, Any]) -> Any:
        """The inputs of some rows, as a copy."""
        if hasattr(self.x, "iloc"):
            return self.x.iloc[places]
        return self.x[places] if hasattr(self.x, "shape") else [self.x[i] for i in places]


def takes_config(path: str) -> bool:
    """Whether the function that loads the data wants the config."""
    try:
        parameters = list(inspect.signature(load_object(path)).parameters.values())
    except (TypeError, ValueError) as error:
        if isinstance(error, ValueError) and "signature" not in str(error):
            raise
        return False
    first = parameters[0] if parameters else None
    return first is not None and (
        first.name == "config"
        or (first.default is first.empty and first.kind in (0, 1))  # positional
    )


def load_rows(estimator: Estimator, config: Mapping[str, Any]) -> Rows:
    """Returns the rows that an estimator's function loads.

    Raises:
        ValueError: it fails, or what it returns cannot be cross-validated.
    """
    what = f"the estimator's data {estimator.data}"
    arguments = [dict(config)] if takes_config(estimator.data) else []
    found = call_hook("the estimator's data", estimator.data, *arguments)
    if not isinstance(found, tuple | list) or len(found) not in (2, 3):
        kind = type(found).__name__
        n = f" of {len(found)} items" if isinstance(found, tuple | list) else ""
        raise ValueError(f"{what} must return (X, y) or (X, y, groups), got a {kind}{n}")
    x, y = found[0], found[1]
    for name, value in zip(("X", "y", "groups"), found, strict=False):
        if value is not None and not (hasattr(value, "shape") or hasattr(value, "__len__")):
            raise ValueError(
                f"{what}: {name} is a {type(value).__name__}, which can be read once: return an "
                "array, as by list(...)"
            )
    rows = Rows(x, _targets(y, what), None if len(found) == 2 else _groups(found[2]))
    _check(rows, estimator, what)
    return rows


def _targets(y: Any, what: str) -> np.ndarray[Any, Any]:
    import pandas as pd

    array = np.asarray(y)
    if array.ndim == 2 and array.shape[1] == 1:
        raise ValueError(
            f"{what}: y is a column of shape {array.shape}, but must have one value per row: "
            'return y.ravel(), or of a frame one column, frame["name"]'
        )
    if array.ndim != 1:
        raise ValueError(
            f"{what}: y has the shape {array.shape}, but must have one value per row, (n,)"
        )
    missing = pd.isna(array)
    if missing.any():
        place = int(missing.argmax())
        raise ValueError(
            f"{what}: y has no value in {int(missing.sum())} of {len(array)} rows (the first is "
            f"row {place}): drop these rows in the function"
        )
    return array


def _groups(groups: Any) -> np.ndarray[Any, Any] | None:
    return None if groups is None else np.asarray(groups)


def _check(rows: Rows, estimator: Estimator, what: str) -> None:
    n_x = rows.x.shape[0] if hasattr(rows.x, "shape") else len(rows.x)
    if n_x != rows.n:
        raise ValueError(f"{what}: X has {n_x} rows and y has {rows.n}: they must belong together")
    n, noun = rows.n, "rows"
    if rows.groups is not None:
        if rows.groups.shape != (rows.n,):
            shape = rows.groups.shape
            raise ValueError(f"{what}: groups must name one group per row, ({n},), got {shape}")
        n, noun = len(np.unique(rows.groups)), "groups"
    least = estimator.folds or 2
    if n < least or not 0 < estimator.n_validated(n) < n:
        how = f"folds={estimator.folds}" if estimator.folds else f"val_share={estimator.val_share}"
        raise ValueError(f"{what}: {n} {noun} are too few for {how}")


def describe_rows(estimator: Estimator, config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the description of an estimator's data, as a study's `data` function gives it.

    Raises:
        ValueError: as `load_rows`.
    """
    rows = load_rows(estimator, config)
    n_units = rows.n if rows.groups is None else len(np.unique(rows.groups))
    n_val = estimator.n_validated(rows.n)
    labels = _labels(rows.y)
    found: dict[str, Any] = {
        "name": estimator.data,
        "path": None,
        "sha256": rows_sha256(rows),
        "rows": {"train": rows.n - n_val, "validation": n_val},
        "splits": estimator.says(),
        "paired": True,
        "overlap": estimator.overlap(n_units),
    }
    if labels:
        values, counts = np.unique(rows.y, return_counts=True)
        most = int(counts.argmax())
        largest = {"label": most, "name": labels[most], "share": float(counts[most] / rows.n)}
        found["class_names"] = {str(i): name for i, name in enumerate(labels)}
        found["card"] = {"largest_class": largest}
    return found


def _labels(y: np.ndarray[Any, Any]) -> list[str]:
    """The classes in their order, as texts; [] where the targets are numbers."""
    if y.dtype.kind in "fc":
        return []
    try:
        values = np.unique(y)
    except TypeError:  # texts and numbers together have no order
        return []
    return [str(value) for value in values] if len(values) <= _MOST_CLASSES else []


def rows_sha256(rows: Rows) -> str:
    """Returns a hash of inputs, targets and groups."""
    content = hashlib.sha256()
    for part in (rows.x, rows.y, rows.groups):
        for piece in _pieces(part):
            content.update(piece)
        content.update(b"\0")
    return content.hexdigest()


def _pieces(value: Any) -> Iterator[bytes]:
    if hasattr(value, "iloc"):
        import pandas as pd

        columns = value.columns if hasattr(value, "columns") else [value.name]
        yield f"{list(columns)} {list(map(str, np.atleast_1d(value.dtypes)))}".encode()
        yield pd.util.hash_pandas_object(value, index=False).to_numpy().tobytes()
    elif hasattr(value, "tocsr"):
        matrix = value.tocsr().sorted_indices()
        yield str(matrix.shape).encode()
        for part in (matrix.data, matrix.indices, matrix.indptr):
            yield from _pieces(part)
    else:
        yield from _of_array(np.asarray(value), lambda one: repr(one))


def _of_array(array: np.ndarray[Any, Any], text: Callable[[Any], str]) -> Iterator[bytes]:
    yield f"{array.dtype.str} {array.shape}".encode()
    if array.dtype.hasobject:
        yield json.dumps(array.tolist(), default=text).encode()
    else:
        yield np.ascontiguousarray(array).tobytes()
