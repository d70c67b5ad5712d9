"""Trials ask for machines that are not there yet: Ray's autoscaler, its nodes are processes."""

import shutil

import pytest
import yaml

from sweepbook.record.load import load_record

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

HEAD_ID = "f" * 51 + "00000"  # what Ray's fake provider takes for the head
AUTOSCALER = {
    "cluster_name": "from-none",
    "max_workers": 5,
    "upscaling_speed": 4,
    "idle_timeout_minutes": 1,
    "provider": {
        "type": "external",  # by its own name it needs a file that Ray's wheel does not have
        "module": "ray.autoscaler._private.fake_multi_node.node_provider.FakeMultiNodeProvider",
        "use_node_id_as_ip": True,
        "disable_node_updaters": True,
        "disable_launch_config_check": True,
        "launch_multiple": True,
        "head_node_id": HEAD_ID,
        "gcs_address": "10.77.0.20:6379",
    },
    **{f"{part}setup_commands": [] for part in ("", "head_", "worker_")},
    "initialization_commands": [],
    "file_mounts": {},
    "cluster_synced_files": [],
    "auth": {},
    "head_node_type": "ray.head.default",
    "available_node_types": {
        "ray.head.default": {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0},
        "worker": {
            "resources": {"CPU": 1, "object_store_memory": 100_000_000},
            "node_config": {},
            "min_workers": 0,
            "max_workers": 5,
        },
    },
}
START = (
    "RAY_FAKE_CLUSTER=1 AUTOSCALER_UPDATE_INTERVAL_S=1 RAY_enable_autoscaler_v2=1 "
    f"RAY_CLOUD_INSTANCE_ID={HEAD_ID} RAY_OVERRIDE_NODE_ID_FOR_TESTING={HEAD_ID} "
    "ray start --head --num-cpus=0 --node-ip-address=10.77.0.20 --port=6379 "
    "--object-store-memory=100000000 --autoscaling-config=autoscaler.yaml"
)
STUDY = """
import dataclasses, time
from sweepbook import Fidelity, Metric, Search, Study

def space():
    from ray import tune
    return {"x": tune.uniform(0.0, 1.0)}

def train(config):
    for n in range(1, 3):
        time.sleep(5)
        yield {"round": n, "val_loss": config["x"] / n}

GRID = Study(
    name="grid", question="?", trainable="scaled:train", metric=Metric("val_loss", "min"),
    fidelity=Fidelity("round", "rounds"), fixed={"rounds": 2},
    grid={"x": (0.1, 0.2, 0.3, 0.4, 0.5)}, replicates=1,
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
    (home / "autoscaler.yaml").write_text(yaml.safe_dump(AUTOSCALER))
    (home / "scaled.py").write_text(STUDY)
    shutil.copytree(network.root / "sweepbook", home / "sweepbook" / "sweepbook")

    def call(command, code=0):
        path = "export PATH=~/sweepbook/.venv/bin:$PATH RAY_AUTH_MODE=token"
        done = network.call(network.ssh("cloud", f"{path}; {command}"))
        assert done.wait(240) == code, network.said()

    call(f"ray get-auth-token --generate > /dev/null && {START}")
    yield call
    network.kill("cloud")


def test_a_search_starts_machines_from_none_and_a_grid_more_than_there_are(head, network):
    run = "sweepbook run scaled.py:{} --address auto --storage /mnt/shared/scaled"
    head(run.format("SEARCH"), code=2)
    assert "study search is a search: with --address give --max-concurrent N" in network.said()
    head(run.format("SEARCH") + " --max-concurrent 3")
    head(run.format("GRID"))
    for name, at_a_time in (("search", 3), ("grid", 5)):
        record = load_record(network.shared / "scaled" / name)
        assert set(record.trials["status"]) == {"finished"}
        (session,) = record.manifest.sessions
        assert session["slots"] == at_a_time
