"""What a study trains: an import path, a program or an estimator, and what each is made of."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.forms.program import Program
from sweepbook.study.hooks import config_type, load_object

Trainable = str | Program | Estimator
_NOT_MEANT = ("folder", "timeout_s")  # where a program lies, and how long it may take


def trainable_of(content: Any) -> Trainable:
    """Returns the trainable that the plain values of a record mean.

    Raises:
        ValueError: they mean none.
    """
    if isinstance(content, str | Program | Estimator):
        return content
    if isinstance(content, Mapping):
        for kind in (Program, Estimator):
            fields = dataclasses.fields(kind)
            needed = {f.name for f in fields if f.default is dataclasses.MISSING}
            if needed <= content.keys():
                return kind(**{f.name: content[f.name] for f in fields if f.name in content})
    raise ValueError(f"trainable must be a text, a program or an estimator, got {content!r:.60}")


def trainable_key(trainable: Trainable) -> Any:
    """Returns the plain values that make a trainable what it is. They are part of every trial_id.

    Where a program lies and how long it may take is none of them.
    """
    if isinstance(trainable, str):
        return trainable
    content = {k: v for k, v in dataclasses.asdict(trainable).items() if k not in _NOT_MEANT}
    if isinstance(trainable, Program):  # a field that is added later changes no id where not used
        defaults = {field.name: field.default for field in dataclasses.fields(Program)}
        content = {k: v for k, v in content.items() if v != defaults[k]}
        content["command"] = list(trainable.words)
    return content


def trainable_name(trainable: Trainable) -> str:
    """Returns what a trainable is called on a page or a screen."""
    if isinstance(trainable, Program):
        return trainable.text
    return trainable if isinstance(trainable, str) else trainable.make


def hooks_of(trainable: Trainable) -> dict[str, str]:
    """Returns what -> import path of the functions that a trainable names."""
    if isinstance(trainable, str):
        return {"trainable": trainable}
    if isinstance(trainable, Estimator):
        return {"trainable": trainable.make, "the estimator's data": trainable.data}
    return {}


def module_of(trainable: Trainable) -> str | None:
    """Returns the module of a trainable's function; None: it is a program."""
    paths = list(hooks_of(trainable).values())
    return paths[0].partition(":")[0] if paths else None


def type_of_configs(trainable: Trainable) -> type | None:
    """Returns the dataclass that a trainable takes its settings as; None: it takes a dict.

    Raises:
        ValueError: its function cannot be imported, or see `config_type`.
    """
    if not isinstance(trainable, str):
        for path in hooks_of(trainable).values():
            load_object(path)
        return None
    return config_type(load_object(trainable))
