"""Names for people: settings, metrics and numbers as captions, legends and cells show them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.record.load import CONFIG
from sweepbook.study.settings import SHARES
from sweepbook.study.texts import count as count
from sweepbook.study.texts import visible

_SPLITS = {"train": "training", "val": "validation", "test": "test"}
_QUANTITIES = {"loss": "loss", "acc": "accuracy"}


def metric_name(metric: str) -> str:
    """`val_acc` -> "validation accuracy"; a name of another form with spaces for underscores.

    >>> metric_name("val_acc"), metric_name("test_acc_clean"), metric_name("rmse")
    ('validation accuracy', 'test accuracy (clean)', 'rmse')
    >>> metric_name("acc"), metric_name("top_acc")
    ('accuracy', 'top accuracy')
    """
    parts = [part for part in metric.split("_") if part] or [metric]
    if parts[0] in _SPLITS and len(parts) > 1:
        words = [_QUANTITIES.get(part, part) for part in parts[1:]]
        if words[-1] == "clean" and len(words) > 1:
            words = [*words[:-1], "(clean)"]
        if words[0] == "eval" and len(words) > 1:
            words = [*words[1:], "(evaluation mode)"]
        return visible(" ".join([_SPLITS[parts[0]], *words]))
    if parts[-1] == "acc":
        return visible(" ".join([*parts[:-1], "accuracy"]))
    return visible(_words(metric))


def test_twin(metric: str) -> str | None:
    """The test metric that goes with a validation metric; None of another one.

    >>> test_twin("val_acc"), test_twin("rmse")
    ('test_acc', None)
    """
    return f"test_{metric.removeprefix('val_')}" if metric.startswith("val_") else None


def quantity_name(metrics: Sequence[str], units: dict[str, str] | None = None) -> str:
    """Axis label that `metrics` share: their common quantity, with its unit where one is known.

    `units` maps a metric to its unit, as in a figure spec.
    """
    unit = {(units or {}).get(metric, "") for metric in metrics}
    if all(is_share(metric) for metric in metrics):
        unit = {"share correct"}
    tails = {metric.split("_", 1)[-1].removeprefix("eval_") for metric in metrics}
    tails = {tail.removesuffix("_clean") for tail in tails}
    name = metric_name(metrics[0]) if len(metrics) == 1 else "value"
    if len(metrics) > 1 and len(tails) == 1:
        tail = next(iter(tails))
        name = _QUANTITIES.get(tail, _words(tail))
    only = next(iter(unit)) if len(unit) == 1 else ""
    return f"{name} ({only})" if only else name


def is_share(metric: str) -> bool:
    """Whether the metric is a share in 0..1 (accuracies are)."""
    return metric.endswith(SHARES)


def better(metric: str, mode: str | None = None) -> str:
    """ "min" or "max": `mode` if given, else "min" for losses and errors and "max" for others."""
    if mode in ("min", "max"):
        return str(mode)
    return "min" if any(word in metric for word in ("loss", "error", "rmse", "mae")) else "max"


def setting_name(column: str) -> str:
    """`config/batch_norm` -> "batch norm".

    >>> setting_name("config/pca__n_components")
    'pca n components'
    """
    return visible(_words(column.removeprefix(CONFIG)))


def _words(name: str) -> str:
    """A name with one blank for its underscores, however many stand together."""
    return re.sub("_+", " ", name).strip() or name


def setting_value(value: Any) -> str:
    """A setting as text: True is "on", 1e-05 is "0.00001", a missing one is "none"."""
    if isinstance(value, bool | np.bool_):
        return "on" if value else "off"
    if value is None or value is pd.NA or value != value:
        return "none"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        plain = np.format_float_positional(float(value), precision=4, fractional=False, trim="-")
        return plain if len(plain) <= 9 else f"{float(value):.3g}"
    return visible(value)


def arm_labels(trials: pd.DataFrame, columns: Sequence[str]) -> pd.Series[str]:
    """One label per trial, by trial_id: "depth 6, width 16"; without columns "this config".

    A setting that a trial has not got is left out, as long as the labels still differ.
    """
    rows = trials.to_dict("records")
    pairs = [[(setting_name(name), setting_value(row[name])) for name in columns] for row in rows]
    short = [", ".join(f"{n} {v}" for n, v in own if v != "none") for own in pairs]
    full = [", ".join(f"{n} {v}" for n, v in own) for own in pairs]
    texts = short if len(set(short)) == len(set(full)) and all(short) else full
    labels = pd.Series(texts, index=trials["trial_id"].to_numpy(), dtype="str")
    return labels.mask(labels == "", "this config")


def sorted_trials(trials: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """`trials` in the order that a reader expects: by `columns`, numbers by value, then by id."""
    return trials.sort_values([*columns, "trial_id"], key=_sort_key, ignore_index=True)


def _sort_key(column: pd.Series[Any]) -> pd.Series[Any]:
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers if numbers.notna().all() else column.map(setting_value)


def told_apart(texts: Sequence[str], names: Sequence[str]) -> list[str]:
    """The texts, each with its name behind it where another one is the same.

    >>> told_apart(["best", "worst", "best"], ["loss", "worst", "accuracy"])
    ['best (loss)', 'worst', 'best (accuracy)']
    """
    twice = {text for text in texts if texts.count(text) > 1}
    pairs = zip(texts, names, strict=True)
    return [f"{text} ({name})" if text in twice else text for text, name in pairs]


def number(value: Any, digits: int = 4) -> str:
    """A number with `digits` significant digits, never in a form like 1e-05 for 0.00001..99999.

    >>> number(0.94512), number(1234567.0), number(12.0), number(float("nan"))
    ('0.9451', '1.235e+06', '12', '–')
    """
    if value is None or value is pd.NA or value != value:
        return "–"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if not np.isfinite(value):
        return "∞" if value > 0 else "-∞"
    if value == 0:
        return "0"
    if not 1e-5 <= abs(value) < 1e5:
        return f"{value:.{digits - 1}e}"
    return str(
        np.format_float_positional(float(value), precision=digits, fractional=False, trim="-")
    )


def with_half_width(mean: float, low: float, high: float) -> str:
    """ "0.9451 ± 0.0021": the mean rounded to the half width's second digit.

    >>> with_half_width(0.94512, 0.943, 0.94724), with_half_width(0.94512, *2 * [float("nan")])
    ('0.9451 ± 0.0021', '0.9451')
    """
    half = (high - low) / 2
    if mean != mean or half != half or not np.isfinite(half):
        return number(mean)
    if half == 0:
        return f"{number(mean)} ± 0"
    places = max(0, 1 - int(np.floor(np.log10(half))))
    if places > 6 or half >= 1e5:
        return f"{mean:.4g} ± {half:.2g}"
    return f"{mean:.{places}f} ± {half:.{places}f}"


def listing(items: Sequence[str], most: int = 6) -> str:
    """ "a, b and c"; beyond `most` items "a, b, ... and 7 more". Items
    with a comma inside are set apart by semicolons.

    >>> listing(["a", "b", "c"]), listing(list("abcd"), most=2)
    ('a, b and c', 'a, b and 2 more')
    """
    items = list(items)
    comma = "; " if any(", " in item for item in items) else ", "
    if len(items) > most:
        return f"{comma.join(items[:most])} and {len(items) - most} more"
    if len(items) < 2:
        return "".join(items)
    return f"{comma.join(items[:-1])} and {items[-1]}"
