"""From a figure spec of a manifest to a drawn figure or table."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sweepbook.aggregates.labels import listing, metric_name, setting_name
from sweepbook.aggregates.nothing import FigureFailed, NothingToDraw, Spec
from sweepbook.aggregates.trials import varying_columns
from sweepbook.figures.confirm.order import ORDER, draw_order
from sweepbook.figures.confirm.pairs import PAIRS, draw_pairs
from sweepbook.figures.cost.ledger import LEDGER, draw_ledger
from sweepbook.figures.cost.per_batch import PER_BATCH, draw_per_batch
from sweepbook.figures.cost.steps import STEPS, draw_steps
from sweepbook.figures.drawn import Drawn
from sweepbook.figures.keys import OPTIONAL_OF_ALL, REQUIRED_OF_ALL, Keys
from sweepbook.figures.models.accuracy import MODELS_ACCURACY, draw_models_accuracy
from sweepbook.figures.models.curves import MODELS_CURVES, draw_models_curves
from sweepbook.figures.models.quality import QUALITY, draw_quality
from sweepbook.figures.models.setting import MODELS_SETTING, draw_models_setting
from sweepbook.figures.models.table import MODELS_TABLE, draw_models_table
from sweepbook.figures.models.time import MODELS_TIME, draw_models_time
from sweepbook.figures.search.best_trials import BEST_TRIALS, draw_best
from sweepbook.figures.search.contour import CONTOUR, draw_contour
from sweepbook.figures.search.importance import IMPORTANCE, draw_importance
from sweepbook.figures.search.incumbent import INCUMBENT, draw_incumbent
from sweepbook.figures.search.isolation import ISOLATION, draw_isolation
from sweepbook.figures.search.parallel import PARALLEL, draw_parallel
from sweepbook.figures.search.rungs import RUNGS, draw_rungs
from sweepbook.figures.search.slices import SLICES, draw_slices
from sweepbook.figures.trials.against import AGAINST, draw_against
from sweepbook.figures.trials.class_accuracy import CLASS_ACCURACY, draw_class_accuracy
from sweepbook.figures.trials.components import COMPONENTS, draw_components
from sweepbook.figures.trials.curves import CURVES, draw_curves
from sweepbook.figures.trials.extremes import EXTREMES, draw_extremes
from sweepbook.figures.trials.panels import PANELS, draw_panels
from sweepbook.figures.trials.table import TABLE, draw_table
from sweepbook.record.load import CONFIG, Record
from sweepbook.record.planned import SearchPlan
from sweepbook.study.errors import told
from sweepbook.study.hooks import load_object
from sweepbook.study.texts import visible

Kind = Callable[[Spec, Record], Drawn]
_DECLARED: dict[str, tuple[Kind, Keys]] = {
    "curves": (draw_curves, CURVES),
    "panels": (draw_panels, PANELS),
    "extremes": (draw_extremes, EXTREMES),
    "against": (draw_against, AGAINST),
    "steps": (draw_steps, STEPS),
    "per_batch": (draw_per_batch, PER_BATCH),
    "table": (draw_table, TABLE),
    "class_accuracy": (draw_class_accuracy, CLASS_ACCURACY),
    "components": (draw_components, COMPONENTS),
    "ledger": (draw_ledger, LEDGER),
    "incumbent": (draw_incumbent, INCUMBENT),
    "rungs": (draw_rungs, RUNGS),
    "best_trials": (draw_best, BEST_TRIALS),
    "isolation": (draw_isolation, ISOLATION),
    "importance": (draw_importance, IMPORTANCE),
    "slices": (draw_slices, SLICES),
    "contour": (draw_contour, CONTOUR),
    "parallel": (draw_parallel, PARALLEL),
    "order": (draw_order, ORDER),
    "pairs": (draw_pairs, PAIRS),
    "models_table": (draw_models_table, MODELS_TABLE),
    "models_accuracy": (draw_models_accuracy, MODELS_ACCURACY),
    "models_setting": (draw_models_setting, MODELS_SETTING),
    "models_curves": (draw_models_curves, MODELS_CURVES),
    "models_time": (draw_models_time, MODELS_TIME),
    "quality": (draw_quality, QUALITY),
}
KINDS: dict[str, Kind] = {kind: draw_kind for kind, (draw_kind, _) in _DECLARED.items()}
KEYS: dict[str, Keys] = {kind: keys for kind, (_, keys) in _DECLARED.items()}


def unknown_keys(spec: Mapping[str, Any]) -> list[str]:
    """Sentences about the keys that a figure's kind does not have, with the nearest one.

    spec: of one of the KINDS; a kind of one's own may have any keys.
    """
    keys = KEYS[str(spec["kind"])]
    known = [*REQUIRED_OF_ALL, *keys.required, *keys.optional, *OPTIONAL_OF_ALL]
    found = []
    for key in spec:
        if key in known or key == "kind":
            continue
        near = difflib.get_close_matches(str(key).lower(), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}? " if near else ""
        said = f"kind {spec['kind']!r} has no key {visible(repr(key))}"
        found.append(f"{said}: {hint}Its keys are {listing(known, most=len(known))}")
    return found


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
    needed = [*REQUIRED_OF_ALL, *KEYS[kind].required]
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
    except ValueError as error:
        raise NothingToDraw(told(error)) from error
    except (Exception, SystemExit) as error:  # whatever the project's code raises
        raise FigureFailed(told(error)) from error
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
    return declared or _of_any(record)


def _of_any(record: Record) -> list[Spec]:
    """The metric of all trials: over the fidelity, or of one value each against a setting."""
    varying = varying_columns(record.trials)
    by = [name.removeprefix(CONFIG) for name in varying]
    shared = {"metrics": [record.metric]}
    found = []
    if record.reports[record.unit].max() > 1:
        found.append({"kind": "curves", "title": "Curves of all trials", "by": by, **shared})
    elif varying:  # one point is no curve
        most = max(varying, key=lambda name: record.trials[name].map(repr).nunique())
        x = most.removeprefix(CONFIG)
        title = f"{metric_name(record.metric)} against {setting_name(x)}"
        title = f"{title[:1].upper()}{title[1:]}"
        found.append({"kind": "against", "title": title, "x": x, **shared})
    found.append({"kind": "table", "title": "Values at the end", "by": by, **shared})
    return [{"name": f"{record.study}-{spec['kind']}", **spec} for spec in found]


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
