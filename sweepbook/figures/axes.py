"""Scales, limits and ticks of one Axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sweepbook.aggregates.labels import setting_value
from sweepbook.figures.lines import finite_range

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis


AUTO_LOG = 15.0  # largest / smallest value from which a linear axis would hide the small ones
_MARGIN = 0.04
_MOST_VALUE_TICKS = 9
_MOST_DECADES = 7  # ticks of a long log axis
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_DECADES = (1, 2, 3, 5, 10, 20, 50, 100, 200)  # of which every so many gets a tick


def scale_y(axes: Sequence[Axes], values: Any, *, log: bool | None, share: bool = False) -> None:
    """One y range on all `axes` that holds every finite value, with readable ticks.

    log: True or False decides, None takes a log axis where the largest value is more than 15
    times the smallest. Values <= 0 cannot be on a log axis and force a linear one. Bands do not
    widen the range: one wide interval would flatten all lines.
    """
    span = finite_range(values)
    if span is None:
        return
    low, high = span
    if low <= 0 or share and log is None:
        log = False
    use_log = high / low > AUTO_LOG if log is None else log
    for ax in axes:
        if use_log:
            ax.set_yscale("log")
            room = (high / low) ** _MARGIN if high > low else 1.1
            ax.set_ylim(low / room, high * room)
            log_ticks(ax.yaxis, low / room, high * room)
        else:
            room = (high - low) * _MARGIN or abs(high) * _MARGIN or 1.0
            bottom = max(low - room, 0.0) if low >= 0 else low - room
            ax.set_ylim(bottom, high + room)


def scale_fidelity(ax: Axes, last: float, unit: str, *, log: bool = False) -> None:
    """x axis of epochs or rounds: from 1 to `last`, whole numbers as ticks."""
    from matplotlib.ticker import MaxNLocator

    ax.set_xlabel(unit)
    if log and last > 1:
        ax.set_xscale("log")
        ax.set_xlim(0.93, last * 1.08)
        log_ticks(ax.xaxis, 1.0, last)
        return
    room = max(last * 0.015, 0.1) if last > 1 else 0.5
    ax.set_xlim(-room if last > 20 else 1 - room, last + room)
    if last <= _MOST_VALUE_TICKS:
        _fixed_ticks(ax.xaxis, range(1, int(last) + 1), [str(i) for i in range(1, int(last) + 1)])
    else:
        steps = [1, 2, 2.5, 5, 10]
        ax.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, steps=steps, min_n_ticks=1))


def scale_values(ax: Axes, values: Sequence[float], label: str, *, log: bool = False) -> None:
    """x axis of a numeric setting: a tick at each value tried, as long as they can be read."""
    from matplotlib.ticker import MaxNLocator

    shown = sorted(set(values))
    ax.set_xlabel(label)
    if log and shown[0] > 0:
        ax.set_xscale("log")
        ratio = (shown[-1] / shown[0]) ** 0.06 if len(shown) > 1 else 1.5
        ax.set_xlim(shown[0] / ratio, shown[-1] * ratio)
    else:
        room = (shown[-1] - shown[0]) * 0.06 or 0.5
        ax.set_xlim(shown[0] - room, shown[-1] + room)
    if len(shown) <= _MOST_VALUE_TICKS and _far_apart(shown, log):
        _fixed_ticks(ax.xaxis, shown, [setting_value(v) for v in shown])
    elif log and shown[0] > 0:
        log_ticks(ax.xaxis, shown[0], shown[-1])
    elif all(float(v).is_integer() for v in shown):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def scale_categories(ax: Axes, names: Sequence[str], label: str) -> None:
    """x axis of names, at 0, 1, ..."""
    ax.set_xlabel(label)
    ax.set_xlim(-0.5, len(names) - 0.5)
    _fixed_ticks(ax.xaxis, list(range(len(names))), list(names))
    if max((len(line) for name in names for line in name.split("\n")), default=0) > 12:
        for text in ax.get_xticklabels():
            text.set(rotation=20, ha="right")


def log_ticks(axis: Axis, low: float, high: float) -> None:
    """Ticks of a log axis at 1, 2, 5 times powers of ten; on long axes at some of the powers."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    span = math.log10(high / low)
    steps: tuple[int, ...] = (1, 2, 5) if span < 2.0 else (1, 3) if span < 3.5 else (1,)
    if span < 0.5:
        steps = tuple(range(1, 10))
    stride = next(s for s in _DECADES if (last - first) / s <= _MOST_DECADES)
    powers = [d for d in range(first, last + 1) if d % stride == 0]
    ticks = [s * 10.0**d for d in powers for s in steps]
    ticks = [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001]
    _fixed_ticks(axis, ticks, [_power(tick) for tick in ticks])


def _power(tick: float) -> str:
    """0.0001 to 100000 as they are, powers of ten beyond as 10 with an exponent."""
    exponent = round(math.log10(tick))
    if -5 < exponent < 6 or not math.isclose(tick, 10.0**exponent, rel_tol=1e-9):
        return f"{tick:.6g}"
    return "10" + str(exponent).translate(_RAISED)


def _far_apart(values: Sequence[float], log: bool) -> bool:
    """Whether labels at `values` would stay clear of each other on an axis of the page."""
    places = np.log(values) if log and values[0] > 0 else np.asarray(values, dtype="float64")
    if len(places) < 2:
        return True
    return bool(np.diff(places).min() / (places[-1] - places[0]) > 0.055)


def _fixed_ticks(axis: Axis, places: Sequence[float], texts: Sequence[str]) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    names = {f"{place:.9g}": text for place, text in zip(places, texts, strict=True)}
    axis.set_major_locator(FixedLocator(list(places)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda x, _: names.get(f"{x:.9g}", "")))
