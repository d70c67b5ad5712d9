"""Checkpoints: what was saved comes back, no file has code executed, torch only for its own."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch

from sweepbook.record.checkpoints import checkpoint_path, load_checkpoint, save_checkpoint

ROWS = [{"replicate": 0, "round": 3, "val_acc": 0.1 + 0.2, "nan": float("nan")}]
WITHOUT_TORCH = """
import sys
from sweepbook.record.checkpoints import load_checkpoint, save_checkpoint
state = {"at": 3, "history": [1, (2.5, "x")], "done": {True, None}, "raw": b"z"}
rows = [{"round": 3, "val_acc": 0.1 + 0.2}]
save_checkpoint([sys.argv[1]], "plain", {"fidelity": 3, "state": state, "rows": rows})
assert load_checkpoint([sys.argv[1]], "plain")["state"] == state
assert "torch" not in sys.modules
"""


@pytest.fixture
def record(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    return str(tmp_path)


def test_plain_values_need_no_torch_and_are_read_by_one_who_has_it(record):
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORCH, record], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    loaded = load_checkpoint([record], "plain")
    assert loaded["fidelity"] == 3 and loaded["state"]["history"] == [1, (2.5, "x")]
    assert loaded["rows"] == [{"round": 3, "val_acc": 0.1 + 0.2}]


def test_tensors_come_back_as_they_were(record):
    state = [{"weight": torch.arange(3.0)}, {"n": 1}]
    save_checkpoint([record], "tensors", {"fidelity": 4, "state": state, "rows": ROWS})
    loaded = load_checkpoint([record], "tensors")
    assert torch.equal(loaded["state"][0]["weight"], state[0]["weight"])
    np.testing.assert_equal(loaded["rows"], ROWS)


@pytest.mark.parametrize(
    ("state", "name"),
    [
        ({"at": 1, "weight": np.arange(3.0)}, r"state\['weight'\] is a numpy.ndarray"),
        ([{"n": 1}, {"net": [torch.ones(1), np.int64(2)]}], r"state\[1\]\['net'\]\[1\]"),
        (np.zeros(2), "state is a numpy.ndarray"),
        ({"rng": np.random.default_rng(0)}, r"state\['rng'\] is a numpy.random"),
    ],
    ids=["array", "nested", "whole", "object"],
)
def test_a_state_that_could_not_be_loaded_is_refused_when_it_is_saved(record, state, name):
    with pytest.raises(TypeError, match=f"{name}.*torch.from_numpy"):
        save_checkpoint([record], "arrays", {"fidelity": 1, "state": state, "rows": ROWS})
    assert load_checkpoint([record], "arrays") is None


def test_a_file_that_asks_for_code_is_refused(record):
    with open(checkpoint_path(record, "evil").path, "wb") as file:
        pickle.dump({"fidelity": 1, "state": os.getcwd, "rows": []}, file)
    with pytest.raises(pickle.UnpicklingError, match="getcwd is no plain value"):
        load_checkpoint([record], "evil")
