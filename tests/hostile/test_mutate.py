"""Mutated records through every reader: a sentence or a result, never a traceback or a wait."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.hostile.mutate_base import copy_of, make_base
from tests.hostile.mutate_commands import command_lines, outcome_of_command
from tests.hostile.mutate_how import Mutation, apply, mutations
from tests.hostile.mutate_read import (
    FINE,
    HANG,
    READERS,
    REFUSED,
    TRACEBACK,
    Outcome,
    outcome_of,
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("base") / "demo")


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
def test_the_record_as_it_is_can_be_read(base: Path, tmp_path: Path, read) -> None:
    assert outcome_of(read, copy_of(base, tmp_path / "demo")) == Outcome(FINE)


def test_a_mutated_record_is_read_or_refused(base: Path, tmp_path: Path) -> None:
    @settings(
        max_examples=60, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.lists(mutations, min_size=1, max_size=2), st.sampled_from(READERS))
    def check(drawn: list[Mutation], read) -> None:
        record = copy_of(base, tmp_path / "demo")
        for mutation in drawn:
            apply(record, mutation)
        outcome = outcome_of(read, record)
        assert outcome.kind in (FINE, REFUSED), (outcome.said, drawn, read.__name__)

    check()


def test_a_drawn_command_line_ends_with_0_1_or_2(base: Path, tmp_path: Path) -> None:
    @settings(
        max_examples=25, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(command_lines)
    def check(drawn: tuple[list[str], list[Mutation]]) -> None:
        outcome = outcome_of_command(*drawn, base, tmp_path / "here")
        assert outcome.kind in (FINE, REFUSED), (outcome.said, drawn)

    check()


def test_each_kind_of_fault_is_seen(base: Path) -> None:
    def sleeps(record: Path) -> None:
        while True:
            dataclasses.replace(Outcome(FINE))

    def stumbles(record: Path) -> None:
        raise KeyError("planted")

    def happens_to(record: Path) -> None:
        float("planted")

    assert outcome_of(sleeps, base, 0.2).kind == HANG
    assert outcome_of(stumbles, base).kind == TRACEBACK
    assert outcome_of(happens_to, base).kind == TRACEBACK, "no sentence of ours"
    assert outcome_of(READERS[0], base / "nothing").kind == REFUSED
