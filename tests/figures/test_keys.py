"""The keys that a kind declares are those that it reads, each with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sweepbook.aggregates.nothing import NothingToDraw
from sweepbook.figures.keys import OPTIONAL_OF_ALL, REQUIRED_OF_ALL
from sweepbook.figures.kinds import KEYS, draw
from sweepbook.pages import script
from sweepbook.record.load import load_record
from tests.searches import random_search

SPECS: dict[str, dict[str, Any]] = {
    "curves": {"metrics": ["val_loss"]},
    "panels": {"metrics": ["val_loss"]},
    "extremes": {"metrics": ["val_loss"], "select": "val_acc"},
    "against": {"metrics": ["val_loss"], "x": "lr", "log_x": True},
    "steps": {},
    "per_batch": {},
    "table": {"metrics": ["val_loss"]},
}
OF_SEARCHES = [kind for kind, keys in KEYS.items() if keys.of == "search"]


class Watched(dict[str, Any]):
    """A figure's dict that remembers which of its keys were asked for."""

    def __init__(self, **spec: Any) -> None:
        super().__init__(spec)
        self.asked: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


def declared(kind: str) -> set[str]:
    of_all = {"kind", *REQUIRED_OF_ALL, *OPTIONAL_OF_ALL}
    return of_all | KEYS[kind].required.keys() | KEYS[kind].optional.keys()


@pytest.mark.parametrize("kind", SPECS)
def test_a_kind_of_trials_reads_what_it_declares(
    kind: str, make_record: Callable[..., Path]
) -> None:
    configs = [{"lr": lr, "batch_losses": True} for lr in (1.0, 0.01, 0.0001)]
    spec = Watched(kind=kind, name=kind, **SPECS[kind])
    draw(spec, load_record(make_record(configs, epochs=4, n_replicates=2)))
    assert spec.asked == declared(kind)


@pytest.mark.parametrize("kind", OF_SEARCHES)
def test_a_kind_of_searches_reads_what_it_declares(kind: str) -> None:
    spec = Watched(kind=kind, name=kind)
    draw(spec, random_search(20))
    assert spec.asked == declared(kind)


@pytest.mark.parametrize("kind", KEYS)
def test_every_kind_and_key_says_what_it_is_in_a_sentence(kind: str) -> None:
    keys = KEYS[kind]
    said = [keys.shows, *(key.says for key in (*keys.required.values(), *keys.optional.values()))]
    assert all(text[0].isupper() and text.endswith((".", "].")) for text in said)


def test_a_script_s_misspelt_key_is_refused(make_record: Callable[..., Path]) -> None:
    record = load_record(make_record([{"lr": 0.1}], epochs=2, n_replicates=2))
    assert script.draw(record, kind="curves", name="c", metrics=["val_loss"], log_x=True).figure
    with pytest.raises(NothingToDraw, match="mean 'log_x'"):
        script.draw(record, kind="curves", name="c", metrics=["val_loss"], log_X=True)
