"""Random studies: odd names and values of settings, and a rule of misbehaviour for each trial."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from hypothesis import strategies as st

from sweepbook import Fidelity, Metric, Study
from tests.random_studies.misbehaving import RULES, WHEN

NAMES = (
    *("lr", "a b", "[x", "$x", "<b>", "a\nb", "q\"'", "ж", "", " ", "config/lr", "status", "cell"),
    *("trial_id", "state", "value", "a.b", "%s{}", "x" * 300, "\x00", "-", "None", "é|`", "data"),
)
ODD = (
    *("", "a", "[0, 1]", "$x", "<b>", "a\nb", "q\"'", "学习", "None", "true", "1", "\x00", "{"),
    *(0, 1, -1, 2**63 - 1, -(2**63), 0.0, 1.0, -0.0, 1e-300, 1e300, 0.1, True, False, None),
    *([], [1, [2.0, None]], {}, {"a": 1}, {"": [{"ж": ()}]}, (1, 2), ("a", (None,)), range(3)),
    *(np.float64(0.5), np.float32(0.1), np.int64(3), np.bool_(True), np.str_("s"), np.arange(2)),
    *(PurePosixPath("/nowhere/x"), [np.arange(4).reshape(2, 2)]),
)
REFUSED = (
    *({1, 2}, frozenset(), math.nan, math.inf, math.sin, b"x", {1: 2}, {None: 1}, 2**63, -(2**64)),
    *(1j, "\ud800", object(), Study, np.datetime64("2026-01-01"), [1, {"a": {3}}], {"\ud800": 1}),
    *(slice(3), lambda: "two\nlines", np.array([1, math.nan]), np.array([1j]), {(1, 2): 3}),
)
SIDES = ("side", "side of its own", "train_loss", "time_s", "a_s", "trial", "<i>", "x\ny", "ж")
METRICS = ("loss", "value", "mean", "rows", "last", "a b", "Größe", "n")
UNITS = ("round", "epoch", "Runde ж", "step no.")


@dataclass(frozen=True)
class Drawn:
    """A study as it was drawn, and what is done to it.

    Args:
        arguments: of `Study`.
        is_refused: a value cannot be kept, or two configs are one and the same.
        stop_after: reports after which it is interrupted.
        is_unheard: the worker is one report ahead of its driver then.
        attempts: at a trial that fails.
    """

    arguments: dict[str, Any]
    is_refused: bool
    stop_after: int
    is_unheard: bool
    attempts: int

    def study(self, module: str) -> Study:
        """Returns the study, whose trainable lies in this module."""
        return Study(trainable=f"{module}:train", **self.arguments)


@st.composite
def drawn_studies(draw: st.DrawFn, metric: str | None = None, has_refused: bool = True) -> Drawn:
    """Returns a study: a grid over some rules, and sometimes over an odd setting.

    Args:
        metric: the same for all studies, with the unit "round"; None: drawn.
        has_refused: a twentieth of the studies has a value that must be refused.
    """
    names = [draw(st.sampled_from(NAMES) | st.text(max_size=8)) for _ in range(2)]
    names = [name for name in dict.fromkeys(names) if name not in OWN]
    good, bad = st.sampled_from(ODD) | _nested(), st.sampled_from(REFUSED)
    is_bad = has_refused and draw(st.integers(0, 19)) == 7
    odd = [[draw(good) for _ in range(draw(st.integers(1, 2)))] for _ in names]
    if is_bad and odd:
        odd[-1][-1] = draw(bad)
    rules = draw(st.lists(st.sampled_from(RULES), min_size=1, max_size=3, unique=True))
    grid, fixed = {"rule": rules}, {}
    for name, values in zip(names, odd, strict=True):
        is_fixed = draw(st.booleans())
        fixed |= {name: values[-1]} if is_fixed else {}
        grid |= {} if is_fixed else {name: values}
    fixed |= {
        "rounds": draw(st.integers(1, 4)), "layers": [1], "when": draw(st.sampled_from(WHEN)),
        "side": draw(st.sampled_from(SIDES)), "gives_state": draw(st.booleans()),
        "metric": metric or draw(st.sampled_from(METRICS)),
        "unit": "round" if metric else draw(st.sampled_from(UNITS)),
    }  # fmt: skip
    arguments = {
        "name": "drawn", "question": draw(st.sampled_from(("Which?", "<b>[$x]\n", "ж"))),
        "metric": Metric(fixed["metric"], draw(st.sampled_from(("min", "max")))),
        "fidelity": Fidelity(fixed["unit"], "rounds"), "grid": grid, "fixed": fixed,
        "replicates": draw(st.integers(1, 3)), "seed": draw(st.integers(0, 2**63 - 1)),
    }  # fmt: skip
    twice = any(len(set(map(plain, own))) < len(own) for own in grid.values()) if not is_bad else 0
    return Drawn(
        arguments, bool(is_bad and odd or twice), draw(st.integers(1, 12)), draw(st.booleans()),
        draw(st.integers(1, 2)),
    )  # fmt: skip


OWN = ("rule", "rounds", "layers", "more", "when", "side", "gives_state", "metric", "unit", "seed",
       "replicates", "device")  # fmt: skip


def _nested() -> st.SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5)
    leaves |= st.floats(allow_nan=False, allow_infinity=False)
    more = lambda own: (  # noqa: E731
        st.lists(own, max_size=3) | st.dictionaries(st.text(max_size=3), own, max_size=2)
    )
    return st.recursive(leaves, more, max_leaves=4)


def plain(value: Any) -> str:
    """A value as JSON keeps it, by few words of our own."""

    def kept(value: Any) -> Any:
        value = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        if isinstance(value, Mapping):
            return {key: kept(one) for key, one in value.items()}
        if isinstance(value, list | tuple | range):
            return [kept(one) for one in value]
        return str(value) if isinstance(value, PurePosixPath) else value

    return json.dumps(kept(value), sort_keys=True)
