"""Kinds of figures that a project draws by itself: which of a record's may be imported.

A record only names them. They are code, so one is imported only where the project that one works
in declares it on the same study, the one of the record's name and trainable.
"""

from __future__ import annotations

from collections.abc import Mapping

from sweepbook.aggregates.nothing import Spec
from sweepbook.figures.kinds import KINDS, specs_of
from sweepbook.record.load import Record
from sweepbook.study.study import Study

_CONFIRM = "-confirm"  # a search's winners, trained anew, are a study of this name


def has_own_kinds(record: Record) -> bool:
    """Whether the record names kinds of figures that are not the tool's."""
    return any(spec.get("kind") not in KINDS for spec in specs_of(record))


def own_kinds(record: Record, studies: Mapping[str, Study]) -> dict[str, str]:
    """Name of a figure -> import path of its kind, of all that a project declares for a record.

    studies: those of the project, by name. Empty where none of them is the record's. A record
    that confirms a search has the figures that its study declares for that.
    """
    manifest = record.manifest
    name, confirms = manifest.study.name, manifest.confirms is not None
    study = studies.get(name.removesuffix(_CONFIRM) if confirms else name)
    if study is None or study.trainable != manifest.study.trainable:
        return {}
    figures = study.figures
    if confirms:
        figures = study.search.confirm_figures if study.search else ()
    return {
        str(spec.get("name")): str(spec["kind"])
        for spec in figures
        if ":" in str(spec.get("kind"))
    }


def as_declared(spec: Spec, own: Mapping[str, str]) -> Spec:
    """The spec with the kind that the project declares for its figure of that name.

    own: as `own_kinds` finds them. A kind of the tool stays; so does one for which the project
    declares no figure. An earlier version gave kinds of a project's own in other words.
    """
    if spec.get("kind") in KINDS:
        return spec
    return {**spec, "kind": own.get(str(spec.get("name")), spec.get("kind"))}
