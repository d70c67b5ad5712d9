"""A study of a user's own, in a file, quick enough for every test."""

import sys
import textwrap

import pytest

TOY = """
    from search_spaces import Fidelity, Metric, Study

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


@pytest.fixture
def toy_file(tmp_path, request, monkeypatch):
    """A study file with a module name of its own, forgotten again after the test."""
    name = "toy_" + "".join(c if c.isalnum() else "_" for c in request.node.name)
    file = tmp_path / f"{name}.py"
    file.write_text(textwrap.dedent(TOY).replace("MODULE", name))
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield file
    sys.modules.pop(name, None)
