"""What the kinds that draw metrics of trials share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from sweepbook.aggregates.curves import curve_table
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import captions
from sweepbook.figures.arms import Arms, with_arms
from sweepbook.figures.drawn import Drawn, csv_numbers, drawn_of, with_published
from sweepbook.record.load import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def curves_of(record: Record, metrics: Sequence[str], arms: Arms) -> pd.DataFrame:
    """`curve_table` of some trials.

    Raises:
        NothingToDraw: the reports have no such metric, or no row of these trials.
    """
    try:
        table = curve_table(record, metrics, arms.trials)
    except ValueError as error:
        raise NothingToDraw(str(error)) from error
    if table.empty:
        raise NothingToDraw(f"no report holds {', '.join(metrics)}")
    return table


def curve_frame(record: Record, spec: Spec, arms: Arms) -> pd.DataFrame:
    """What lines against fidelity are drawn of: `curves_of` with line, x, status, published."""
    table = curves_of(record, spec["metrics"], arms)
    return with_published(with_arms(table, arms, record.unit), record, arms)


def metrics_in(table: pd.DataFrame, metrics: Sequence[str]) -> list[str]:
    """The metrics of which `table` has rows, in their order."""
    known = set(table["metric"])
    return [metric for metric in metrics if metric in known]


def drawn_values(rows: pd.DataFrame) -> Any:
    """All values that lines and diamonds stand at, without the bounds of bands."""
    names = [n for n in rows if n in ("mean", "published") or str(n).startswith("replicate_")]
    return rows[names].to_numpy(dtype="float64")


def drawn_curves(
    spec: Spec, record: Record, arms: Arms, table: pd.DataFrame, figure: Figure, how: str
) -> Drawn:
    """The figure with its caption: `how`, and which trials did not reach their end."""
    sentences = [how, captions.endings_sentence(table, arms, record.unit)]
    numbers = csv_numbers(table, arms, record.unit)
    return drawn_of(spec, sentences, numbers, figure=figure, shows=arms.names)
