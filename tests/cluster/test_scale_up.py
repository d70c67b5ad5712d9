"""Trials ask for machines that are not there yet: Ray's autoscaler, its nodes are processes."""

import json
import shutil

import pytest

from analysis.load import load_record

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]

AUTOSCALER = """
from ray.cluster_utils import AutoscalingCluster
worker = {"resources": {"CPU": 1}, "node_config": {}, "min_workers": 0, "max_workers": 3}
AutoscalingCluster(
    head_resources={"CPU": 0}, worker_node_types={"worker": worker}, max_workers=3
).start()
"""
STUDY = """
import dataclasses, time
from search_spaces import Fidelity, Metric, Search, Study

def space():
    from ray import tune
    return {"x": tune.uniform(0.0, 1.0)}

def train(config):
    for n in range(1, 3):
        time.sleep(4)
        yield {"round": n, "val_loss": config["x"] / n}

GRID = Study(
    name="grid", question="?", trainable="scaled:train", metric=Metric("val_loss", "min"),
    fidelity=Fidelity("round", "rounds"), grid={"x": (0.0, 0.5, 1.0)}, fixed={"rounds": 2},
    replicates=1,
)
SEARCH = dataclasses.replace(
    GRID, name="search", grid={}, search=Search(space="scaled:space", n_trials=3, n_random=3)
)
"""


@pytest.fixture
def head(network):
    """Calls a command on a host whose Ray has a head without CPUs and no worker."""
    network.boot("cloud")
    home = network.home("cloud")
    (home / "autoscaler.py").write_text(AUTOSCALER)
    (home / "scaled.py").write_text(STUDY)
    for part in ("analysis", "search_spaces", "sweepbook", "trainables"):
        shutil.copytree(network.root / part, home / "sweepbook" / part)

    def call(command, code=0):
        path = "export PATH=~/sweepbook/.venv/bin:$PATH RAY_AUTH_MODE=token"
        ssh = "ssh -q -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
        done = network.call(f"{ssh} {network.addresses['cloud']} '{path}; {command}'")
        assert done.wait(120) == code, network.said()

    call("ray get-auth-token --generate > /dev/null && python autoscaler.py")
    yield call
    network.kill("cloud")


def test_a_grid_and_a_search_start_three_machines_from_none(head, network):
    run = "sweepbook run scaled.py --address auto --storage /mnt/shared/scaled"
    head(run, code=2)
    assert "study search is a search: with --address give --max-concurrent N" in network.said()
    head(f"{run} --max-concurrent 3")
    for name in ("grid", "search"):
        record = load_record(network.shared / "scaled" / name)
        assert set(record.trials["status"]) == {"finished"}
        (session,) = record.manifest["sessions"]
        print(json.dumps(session), record.trials[["started", "ended"]].to_string())
        assert session["slots"] == 3, "all at a time"
