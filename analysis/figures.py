"""From a figure spec of a manifest to a drawn figure or table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analysis.aggregate import varying_columns
from analysis.drawn import Drawn, NothingToDraw, Spec
from analysis.figures_curves import draw_curves, draw_extremes, draw_panels
from analysis.figures_gradients import draw_gradient_layers, draw_gradient_steps
from analysis.figures_ledger import draw_ledger
from analysis.figures_maps import draw_class_accuracy, draw_error_map, draw_map
from analysis.figures_points import draw_against, draw_per_batch, draw_steps
from analysis.figures_table import draw_table
from analysis.labels import listing
from analysis.load import CONFIG, Record

KINDS: dict[str, Callable[[Spec, Record], Drawn]] = {
    "curves": draw_curves,
    "panels": draw_panels,
    "extremes": draw_extremes,
    "against": draw_against,
    "steps": draw_steps,
    "per_batch": draw_per_batch,
    "table": draw_table,
    "gradient_layers": draw_gradient_layers,
    "gradient_steps": draw_gradient_steps,
    "map": draw_map,
    "error_map": draw_error_map,
    "class_accuracy": draw_class_accuracy,
    "ledger": draw_ledger,
}
_WITH_METRICS = ("curves", "panels", "extremes", "against", "table")


def draw(spec: Spec, record: Record) -> Drawn:
    """Draw one figure spec of `record`.

    Raises:
        NothingToDraw: the kind is unknown, the spec lacks a key, or no trial or report fits it;
            says which. A report prints that sentence in the figure's place.
    """
    kind = spec.get("kind")
    if kind not in KINDS:
        raise NothingToDraw(f"unknown kind {kind!r}; known are {listing(list(KINDS), most=20)}")
    needed = ["name", *(["metrics"] if kind in _WITH_METRICS else [])]
    needed += ["x"] if kind == "against" else []
    missing = [key for key in needed if not spec.get(key)]
    if missing:
        raise NothingToDraw(f"a figure of kind {kind!r} needs {listing(missing)}")
    return KINDS[kind](spec, record)


def specs_of(record: Record) -> Sequence[Spec]:
    """The manifest's figure specs; without any, curves and a table of the metric."""
    declared = record.manifest["study"].get("figures")
    if declared:
        return [dict(spec) for spec in declared]
    by = [name.removeprefix(CONFIG) for name in varying_columns(record.trials)]
    shared = {"metrics": [record.metric], "by": by}
    return [
        {"kind": "curves", "name": f"{record.study}-curves", "title": "All trials", **shared},
        {"kind": "table", "name": f"{record.study}-table", "title": "All trials", **shared},
    ]
