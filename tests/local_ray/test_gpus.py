"""Where trials are placed on GPUs: logical ones, which Ray hands out as it does real ones."""

import secrets
import subprocess
import sys

import pandas as pd
import pytest

from sweepbook.record.load import load_record

pytestmark = [pytest.mark.ray, pytest.mark.timeout(200)]

RAY = """
import ray
started = ray.init(
    address="local", num_cpus=2, num_gpus=2, include_dashboard=False, log_to_driver=False
)
print(started.address_info["gcs_address"], flush=True)
input()
"""
STUDY = '''
import os, time
from dataclasses import dataclass
from pathlib import Path
from sweepbook import Fidelity, Metric, Study

@dataclass(frozen=True)
class Config:
    n: int = 0
    rounds: int = 2
    device: str = "cpu"
    needs: float = 0.0
    seed: int = 0

def train(config: Config, state=None):
    import ray
    share = ray.get_runtime_context().get_assigned_resources().get("GPU", 0.0)
    began, visible = time.time(), os.environ.get("CUDA_VISIBLE_DEVICES", "all")
    if share == 0.5 and not config.needs:
        meet(Path(__file__).parent / f"on-{visible}", str(config.n))
    for n in range(1 + (state or 0), config.rounds + 1):
        if n == 2 and share < config.needs:
            import torch  # here alone: a second of every worker's start
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        time.sleep(0.4)
        yield {
            "round": n, "val_acc": float(n), "share": share, "began": began, "ended": time.time(),
            "visible": visible,
            **({"state": lambda n=n: n} if config.needs == 1.0 else {}),
        }

def meet(folder, name):
    """Waits for another trial that is on the same device, however slowly it starts."""
    folder.mkdir(exist_ok=True)
    (folder / name).touch()
    deadline = time.time() + 60
    while len(list(folder.iterdir())) < 2 and time.time() < deadline:
        time.sleep(0.05)

def study(name, n_trials, **rest):
    return Study(
        name=name, question="?", trainable="placed:train", replicates=1, cpus=0.1,
        metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"),
        grid={"n": range(n_trials)}, **rest,
    )

SHARED = study("shared", 4, gpus=0.5)
WHOLE = study("whole", 2, gpus=1, fixed={"needs": 0.9})
NONE = study("none", 1)
CROWDED = study("crowded", 1, gpus=0.5, fixed={"needs": 1.0})
FULL = study("full", 1, gpus=1, fixed={"needs": 2.0})
'''


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Of a Ray with two logical GPUs, which lets in whoever has this module's token."""
    token = tmp_path_factory.mktemp("ray") / "token"
    token.write_text(secrets.token_hex(32))
    command = [sys.executable, "-c", RAY]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN_PATH", str(token))
        with subprocess.Popen(command, **pipes) as process:
            yield process.stdout.readline().strip()
            process.communicate("\n")


def endings(records):
    """How many trials of each record have finished."""
    return {name: int((r.trials["status"] == "finished").sum()) for name, r in records.items()}


def most_at_once(rows):
    """The largest sum of shares of one device that were taken at one moment."""
    starts = rows["began"]
    at = [rows[(rows["began"] <= t) & (t < rows["ended"])]["share"].sum() for t in starts]
    return max(at)


def test_each_trial_sees_its_own_gpu_and_none_is_oversubscribed(complete, address, tmp_path):
    (tmp_path / "placed.py").write_text(STUDY)
    code, output = complete("run", "placed.py", "--address", address, "--max-failures", 0)
    assert code == 1, output
    records = {
        name: load_record(tmp_path / "records" / name)
        for name in ("shared", "whole", "none", "crowded", "full")
    }
    none = records["none"]
    assert set(none.reports["visible"]) == {""}, "a trial without GPUs sees none"
    assert set(none.trials["config/device"]) == {"cpu"}

    crowded = records["crowded"].trials.iloc[0]
    assert crowded["status"] == "finished" and crowded["n_retries"] == 1
    assert records["crowded"].reports["share"].tolist() == [0.5, 1.0], "from its checkpoint"
    assert "CUDA out of memory. Tried to allocate 2.00 GiB. (placed.py, line " in output
    assert "; next alone on a whole GPU" in output

    full = records["full"].trials.iloc[0]
    assert (full["status"], full["n_retries"]) == ("failed", 0), "nothing larger to retry on"
    assert full["reason"].startswith(
        "error after round 1 of 2: OutOfMemoryError: "
        "CUDA out of memory. Tried to allocate 2.00 GiB. (placed.py, line "
    )
    assert endings(records) == {"shared": 4, "whole": 2, "none": 1, "crowded": 1, "full": 0}

    first = ["shared", "whole"]  # the crowded trial came after them
    assert {s for name in first for s in records[name].reports["visible"]} == {"0", "1"}
    spans = ["trial_id", "visible", "share"]
    rows = pd.concat([records[name].reports for name in first])
    spent = rows.groupby(spans, as_index=False).agg(began=("began", "min"), ended=("ended", "max"))
    assert len(spent) == 6, "a trial stays on its device"
    for _, device in spent.groupby("visible"):
        assert most_at_once(device) <= 1
    shared = spent[spent["share"] == 0.5]
    assert max(most_at_once(device) for _, device in shared.groupby("visible")) == 1, "they share"
    for name, share in (("shared", 0.5), ("whole", 1.0)):
        assert set(records[name].reports["share"]) == {share}
        assert set(records[name].trials["config/device"]) == {"cuda"}
