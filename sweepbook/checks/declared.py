"""Everything that studies declare, checked on their plans before anything is trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from sweepbook.checks.answers import answer_problems
from sweepbook.checks.claims import claim_problems, undecided
from sweepbook.checks.figures import figure_problems
from sweepbook.checks.forms import metric_problem
from sweepbook.checks.planned import (
    ENDLESS,
    Planned,
    as_declared,
    further_claims,
    of_plan,
    unsettled,
)
from sweepbook.checks.stoppable import stoppable
from sweepbook.checks.trials import too_few_trials
from sweepbook.checks.yields import ADDED, columns_yielded
from sweepbook.doors.checked import door_problems
from sweepbook.figures.keys import Of
from sweepbook.plan.options import Options
from sweepbook.plan.plan import Plan
from sweepbook.study.claim import Claim
from sweepbook.study.errors import Faults
from sweepbook.study.hooks import load_object
from sweepbook.study.settings import COLUMNS
from sweepbook.study.study import Study


def check_declared(
    plans: Sequence[Plan], options: Options, say: Callable[[str], object], refuse: bool = True
) -> None:
    """Refuses studies with a fault in what they declare; says what this run will not decide.

    Args:
        refuse: False says the faults as well: of a study that nobody has declared as it is, such
            as the winners of a search.

    Raises:
        ValueError: one line for each fault.
    """
    if refuse:
        problems = [line for plan in plans for line in problems_of(plan, options)]
        if problems:
            raise Faults("\n".join(problems))
    else:
        for line in (
            p for plan in plans for p in _of_drawing(plan, options, "confirmation", _columns(plan))
        ):
            say(line)
    for line in (line for plan in plans for line in undecided_of(plan)):
        say(line)


def problems_of(plan: Plan, options: Options) -> list[str]:
    """Sentences about the faults in what a plan's study declares; [] where there is none.

    What the options alone bring about is no fault of the study's: see `undecided_of`.
    """
    study, planned = plan.declared or plan.study, as_declared(plan, options)
    of: Of = "search" if study.search else "trials"
    found = _of_drawing(plan, options, of, _columns(plan))
    if planned is not None:
        found += claim_problems(study.claims, planned)
        found += _of_confirmation(planned, _columns(plan))
    claims, brought = further_claims(plan, options)
    if brought is not None:
        found += claim_problems(claims, brought)
    return [*door_problems(plan), *found, *answer_problems(study, plan.study.claims)]


def missing_columns(plan: Plan, options: Options, columns: frozenset[str]) -> list[str]:
    """Sentences on what a study's metric, claims and figures name and a trial has not yielded.

    Args:
        columns: the names that it has yielded, special ones too.
    """
    of: Of = "search" if plan.study.search else "trials"
    known = columns | {plan.study.fidelity.unit, *ADDED, *COLUMNS}
    anyhow = _of_drawing(plan, options, of, None)
    return [p for p in _of_drawing(plan, options, of, known) if p not in anyhow]


def _of_drawing(plan: Plan, options: Options, of: Of, columns: frozenset[str] | None) -> list[str]:
    """What is wrong with the metrics and the figures of a study whose reports have columns."""
    study = plan.declared or plan.study
    planned = as_declared(plan, options) or unsettled(plan)
    found = figure_problems(study.figures, planned, of, columns)
    claims = [*plan.study.claims, *(study.search.confirm_claims if study.search else ())]
    return [*_of_metrics(study, claims, columns), *found]


def _columns(plan: Plan) -> frozenset[str] | None:
    study = plan.declared or plan.study
    if not isinstance(study.trainable, str):
        return None
    return columns_yielded(load_object(study.trainable), study.fidelity.unit)


def undecided_of(plan: Plan) -> list[str]:
    """Sentences on the claims that this run cannot decide, or may leave undecided."""
    claims, planned = plan.study.claims, of_plan(plan)
    return [*undecided(claims, planned), *stoppable(claims, planned), *too_few_trials(plan)]


def _of_metrics(
    study: Study, claims: Sequence[Claim], columns: frozenset[str] | None
) -> list[str]:
    """Metrics of the study and of its claims that no trial can report."""
    asked = {f"the metric of study {study.name}": study.metric.name}
    asked |= metrics_of_claims(study.name, claims)
    problems = {what: metric_problem(name, columns) for what, name in asked.items()}
    found = [f"{what} {problem}" for what, problem in problems.items() if problem]
    if columns is not None and "predictions" not in columns:
        found += [
            f'study {study.name}, claim {claim.name}: over="rows" compares predictions, and the '
            'trainable never yields any: yield them, or write over="replicates"'
            for claim in claims
            if claim.over == "rows"
        ]
    return found


def metrics_of_claims(study: str, claims: Sequence[Claim]) -> dict[str, str]:
    """Returns where a claim of a study names a metric -> that metric."""
    return {
        f"study {study}, claim {claim.name}: {key}": name
        for claim in claims
        for key in ("metric", "against_metric", "best_by")
        if (name := getattr(claim, key)) is not None
    }


def _of_confirmation(planned: Planned, columns: frozenset[str] | None) -> list[str]:
    """What a search declares for the confirmation of its winners: one trial for each cell."""
    search = planned.study.search
    if search is None:
        return []
    later = dataclasses.replace(planned, lengths=[ENDLESS] * len(planned.configs), n_each=1)
    return [
        *figure_problems(
            search.confirm_figures,
            later,
            "confirmation",
            columns,
            "figure of the confirmation",
        ),
        *claim_problems(search.confirm_claims, later),
    ]
