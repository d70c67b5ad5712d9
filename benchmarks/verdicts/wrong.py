"""Rules that are wrong on purpose: the simulation must see each of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.verdicts.judging import Rules
from benchmarks.verdicts.rates import rate
from benchmarks.verdicts.studies import KINDS
from sweepbook.findings.deciding.outcomes import Outcome
from sweepbook.findings.deciding.verdicts import Decision, decide
from sweepbook.findings.question import Question
from sweepbook.stats.intervals import t_quantile


def _each_alone(questions: list[Question], results: Mapping[str, Outcome]) -> dict[str, Decision]:
    """Forgets that the claims of a family are made together."""
    found = {}
    for question in questions:
        found |= decide([question], {question.claim.name: results[question.claim.name]})
    return found


def _one_rival(questions: list[Question], results: Mapping[str, Outcome]) -> dict[str, Decision]:
    """Compares the chosen winner with the worst arm alone."""
    cut = {
        name: dataclasses.replace(result, tests=list(result.tests)[-1:])
        for name, result in results.items()
    }
    return decide(questions, cut)


def _narrow(questions: list[Question], results: Mapping[str, Outcome]) -> dict[str, Decision]:
    """Takes the normal quantile for that of t."""
    cut = {}
    for name, result in results.items():
        tests = [
            test._replace(
                difference=test.difference._replace(
                    se=test.difference.se * 1.96 / t_quantile(0.95, test.difference.df)
                ),
                with_one_more=(),
            )
            for test in result.tests
        ]
        cut[name] = dataclasses.replace(result, tests=tests)
    return decide(questions, cut)


def _any_holds(questions: list[Question], results: Mapping[str, Outcome]) -> dict[str, Decision]:
    """Lets a winner win by one of its comparisons."""
    cut = {}
    for name, result in results.items():
        best = min(result.tests, key=lambda test: (not test.inside, test.p))
        cut[name] = dataclasses.replace(result, tests=[best])
    return decide(questions, cut)


# What is wrong -> (kind of verdict, errors, replicates, the rules).
WRONG: Mapping[str, tuple[str, str, int, Rules]] = {
    "no guard against failing seeds": ("threshold", "bimodal", 5, Rules(guard=False)),
    "a printed single run is a constant": (
        *("threshold, a printed single run", "normal", 5),
        Rules(one_run=False),
    ),
    "the claims of a family are each alone": (
        *("a family of five directions", "normal", 5),
        Rules(decide=_each_alone),
    ),
    "the chosen best is compared with the worst": (
        *("the best of seven, chosen by its value", "normal", 5),
        Rules(decide=_one_rival),
    ),
    "the normal quantile instead of t's": (
        *("direction, paired", "normal", 3),
        Rules(decide=_narrow),
    ),
    "a winner need win one comparison only": (
        *("winner, three near rivals", "normal", 5),
        Rules(decide=_any_holds),
    ),
}
LIMIT = 0.08  # of false verdicts: beyond what chance makes of 5 % in 400 studies


def wrong_rows(n_studies: int) -> list[dict[str, Any]]:
    """One row per wrong rule, with the share of false verdicts at the edge, and beside it ours."""
    by_name = {planted.name: planted for planted in KINDS}
    rows = []
    for what, (kind, errors, n, rules) in WRONG.items():
        planted = by_name[kind]
        ask: Callable[[Rules], float] = lambda own, p=planted, e=errors, n=n: rate(  # noqa: E731
            p, p.edge, e, n, n_studies, rules=own
        )["false"]
        rows.append(
            {"rule": what, "kind": kind, "errors": errors, "n": n}
            | {"false": ask(rules), "ours": ask(Rules())}
        )
    return rows
