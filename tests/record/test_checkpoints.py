"""Checkpoints: what was saved comes back, no file has code executed, torch only for its own."""

import os
import pickle
import subprocess
import sys
from collections import Counter, OrderedDict, defaultdict

import numpy as np
import pytest
import torch

from sweepbook.record.checkpoints import checkpoint_path, load_checkpoint, save_checkpoint

ROWS = [{"replicate": 0, "round": 3, "val_acc": 0.1 + 0.2, "nan": float("nan")}]
STATES = {
    "plain": {"at": 3, "history": [1, (2.5, "x")], "done": {True, None}, "z": 1 + 2j, "raw": b"z"},
    "containers": [bytearray(b"model"), OrderedDict(b=1, a=2), 2**127, (), {}, set()],
    "array": np.arange(3.0),
    "arrays": {
        "reversed": np.asfortranarray(np.arange(6.0).reshape(2, 3))[::-1],
        "mask": np.array([True, False]),
        "names": np.array(["a", "\u00fc\u00df"]),
        "at": np.array("2026-11-27", "datetime64[s]"),
        "records": np.array([(1, 2.5)], [("n", "i4"), ("x", "f8")]),
        "none": np.zeros((0, 3), "complex64"),
        "big": np.arange(3, dtype=">i2"),
    },
    "scalars": [(np.float64(0.1), np.str_("x"), np.bool_(True)), np.datetime64("2026-11-27")],
    "within": {np.int64(3): np.float32(0.1), "seen": {np.int64(1), np.int64(2)}},
    "randoms": np.random.MT19937(1).state,
    "None": None,
}
# saves and loads where nobody can import torch, and passes on what it has loaded
WITHOUT_TORCH = """
import pickle, sys
from sweepbook.record.checkpoints import load_checkpoint, save_checkpoint

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")

assert "torch" not in sys.modules
sys.meta_path.insert(0, NoTorch())
for name, state in pickle.load(sys.stdin.buffer).items():
    save_checkpoint([sys.argv[1]], name, {"fidelity": 3, "state": state, "rows": []})
names = sys.argv[2:]
try:
    loaded = {name: load_checkpoint([sys.argv[1]], name)["state"] for name in names}
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
sys.stdout.buffer.write(pickle.dumps(loaded, 5))
"""


@pytest.fixture
def record(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    return str(tmp_path)


def without_torch(record, states, *names):
    command = [sys.executable, "-c", WITHOUT_TORCH, record, *names]
    done = subprocess.run(command, input=pickle.dumps(states, 5), capture_output=True)
    return pickle.loads(done.stdout) if done.returncode == 0 else done.stderr.decode()


def save(record, name, state):
    save_checkpoint([record], name, {"fidelity": 3, "state": state, "rows": ROWS})


def load(record, name):
    return load_checkpoint([record], name)["state"]


def assert_same(one, other):
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert_same(list(one), list(other))
        assert_same(list(one.values()), list(other.values()))
    elif isinstance(one, set):
        assert one == other and set(map(type, one)) == set(map(type, other))
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for each, its in zip(one, other, strict=True):
            assert_same(each, its)
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype and one.shape == other.shape
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    else:
        assert one == other


def test_what_was_saved_comes_back(record):
    for name, state in STATES.items():
        save(record, name, state)
        assert_same(load(record, name), state)
    loaded = load_checkpoint([record], "plain")
    assert loaded["fidelity"] == 3 and set(loaded) == {"fidelity", "state", "rows"}
    np.testing.assert_equal(loaded["rows"], ROWS)


def test_an_environment_without_torch_saves_and_loads_the_same(record):
    assert_same(without_torch(record, STATES, *STATES), STATES)
    for name, state in STATES.items():
        assert_same(load(record, name), state)
        save(record, f"again {name}", state)
    again = without_torch(record, {}, *(f"again {name}" for name in STATES))
    assert_same(list(again.values()), list(STATES.values()))


def test_tensors_come_back_as_they_were_beside_arrays_and_plain_values(record):
    state = [{"weight": torch.arange(3.0), 4: torch.Size([1])}, {"n": 1, "of": STATES}]
    save(record, "tensors", state)
    assert_same(load(record, "tensors"), state)
    assert_same(torch.load(checkpoint_path(record, "tensors").path)["state"][0], state[0])


def test_a_checkpoint_with_tensors_says_what_it_needs_where_torch_is_not_installed(record):
    save(record, "tensors", {"weight": torch.arange(3.0)})
    assert "not installed: pip install torch" in without_torch(record, {}, "tensors")


def test_a_loaded_array_can_be_written_to(record):
    save(record, "array", {"weight": np.arange(3.0)})
    load(record, "array")["weight"] += 1


REFUSED = {
    "objects": ({"x": np.array([{}, None])}, r"state\['x'\] is a numpy.ndarray of dtype object"),
    "generator": (
        [{"n": 1}, ({"rng": np.random.default_rng(0)},)],
        r"state\[1\]\[0\]\['rng'\] is",
    ),
    "masked": ({"x": np.ma.masked_array([1, 2], [0, 1])}, r"state\['x'\] is a numpy.ma"),
    "function": (os.getcwd, "state is a builtins.builtin_function"),
    "class": ({"kind": dict}, r"state\['kind'\] is a builtins.type"),
    "key": ({"n": {(1, dict): 2}}, r"the key \(1, <class 'dict'>\) of state\['n'\]"),
    "missing": (defaultdict(int), "state is a collections.defaultdict"),
    "bytes": ([np.bytes_(b"cut\0")], r"state\[0\] is a numpy.bytes_"),
}


@pytest.mark.parametrize(("state", "name"), REFUSED.values(), ids=REFUSED)
def test_a_state_that_could_not_be_loaded_is_refused_when_it_is_saved(record, state, name):
    with pytest.raises(TypeError, match=f"^{name}.*a checkpoint holds"):
        save(record, "refused", state)
    assert load_checkpoint([record], "refused") is None


def test_tensors_do_not_make_other_objects_good(record):
    with pytest.raises(TypeError, match=r"^state\['n'\] is a collections.defaultdict"):
        save(record, "refused", {"weight": torch.ones(1), "n": defaultdict(int)})


@pytest.mark.parametrize("value", [os.getcwd, Counter, np.ndarray, np.zeros(1), np.float64(1)])
def test_a_file_that_asks_for_code_is_refused(record, value):
    with open(checkpoint_path(record, "evil").path, "wb") as file:
        pickle.dump({"fidelity": 1, "state": value, "rows": []}, file)
    with pytest.raises(pickle.UnpicklingError, match="is no plain value"):
        load_checkpoint([record], "evil")


def test_an_array_that_asks_for_code_is_refused(record):
    save(record, "evil", {"x": np.arange(3)})
    path = checkpoint_path(record, "evil").path
    with open(path, "rb") as file:
        content = pickle.load(file)
    (text,) = content["numpy"]
    for header, error in ((b"", ValueError), (b"\x93NUMPY\x01\x00", ValueError)):
        objects = {text: (False, header + pickle.dumps(os.getcwd))}
        with open(path, "wb") as file:
            pickle.dump(content | {"numpy": objects}, file)
        with pytest.raises(error):
            load_checkpoint([record], "evil")
