"""A trainable that misbehaves as its setting `rule` says; what else it does, it does well.

It stands alone, so that it can be copied beside a study file. Its numbers come from the global
generators, and `leaked` says whether a replicate began in what another one has changed.
"""

import contextlib
import datetime
import math
import os
import random
import sys
import time

import numpy as np
import torch

VALUES = {  # what is yielded as the metric, or as a metric beside it
    "number": 0.25, "whole number": 7, "NaN": math.nan, "None": None, "inf": math.inf,
    "-inf": -math.inf, "text": "n/a", "empty text": "", "odd text": "<b>[$\n\"'ж", "flag": True,
    "list": [0.5, 1.0], "list of texts": ["a", "b"], "empty list": [], "gaps": [None, 1.0],
    "list of lists": [[1.0], [2.0, 3.0]], "array": np.arange(3) / 2, "tensor": torch.ones(2),
    "numpy's number": np.float32(0.5), "numpy's whole": np.int64(3), "2**63": 2**63,
    "2**62 + 1": 2**62 + 1, "dict": {"a": 1.0}, "set": {1}, "bytes": b"x", "complex": 1j,
    "mixed list": [1.0, "x"], "half a character": "\ud800", "date": datetime.date(2026, 1, 1),
    "numpy's date": np.datetime64("2026-01-01"), "function": math.sin,
}  # fmt: skip
GOOD_NAMES = ("rows", "spent", "done", "fidelity", "value", "status", "index", "place", "a\nb")
BAD_NAMES = ("trial_id", "replicate", "predictions", "state", "times", "replicates", "", 3)
RULES = (
    *("fine", "every 2nd step", "repeats a step", "counts from 0", "goes beyond", "a fraction"),
    *("counts in texts", "falls back", "replicates count differently", "without unit"),
    *("raises when called", "raises at start", "raises in the middle", "raises at the end"),
    *("a replicate raises", "sys.exit", "sys.exit(0)", "KeyError", "StopIteration"),
    *("GeneratorExit", "an error of many lines", "an error whose text raises"),
    *("prints a lot", "changes its config", "os.chdir", "os.environ", "reseeds", "draws a lot"),
    *("no_grad", "ends early by seed", "yields nothing", "a replicate yields nothing"),
    *("returns a dict", "returns None", "returns a list", "yields a number", "yields None"),
    *("kind changes", "None, then a list", "without metric", "leaves data for finally"),
    *(f"name {name!r}" for name in (*GOOD_NAMES, *BAD_NAMES)),
    *(f"metric {name}" for name in VALUES if name != "flag"),
    *(f"side {name}" for name in VALUES),
)
WHEN = ("always", "later", "some replicates")  # the metrics `side` and `metric` are odd


class Broken(Exception):
    """Of a class of its own, which is not loadable from its text alone."""

    def __init__(self, what, number):
        super().__init__(what, number)
        self.number = number


class Silent(Exception):
    def __str__(self):
        raise RuntimeError("no text")


def train(config, state=None):
    rule, first = config["rule"], {config["unit"]: 1, config["metric"]: 0.5}
    if rule == "raises when called":
        raise Broken("when called", 1)
    returned = {
        "returns a dict": first, "returns None": None, "returns a list": [first],
        "yields nothing": iter(()),
    }  # fmt: skip
    return returned[rule] if rule in returned else steps(config, state or {})


def steps(config, state):
    rule, unit, metric = config["rule"], config["unit"], config["metric"]
    counts, seed = counts_of(rule, config), config["seed"]
    total, start = state.get("total", 0.0), state.get("start", 0)
    leaked = state.get("leaked", is_elsewhere())
    if rule == "raises at start":
        raise Broken("at start", 1)
    if rule == "hangs":
        time.sleep(1000)
    for i in range(start, len(counts)):
        act(rule, config, i)
        total += random.random() + np.random.rand() + float(torch.rand(()))  # noqa: NPY002
        metrics = {unit: counts[i], metric: total, "leaked": leaked, **side(config, i)}
        if config["gives_state"] and "state" not in metrics:
            kept = {"total": total, "start": i + 1, "leaked": leaked}
            metrics["state"] = lambda kept=kept: kept
        for name in {"without unit": [unit], "without metric": [metric]}.get(rule, ()):
            del metrics[name]
        bare = {"yields a number": 0.5, "yields None": None}
        with torch.no_grad() if rule == "no_grad" else contextlib.nullcontext():
            try:
                yield bare[rule] if rule in bare and i == len(counts) - 1 else metrics
            finally:
                if rule == "leaves data for finally":
                    os.environ["LEAK"] = str(seed)
    if rule == "raises at the end":
        raise Broken("at the end", 3)


def is_elsewhere():
    return os.getcwd() == os.sep or "LEAK" in os.environ or not torch.is_grad_enabled()


def counts_of(rule, config):
    most, seed = config["rounds"], config["seed"]
    counts = list(range(1, most + 1))
    if rule == "ends early by seed":
        return counts[: 1 + seed % most]
    if rule == "a replicate yields nothing":
        return counts[: most * (seed % 2)]
    changed = {
        "every 2nd step": counts[1::2] or counts, "repeats a step": [*counts[:-1], *counts[-2:]],
        "counts from 0": [n - 1 for n in counts], "goes beyond": [*counts, most + 1],
        "a fraction": [*counts[:-1], most - 0.5], "counts in texts": [str(n) for n in counts],
        "falls back": [*counts[:-1], 1, 1],
        "replicates count differently": counts[seed % 2 :: 2] or counts,
    }  # fmt: skip
    return changed.get(rule, counts)


def act(rule, config, i):
    """What a step does beside training: the same at every step, so that it can be resumed."""
    is_middle = i == config["rounds"] // 2
    if rule == "raises in the middle" and is_middle:
        raise Broken("in the middle", 2)
    if rule == "a replicate raises" and is_middle and config["seed"] % 2:
        raise Broken("one of them", config["seed"])
    if rule in ("sys.exit", "sys.exit(0)") and is_middle:
        sys.exit("no licence" if rule == "sys.exit" else 0)
    errors = {
        "KeyError": KeyError("lr"), "StopIteration": StopIteration(), "GeneratorExit":
        GeneratorExit(), "an error of many lines": ValueError("one\n\ntwo\n"),
        "an error whose text raises": Silent(),
    }  # fmt: skip
    if rule in errors and is_middle:
        raise errors[rule]
    if rule == "prints a lot":
        print("x" * 20_000)
        print("<b>[red]\r\n\x1b[31m ж", file=sys.stderr)
    elif rule == "changes its config":
        config["layers"].append(i)
        config["more"] = config.pop("layers")
        config["layers"] = []
    elif rule == "os.chdir":
        os.chdir(os.sep)
    elif rule == "os.environ":
        os.environ["LEAK"] = "1"
        os.environ.pop("HOME", None)
    elif rule == "reseeds":
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002
        torch.manual_seed(1)
    elif rule == "draws a lot":
        random.gauss(0, 1)
        np.random.randn(config["seed"] % 7)  # noqa: NPY002
        torch.randn(config["seed"] % 5)


def side(config, i):
    """What is yielded beside the usual, or instead of it."""
    what, _, name = config["rule"].partition(" ")
    is_odd = {"always": True, "later": i > 0, "some replicates": config["seed"] % 2}
    if config["rule"] == "kind changes":
        return {config["side"]: "n/a" if i else 0.5}
    if config["rule"] == "None, then a list":
        return {config["side"]: [0.5] if i else None}
    if not is_odd[config["when"]]:
        return {}
    if what == "name":
        names = {repr(known): known for known in (*GOOD_NAMES, *BAD_NAMES)}
        return {names[name]: 0.5} if name in names else {}
    if what == "metric":
        return {config["metric"]: VALUES[name]}
    return {config["side"]: VALUES[name]} if what == "side" else {}
