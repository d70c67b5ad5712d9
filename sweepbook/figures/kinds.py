"""From a figure spec of a manifest to a drawn figure or table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from sweepbook.aggregates.labels import listing
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.trials import varying_columns
from sweepbook.figures.confirm.order import draw_order
from sweepbook.figures.confirm.pairs import draw_pairs
from sweepbook.figures.cost.ledger import draw_ledger
from sweepbook.figures.cost.per_batch import draw_per_batch
from sweepbook.figures.cost.steps import draw_steps
from sweepbook.figures.drawn import Drawn
from sweepbook.figures.models.accuracy import draw_models_accuracy
from sweepbook.figures.models.curves import draw_models_curves
from sweepbook.figures.models.quality import draw_quality
from sweepbook.figures.models.setting import draw_models_setting
from sweepbook.figures.models.table import draw_models_table
from sweepbook.figures.models.time import draw_models_time
from sweepbook.figures.search.best_trials import draw_best
from sweepbook.figures.search.contour import draw_contour
from sweepbook.figures.search.importance import draw_importance
from sweepbook.figures.search.incumbent import draw_incumbent
from sweepbook.figures.search.isolation import draw_isolation
from sweepbook.figures.search.parallel import draw_parallel
from sweepbook.figures.search.rungs import draw_rungs
from sweepbook.figures.search.slices import draw_slices
from sweepbook.figures.trials.against import draw_against
from sweepbook.figures.trials.class_accuracy import draw_class_accuracy
from sweepbook.figures.trials.curves import draw_curves
from sweepbook.figures.trials.extremes import draw_extremes
from sweepbook.figures.trials.panels import draw_panels
from sweepbook.figures.trials.table import draw_table
from sweepbook.record.load import CONFIG, Record
from sweepbook.record.planned import SearchPlan
from sweepbook.study.errors import told
from sweepbook.study.hooks import load_object

Kind = Callable[[Spec, Record], Drawn]
KINDS: dict[str, Kind] = {
    "curves": draw_curves,
    "panels": draw_panels,
    "extremes": draw_extremes,
    "against": draw_against,
    "steps": draw_steps,
    "per_batch": draw_per_batch,
    "table": draw_table,
    "class_accuracy": draw_class_accuracy,
    "ledger": draw_ledger,
    "incumbent": draw_incumbent,
    "rungs": draw_rungs,
    "best_trials": draw_best,
    "isolation": draw_isolation,
    "importance": draw_importance,
    "slices": draw_slices,
    "contour": draw_contour,
    "parallel": draw_parallel,
    "order": draw_order,
    "pairs": draw_pairs,
    "models_table": draw_models_table,
    "models_accuracy": draw_models_accuracy,
    "models_setting": draw_models_setting,
    "models_curves": draw_models_curves,
    "models_time": draw_models_time,
    "quality": draw_quality,
}
_NEEDED: dict[str, list[str]] = {
    **dict.fromkeys(("curves", "panels", "extremes", "table"), ["metrics"]),
    "against": ["metrics", "x"],
    **dict.fromkeys(("models_table", "models_accuracy", "models_time"), ["models"]),
    **dict.fromkeys(("quality",), ["models"]),
    "models_setting": ["models", "x"],
    "models_curves": ["models", "metrics", "x"],
}


def draw(spec: Spec, record: Record, allowed: Collection[str] = ()) -> Drawn:
    """Draw one figure spec of `record`.

    allowed: the import paths of kinds that may be imported, as `sweepbook.figures.own` finds them
    for a record; nothing else that a record names is ever imported.

    Raises:
        NothingToDraw: the kind is unknown, of another project or cannot be imported, the spec
            lacks a key, or no trial or report fits it; says which. A report prints that sentence
            in the figure's place.
    """
    kind = spec.get("kind")
    if isinstance(kind, str) and ":" in kind:
        return _draw_own(kind, spec, record, allowed)
    if kind not in KINDS:
        raise NothingToDraw(f"unknown kind {kind!r}; known are {listing(list(KINDS), most=30)}")
    needed = ["name", *_NEEDED.get(str(kind), [])]
    missing = [key for key in needed if not spec.get(key)]
    if missing:
        raise NothingToDraw(f"a figure of kind {kind!r} needs {listing(missing)}")
    return KINDS[kind](spec, record)


def _draw_own(path: str, spec: Spec, record: Record, allowed: Collection[str]) -> Drawn:
    if path not in allowed:
        project = record.manifest.project
        whose = f"project {project}" if project else "the study's own project"
        raise NothingToDraw(
            f"a figure of {whose}; write the report there, or name its folder with --project"
        )
    try:
        draw_own: Kind = load_object(path)
        drawn = draw_own(spec, record)
    except NothingToDraw:
        raise
    except (Exception, SystemExit) as error:  # whatever the project's code raises
        raise NothingToDraw(told(error)) from error
    if not isinstance(drawn, Drawn):
        raise NothingToDraw(
            f"{path} must return what drawn_of gives, got a {type(drawn).__name__}"
        )
    return drawn


def specs_of(record: Record) -> Sequence[Spec]:
    """The manifest's figure specs; without any, curves and a table of the metric.

    A search has figures of its own, after those that are declared; so has a confirmation of one,
    before them.
    """
    declared = [dict(spec) for spec in record.manifest.study.figures]
    search = record.manifest.search
    if search is not None:
        return [*declared, *_of_search(record, search)]
    if record.manifest.confirms is not None:
        return [*_of_confirmation(record), *declared]
    if declared:
        return declared
    by = [name.removeprefix(CONFIG) for name in varying_columns(record.trials)]
    shared = {"metrics": [record.metric], "by": by}
    titles = {"curves": "Curves of all trials", "table": "Last values of all trials"}
    return [
        {"kind": kind, "name": f"{record.study}-{kind}", "title": title, **shared}
        for kind, title in titles.items()
    ]


def _of_confirmation(record: Record) -> list[Spec]:
    """The order of the winners, where there are several, and what tells them apart."""
    confirms = record.manifest.confirms
    if confirms is None or len(confirms.trials) < 2:
        return []
    titles = {"order": "The winners in their order", "pairs": "Which differences hold"}
    return [
        {"kind": kind, "name": f"{record.study}-{kind}", "title": title}
        for kind, title in titles.items()
    ]


def _of_search(record: Record, search: SearchPlan) -> list[Spec]:
    """What is drawn of every search, as far as it can hold anything."""
    numeric = [d for d in search.space.values() if d["kind"] != "choice"]
    titles = {
        "best_trials": "The best trials",
        "incumbent": "Best value so far",
        "rungs": "What happened at the rungs",
        "isolation": "Best value for each value in question, all else free",
        "importance": "How much each setting matters",
        "slices": "Each open setting",
        "contour": "Two settings together",
        "parallel": "All settings together",
    }
    kept = {
        "rungs": record.manifest.study.scheduler is not None,
        "isolation": len(search.cells) > 1 or bool(search.scientific),
        "contour": len(numeric) > 1,
    }
    return [
        {"kind": kind, "name": f"{record.study}-{kind.replace('_', '-')}", "title": title}
        for kind, title in titles.items()
        if kept.get(kind, True)
    ]
