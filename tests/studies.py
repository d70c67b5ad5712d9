"""A study of a user's own, in a file, quick enough for every test."""

import sys
import textwrap

import pytest

from sweepbook.plan.studies import load_studies

TOY = """
    from sweepbook import Fidelity, Metric, Study

    def train_toy(config, state=None):
        at = state["at"] if state else 0
        for n in range(at + 1, config["rounds"] + 1):
            value = config["slope"] * n + config["seed"] % 97
            yield {"round": n, "val_acc": value, "state": lambda n=n: {"at": n}}

    TOY = Study(
        name="toy", question="Which slope?", trainable="MODULE:train_toy",
        metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"),
        grid={"slope": (1.0, 2.0)}, fixed={"rounds": 3}, replicates=2,
    )
"""


COUNTED = """
    import dataclasses
    from sweepbook import ASHA, Fidelity, Metric, Option, Study

    @dataclasses.dataclass(frozen=True)
    class Config:
        model: str = "net"
        epochs: int = 1
        rounds: int = 7
        seed: int = 0
        weights: str = "none"
        skip_corrupt: bool = False

    def n_evals(config):
        return 4 * config["epochs"] if config["model"] == "net" else config["rounds"]

    def is_single(config):
        return config["model"] == "trees"

    def train(config: Config, state=None):
        at = state["at"] if state else 0
        for n in range(at + 1, n_evals(dataclasses.asdict(config)) + 1):
            yield {"eval": n, "val_acc": n + config.seed % 97, "state": lambda n=n: {"at": n}}

    COUNTED = Study(
        name="counted", question="?", trainable="MODULE:train", metric=Metric("val_acc", "max"),
        fidelity=Fidelity("eval", "epochs", count="MODULE:n_evals"), single="MODULE:is_single",
        grid={"model": ("net", "trees")}, replicates=3,
        options=[
            Option("weights", "name_or_file", "Start."), Option("skip_corrupt", "flag", "Skip."),
        ],
    )
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder for users' files, forgotten again with every module from it."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__spec__", "")):
            del sys.modules[name]


@pytest.fixture
def toy_file(tmp_path, request, monkeypatch):
    """A study file with a module name of its own, forgotten again after the test."""
    name = "toy_" + "".join(c if c.isalnum() else "_" for c in request.node.name)
    file = tmp_path / f"{name}.py"
    file.write_text(textwrap.dedent(TOY).replace("MODULE", name))
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield file
    sys.modules.pop(name, None)


@pytest.fixture
def counted(toy_file):
    """A study with a net of 4 evals an epoch, 3 seeds, and trees of 7 rounds, 1 seed."""
    toy_file.write_text(textwrap.dedent(COUNTED).replace("MODULE", toy_file.stem))
    return load_studies([str(toy_file)])[0]
