"""A program as a generator."""

from collections.abc import Callable, Iterator
from typing import Any

from sweepbook.plan.plan import Plan
from sweepbook.record.planned import Trial
from sweepbook.study.forms.program import Program


def problems(program: Program, plan: Plan) -> list[str]:
    """Returns what is wrong with it, as far as it can be seen before it runs."""
    return []


def generator_of(program: Program, trial: Trial) -> Callable[..., Iterator[Any]]:
    """Returns the generator function that trains a replicate."""
    raise NotImplementedError
