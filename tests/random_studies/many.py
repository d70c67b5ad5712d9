"""Checks many random studies, and counts what they met: python tests/random_studies/many.py."""

import argparse
import dataclasses
import functools
import importlib.metadata
import random
import re
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path
from unittest import mock

import hypothesis

sys.path.insert(0, str(Path(__file__).parents[2]))

from sweepbook.plan import manifest
from sweepbook.record import provenance
from tests.random_studies.harness import check
from tests.random_studies.misbehaving import RULES
from tests.random_studies.ray_runs import A_FILE, check_file
from tests.random_studies.studies import Drawn, drawn_studies


def in_process(n_studies: int, seed: int) -> tuple[Counter[str], dict[str, list[str]]]:
    """Returns the misbehaviours met, and what does not hold -> where it was seen."""
    met, wrong = Counter[str](), dict[str, list[str]]()

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=n_studies, database=None, deadline=None,
        phases=[hypothesis.Phase.generate], suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    @hypothesis.given(drawn_studies())
    def run(drawn: Drawn) -> None:
        met["studies"] += 1
        drawn = with_rules(drawn, random.Random(f"{seed} {met['studies']}"), 5)
        with tempfile.TemporaryDirectory() as folder:
            try:
                met.update(set(check(drawn, Path(folder), met["studies"] % 10 == 0)))
            except Exception as error:
                note(wrong, drawn, error)
        if met["studies"] % 100 == 0:
            print(f"{met['studies']} studies, wrong: {list(wrong)}", file=sys.stderr, flush=True)

    known = functools.cache(importlib.metadata.version)  # else a tenth of the time goes there
    with (
        mock.patch.object(provenance, "version", known),
        mock.patch.object(manifest, "git_commit", lambda: None),
    ):
        run()
    return met, wrong


def through_ray(n_studies: int, seed: int) -> tuple[Counter[str], dict[str, list[str]]]:
    """As `in_process`, by the command line: `A_FILE` studies in a file."""
    drawn, met, wrong = list[Drawn](), Counter[str](), dict[str, list[str]]()

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=2 * n_studies, database=None, deadline=None,
        phases=[hypothesis.Phase.generate], suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    @hypothesis.given(drawn_studies(metric="loss", has_refused=False))
    def draw(one: Drawn) -> None:
        if not one.is_refused:
            drawn.append(with_rules(one, random.Random(f"{seed} {len(drawn)}"), 2))

    draw()
    for number in range(n_studies // A_FILE):
        studies = drawn[number * A_FILE : (number + 1) * A_FILE]
        with tempfile.TemporaryDirectory() as folder:
            try:
                met.update(check_file(studies, Path(folder), number))
                met["studies"] += len(studies)
            except Exception as error:
                note(wrong, studies[0], error)
                print(f"file {number}: {error!s:.3000}", flush=True)
        print(f"{met['studies']} studies through Ray", file=sys.stderr, flush=True)
    return met, wrong


def with_rules(drawn: Drawn, source: random.Random, n_rules: int) -> Drawn:
    """The study with other rules: Hypothesis likes to draw again what it has drawn."""
    grid = drawn.arguments["grid"]
    grid = {**grid, "rule": source.sample(RULES, n_rules)}
    return dataclasses.replace(drawn, arguments={**drawn.arguments, "grid": grid})


def note(wrong: dict[str, list[str]], drawn: Drawn, error: Exception) -> None:
    last = traceback.extract_tb(error.__traceback__)[-1]
    text = re.sub(r"[0-9a-f]{12}|\d+", "N", str(error))[:60]
    key = f"{type(error).__name__} in {last.name}, line {last.lineno}: {text}"
    wrong.setdefault(key, []).append(f"{error!s:.600}\n    {drawn}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=0, help="checked in this process")
    parser.add_argument("--ray", type=int, default=0, help="trained by the command line")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    bad = 0
    if given.studies:
        met, wrong = in_process(given.studies, given.seed)
        tell(met, wrong)
        bad += len(wrong)
    if given.ray:
        met, wrong = through_ray(given.ray, given.seed)
        tell(met, wrong)
        bad += len(wrong)
    return 1 if bad else 0


def tell(met: Counter[str], wrong: dict[str, list[str]]) -> None:
    for rule in ("studies", "refused", *RULES, "hangs"):
        print(f"{met[rule]:6} {rule}")
    for what, where in wrong.items():
        print(f"{len(where):6} times: {what}\n    {min(where, key=len)}")


if __name__ == "__main__":
    sys.exit(main())
