"""A study of a YAML document: its keys are the fields of `Study`, its values plain ones."""

import dataclasses
import difflib
import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sweepbook.plan.written.documents import Document, Place, read_documents
from sweepbook.plan.written.ranges import with_ranges
from sweepbook.study.asha import ASHA
from sweepbook.study.claim import Claim
from sweepbook.study.claims import short
from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.forms.program import Program
from sweepbook.study.option import Option
from sweepbook.study.published import Published, PublishedValue
from sweepbook.study.search import Search
from sweepbook.study.spaces.names import SEPARATOR
from sweepbook.study.study import Fidelity, Metric, Study

_TRAINABLES = {"program": Program, "estimator": Estimator}
_CLAIMS = {name: getattr(short, name) for name in ("higher", "lower", "best", "worst", "same")}
_CLAIMS |= {"learns": short.learns, "claim": Claim}
_WANDB = {"method", "parameters"}


def studies_of_yaml(file: Path) -> list[Study]:
    """Returns the studies of a YAML file, one of each document.

    Raises:
        ValueError: one sentence, with the file and the line, about what no study can have.
        OSError: it cannot be read.
    """
    return [_Reader(document).study() for document in read_documents(file)]


@dataclasses.dataclass(frozen=True)
class _Reader:
    """Makes a study of a document."""

    document: Document

    def study(self) -> Study:
        content = self.document.content
        if isinstance(content, Mapping) and content.keys() >= _WANDB:
            raise self.document.error(
                "this is a sweep of W&B: write a study with name, question, trainable, metric, "
                "fidelity and, for its parameters, space, such as "
                "space: {lr: {loguniform: [1e-4, 1e-1]}}"
            )
        if isinstance(content, Mapping) and "n_trials" in content:
            raise self.document.error(
                "n_trials is a field of search: write search: {n_trials: 50}", "n_trials"
            )
        fields: dict[str, Callable[[Any, Place], Any]] = {
            "trainable": self._trainable,
            "metric": lambda value, place: self._made(Metric, value, place),
            "fidelity": lambda value, place: self._made(Fidelity, value, place),
            "scheduler": self._scheduler,
            "search": self._search,
            "space": self._space,
            "claims": self._claims,
            "options": lambda value, place: self._each(
                value, place, lambda one, at: self._made(Option, one, at)
            ),
            "published": self._published,
        }
        made: Study = self._made(Study, content, (), fields)
        return made

    def _made(
        self,
        kind: Any,
        content: Any,
        place: Place,
        fields: Mapping[str, Callable[[Any, Place], Any]] | None = None,
    ) -> Any:
        """What a class or function makes of a dict; `fields` makes some of its values."""
        name = kind.__name__
        what = "a study" if kind is Study else f"{place[-1] if place else name}"
        known = inspect.signature(kind).parameters
        needed = [k for k, p in known.items() if p.default is p.empty and p.kind != p.VAR_KEYWORD]
        if not isinstance(content, Mapping):
            keys = ", ".join(f"{key}: ..." for key in needed)
            raise self.document.error(
                f"{_shown(place)} must be a dict, got {content!r:.60}: write {{{keys}}}", *place
            )
        takes_any = any(p.kind == p.VAR_KEYWORD for p in known.values())
        for key in content:
            if key not in known and not takes_any:
                near = [k for k in known if key in k or k in key]
                near += difflib.get_close_matches(key, known, n=1, cutoff=0.5)
                hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(known)}"
                raise self.document.error(f"{what} has no field {key!r}: {hint}", *place, key)
        if missing := [key for key in needed if key not in content]:
            raise self.document.error(f"{what} has no {missing[0]}: add {missing[0]}: ...", *place)
        given = {
            key: fields[key](value, (*place, key)) if fields and key in fields else value
            for key, value in content.items()
        }
        try:
            return kind(**given)
        except ValueError as error:
            raise self.document.error(str(error), *self._place_in(str(error), place)) from error

    def _place_in(self, text: str, place: Place) -> Place:
        """The place that an error speaks of: a field that begins it, or a setting in quotes."""
        first = re.match(r"\w+", text)
        if first and (*place, first[0]) in self.document.lines:
            return (*place, first[0])
        for name in re.findall(r"'([^']+)'", text):
            for above in ((), ("space",), ("search", "space"), ("grid",), ("fixed",)):
                if (found := (*place, *above, *name.split(SEPARATOR))) in self.document.lines:
                    return found
        spaces = [(*place, key) for key in ("space", "search") if f" {key} " in text]
        return next((at for at in spaces if at in self.document.lines), place)

    def _trainable(self, value: Any, place: Place) -> Any:
        if not isinstance(value, Mapping):
            return value
        name = self._one_key(value, place, _TRAINABLES)
        inner = (*place, name)
        content = {"command": value[name]} if isinstance(value[name], str) else value[name]
        if name == "program" and isinstance(content, Mapping):
            folder = self.document.file.resolve().parent / str(content.get("folder") or "")
            content = {**content, "folder": str(folder)}
        return self._made(_TRAINABLES[name], content, inner)

    def _scheduler(self, value: Any, place: Place) -> Any:
        if value is None:
            return None
        name = self._one_key(value, place, {"asha": ASHA})
        return self._made(ASHA, {} if value[name] is None else value[name], (*place, name))

    def _search(self, value: Any, place: Place) -> Any:
        if value is None:
            return None
        return self._made(
            Search,
            value,
            place,
            {
                "space": self._space,
                "confirm_claims": self._claims,
                "confirm_published": self._published,
            },
        )

    def _space(self, value: Any, place: Place) -> Any:
        return with_ranges(value, self.document, place)

    def _claims(self, value: Any, place: Place) -> Any:
        return self._each(value, place, self._claim)

    def _claim(self, value: Any, place: Place) -> Any:
        name = self._one_key(value, place, _CLAIMS)
        return self._made(_CLAIMS[name], value[name], (*place, name))

    def _published(self, value: Any, place: Place) -> Any:
        if value is None:
            return None
        values = {
            "values": lambda many, at: self._each(
                many, at, lambda one, inner: self._made(PublishedValue, one, inner)
            )
        }
        return self._made(Published, value, place, values)

    def _each(self, value: Any, place: Place, read: Callable[[Any, Place], Any]) -> Any:
        if not isinstance(value, list):
            raise self.document.error(
                f"{_shown(place)} must be a list, each item begun by a dash, got {value!r:.60}",
                *place,
            )
        return [read(one, (*place, number)) for number, one in enumerate(value)]

    def _one_key(self, value: Any, place: Place, known: Mapping[str, Any]) -> str:
        """The one key of a dict that says what it is."""
        if isinstance(value, Mapping) and len(value) == 1:
            name = str(next(iter(value)))
            if name in known:
                return name
        forms = " or ".join(f"{name}: {{...}}" for name in known)
        raise self.document.error(f"{_shown(place)} must be {forms}, got {value!r:.60}", *place)


def _shown(place: Place) -> str:
    """ "claims[0]", of the place of a value."""
    names = [f"[{one}]" if isinstance(one, int) else f".{one}" for one in place]
    return "".join(names).removeprefix(".") or "the study"
