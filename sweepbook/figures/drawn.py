"""What a figure spec turns into, and the published values beside its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sweepbook.aggregates.labels import listing
from sweepbook.aggregates.nothing import Spec
from sweepbook.aggregates.published import published_points
from sweepbook.figures.arms import Arms
from sweepbook.figures.texts import write_plainly
from sweepbook.record.load import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Drawn:
    """A figure or table with its caption and the very numbers that it shows.

    notes: how to read it, for who looks closer; the caption has what every reader must know.
    figure is None for a table; cells (texts, ready to print) is None for a figure; photographs:
    it shows photographs, whose colours a palette would spoil.
    """

    name: str
    title: str
    caption: str
    numbers: pd.DataFrame
    figure: Figure | None = None
    cells: pd.DataFrame | None = None
    alt: str = ""
    photographs: bool = False
    notes: str = ""


def drawn_of(
    spec: Spec,
    sentences: Sequence[str],
    numbers: pd.DataFrame,
    *,
    figure: Figure | None = None,
    cells: pd.DataFrame | None = None,
    shows: Sequence[str] = (),
    alt: str = "",
    photographs: bool = False,
    notes: Sequence[str] = (),
) -> Drawn:
    """What a kind has drawn of a spec, with its title, its caption and its text for the blind.

    The figure's texts are made plain. The caption is the non-empty of `sentences`: one of at most
    25 words on what is particular to this figure, then what changes its meaning, such as a trial
    that diverged; then `spec["note"]`, words that the study itself wants there, and what was
    changed in long or foreign texts. What holds for every figure is `captions.reading_figures`.
    shows: names of the trials or models in the picture, for the alternative text; alt: what that
    text says instead, after the title. notes: sentences on how to read it, for who looks closer.
    """
    name, title = str(spec["name"]), title_of(spec)
    of_texts = write_plainly(figure) if figure is not None else []
    said = [*sentences, str(spec.get("note") or ""), *of_texts]
    if figure is not None and not alt:
        names = f": {listing(shows, most=8)}" if shows else ""
        alt = f"{names}; the CSV beside it has all {len(numbers)} rows."
    return Drawn(
        name=name,
        title=title,
        caption=" ".join(sentence for sentence in said if sentence),
        notes=" ".join(sentence for sentence in notes if sentence),
        numbers=numbers,
        figure=figure,
        cells=cells,
        alt=title + alt if figure is not None else "",
        photographs=photographs,
    )


def title_of(spec: Spec) -> str:
    """The title of a figure: as its spec says, or its name."""
    return str(spec.get("title", spec["name"]))


def with_published(table: pd.DataFrame, record: Record, arms: Arms) -> pd.DataFrame:
    """`table` with a column published: the printed value of that trial, metric and fidelity."""
    points = published_points(record, arms.trials)
    keys = ["trial_id", "metric", record.unit]
    points = points.drop_duplicates(keys).rename(columns={"value": "published"})
    points = points.astype({record.unit: table[record.unit].dtype}) if len(points) else points
    if points.empty:
        return table.assign(published=float("nan"))
    return table.merge(points, on=keys, how="left")


def published_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of `table` that have a published value, as line, metric, x, value."""
    rows = table[table["published"].notna()]
    return rows.rename(columns={"published": "value"})[["line", "metric", "x", "value"]]


def csv_numbers(table: pd.DataFrame, arms: Arms, unit: str) -> pd.DataFrame:
    """The columns of `table` that its CSV keeps, identity first; drawing helpers go."""
    first = ["trial_id", *arms.columns, "status", "metric", unit]
    first = [name for name in first if name in table]
    rest = [name for name in table if name not in (*first, "line", "x")]
    kept = table[[*first, *rest]]
    optional = ("published", "single_seconds", "replicate_")
    idle = [name for name in rest if str(name).startswith(optional)]
    return kept.drop(columns=[name for name in idle if kept[name].isna().all()])


def without_replicates(table: pd.DataFrame) -> pd.DataFrame:
    """`table` without the columns of single replicates."""
    return table[[name for name in table if not str(name).startswith("replicate_")]]
