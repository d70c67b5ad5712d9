"""From frames of values to verdicts, as the report comes to them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from benchmarks.verdicts.errors import Table, draw
from benchmarks.verdicts.studies import Planted
from sweepbook.findings.arm import Arm
from sweepbook.findings.deciding.comparisons import comparisons
from sweepbook.findings.deciding.outcomes import Outcome
from sweepbook.findings.deciding.verdicts import Decision, decide
from sweepbook.findings.finding import FAILS, HOLDS
from sweepbook.findings.question import Question
from sweepbook.stats.unusual import Unusual, unusual_seeds
from sweepbook.study.claim import Claim

Rule = Callable[[list[Question], Mapping[str, Outcome]], Mapping[str, Decision]]


@dataclasses.dataclass(frozen=True)
class Rules:
    """How the verdicts are made; the defaults are the product's, others are wrong on purpose."""

    decide: Rule = decide
    guard: bool = True
    one_run: bool = True


def verdicts_of(
    planted: Planted,
    effect: float,
    errors: str,
    n: int,
    n_others: int,
    rng: np.random.Generator,
    rules: Rules = Rules(),  # noqa: B008 - frozen
) -> list[tuple[str, int]]:
    """The verdict of each claim of one drawn study, and the place of the arm that it names."""
    means = np.asarray(planted.means(effect), dtype=np.float64)
    values = means[:, None] + draw(rng, errors, (len(means), n))
    beside = draw(rng, errors, (len(means), n)) if planted.twice else None
    others = draw(rng, errors, (n_others, n))
    target = float(draw(rng, errors, (1,))[0]) if planted.one_run else None
    order = np.argsort(-values.mean(axis=1)) if planted.chosen else np.arange(len(means))
    questions, results, named = [], {}, []
    for claim, places in planted.claims():
        own = [int(order[place]) for place in places]
        claim = _with_target(claim, target, rules)
        arms = [_arm(values[place], place) for place in own]
        further = [_arm(beside[place], place) for place in own] if beside is not None else []
        unusual = _unusual(values, beside, others, own, rng, errors) if rules.guard else Unusual()
        tests = comparisons(claim, arms, further, paired=planted.paired, unusual=unusual)
        questions.append(Question(claim=claim, chosen=planted.chosen))
        results[claim.name] = Outcome(arms, tests, paired=planted.paired)
        named.append(own[0])
    found = rules.decide(questions, results)
    verdicts = [found[question.claim.name].verdict for question in questions]
    return list(zip(verdicts, named, strict=True))


def _with_target(claim: Claim, target: float | None, rules: Rules) -> Claim:
    if target is None:
        return claim
    return dataclasses.replace(claim, target=target, single_run=rules.one_run)


def _unusual(
    values: Table,
    beside: Table | None,
    others: Table,
    own: list[int],
    rng: np.random.Generator,
    errors: str,
) -> Unusual:
    """As OtherTrials finds them: the arms of the claim, and all other trials of the study."""
    gaps = values if beside is None else values - beside
    more = others if beside is None else others - draw(rng, errors, others.shape)
    rest = [gaps[place] for place in range(len(gaps)) if place not in own]
    return unusual_seeds([gaps[place] for place in own], [*rest, *more])


def _arm(values: Table, place: int) -> Arm:
    return Arm(f"arm {place}", f"t{place}", pd.Series(values))


def is_false(planted: Planted, effect: float, verdict: str, named: int) -> bool:
    """Whether a verdict is wrong: at the edge each decided one counts, on either side."""
    if verdict not in (HOLDS, FAILS):
        return False
    if effect == planted.edge:
        return True
    right = planted.truth[effect] if not planted.chosen else named == 0
    return (verdict == HOLDS) != right
