"""Studies on a cluster of real hosts: what is lost on the way does not change the record."""

import os
import pwd
import time

import pytest

from sweepbook.record.load import load_record

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

STUDY = """
import time
import beside
from sweepbook import Fidelity, Metric, Study

def train(config, state=None):
    at, value = state or (0, config["seed"] % 97)
    for n in range(at + 1, config["rounds"] + 1):
        time.sleep(0.12)  # twice: two replicates
        value = beside.step(value, config["cell"], n)
        yield {"round": n, "val_acc": float(value), "state": lambda s=(n, value): s}

def study(name, cells, rounds):
    return Study(
        name=name, question="?", trainable="travels:train", replicates=2,
        metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"),
        grid={"cell": list(range(cells))}, fixed={"rounds": rounds},
    )

CALM = study("calm", 4, 8)
CUT = study("cut", 6, 60)
KILLED = study("killed", 6, 50)
HEADLESS = study("headless", 5, 60)
"""
BESIDE = """
def step(value, cell, n):
    return (value * 31 + cell + n) % 1009  # only a whole history gives it
"""
PROJECT = {
    "search_spaces/__init__.py": """
from sweepbook import Fidelity, Metric, Study

PLACED = Study(
    name="placed", question="?", trainable="trainables.walk:train", replicates=1,
    metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"),
    grid={"cell": list(range(4))}, fixed={"rounds": 4},
)
""",
    "trainables/__init__.py": "",
    "trainables/walk.py": """
import time

def train(config):
    from analysis import places  # when it is called
    for n in range(1, config["rounds"] + 1):
        time.sleep(0.2)
        yield {"round": n, "val_acc": places.of(config["cell"], n)}
""",
    "analysis/places.py": """
def of(cell, n):
    return 1000.0 * cell + n
""",
}
# Asks Ray's central server for its machines, as every node and driver does that joins.
JOIN = "import sys; from ray._raylet import GcsClient; GcsClient(sys.argv[1]).get_all_node_info()"
HOME = pwd.getpwuid(os.getuid()).pw_dir
TRIAL = "ray::ImplicitFunc"  # a worker's process while it has a trial


@pytest.fixture(scope="module")
def studies(cluster):
    """The studies' files, brought to the head and to no other host."""
    folder = cluster.home("desk") / "studies"
    folder.mkdir()
    (folder / "travels.py").write_text(STUDY)
    (folder / "beside.py").write_text(BESIDE)
    cluster.run("ray rsync-up ~/on-prem.yaml ~/studies/ '~/studies/'")
    assert (cluster.home("head") / "studies" / "travels.py").exists()
    assert not (cluster.home("worker1") / "studies").exists()
    return folder


@pytest.fixture
def submit(cluster):
    """Starts `sweepbook run ARGUMENTS` on the head, as docs/cluster.md says."""

    def start(arguments):
        command = f".venv/bin/sweepbook run {arguments} --address auto | cat"  # no terminal
        return cluster.call(
            f"ray exec ~/on-prem.yaml 'set -o pipefail; cd sweepbook && {command}'"
        )

    return start


def study(name):
    return f"~/studies/travels.py:{name} --storage /mnt/shared/records"


@pytest.fixture
def undisturbed(studies, undisturbed_digest, monkeypatch):
    """The digest of a study where nothing happens: trained here, and nobody sleeps."""

    def train(name, n_trials):
        with monkeypatch.context() as patch:
            patch.setattr(time, "sleep", lambda seconds: None)
            return undisturbed_digest(studies / f"travels.py:{name}", n_trials)

    return train


def ended(cluster, driver, name, undisturbed):
    """The trials of a record that has ended well and says what an undisturbed one says."""
    assert driver.wait(240) == 0, cluster.said()
    record = load_record(cluster.shared / "records" / name)
    assert set(record.trials["status"]) == {"finished"}
    assert record.manifest.status == "complete"
    assert record.manifest.record_digest == undisturbed(name.upper(), len(record.trials))
    return record.trials


def trials_on(cluster, name):
    return cluster.wait_for(f"trials on {name}", lambda: cluster.processes(name, TRIAL), 60)


def test_a_study_file_of_the_head_is_trained_on_both_workers(
    cluster, studies, submit, undisturbed
):
    driver = submit(study("CALM"))
    trials_on(cluster, "worker1")
    trials_on(cluster, "worker2")
    assert not cluster.processes("head", TRIAL)
    trials = ended(cluster, driver, "calm", undisturbed)
    assert set(trials["n_node_losses"]) == set(trials["n_retries"]) == {0}


def test_a_project_s_packages_are_on_the_head_alone(cluster, submit):
    for name, text in PROJECT.items():
        path = cluster.home("desk") / "mine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    cluster.run("ray rsync-up ~/on-prem.yaml ~/mine/ '~/mine/'")
    driver = submit("placed --project ~/mine --storage /mnt/shared/records")
    assert driver.wait(120) == 0, cluster.said()
    trials = load_record(cluster.shared / "records" / "placed").trials
    assert sorted(trials["val_acc_last"]) == [4.0, 1004.0, 2004.0, 3004.0]
    assert set(trials["n_retries"]) == {0}
    for name in ("worker1", "worker2"):
        assert not (cluster.home(name) / "mine").exists()
        others = cluster.home(name) / "sweepbook"  # the folder that the driver works in
        assert (others / "trainables").is_dir() and (others / "analysis").is_dir()


def ask(cluster, name, command):
    """The exit code of a command on a host, without a token in its environment."""
    return cluster.call(command, name, HOME="/tmp", RAY_AUTH_MODE="disabled").wait(60)


def test_only_who_has_the_token_may_join_and_only_its_owner_can_read_it(cluster):
    nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups"
    for name in ("head", "worker1", "worker2"):
        assert ask(cluster, name, f"test $(stat -c %a {HOME}/.ray/auth_token) = 600") == 0
        assert ask(cluster, name, f"{nobody} cat {HOME}/sweepbook/README.md > /dev/null") == 0
        assert ask(cluster, name, f"{nobody} cat {HOME}/.ray/auth_token") != 0
        assert ask(cluster, name, "ls /tmp/sweepbook-root/ray/session_latest/") == 0
        assert ask(cluster, name, f"{nobody} ls /tmp/sweepbook-root/ray") != 0
        assert ask(cluster, name, "test -e /tmp/ray") != 0, "what all may write to"
    join = f"{HOME}/sweepbook/.venv/bin/python -c '{JOIN}' 10.77.0.10:6379"
    assert ask(cluster, "worker1", join) != 0
    assert "InvalidAuthToken" in cluster.said()
    token = f"RAY_AUTH_MODE=token RAY_AUTH_TOKEN=$(cat {HOME}/.ray/auth_token)"
    assert ask(cluster, "worker1", f"{token} {join}") == 0


def test_a_cut_cable_of_30_seconds(cluster, studies, submit, undisturbed):
    driver = submit(study("CUT"))
    trials_on(cluster, "worker1")
    time.sleep(3)  # a checkpoint
    cluster.plug("worker1", "down")
    time.sleep(30)
    cluster.plug("worker1", "up")
    trials = ended(cluster, driver, "cut", undisturbed)
    assert list(trials["n_retries"]) == list(trials["n_node_losses"]), "no failures of their own"


def test_a_killed_worker_host(cluster, studies, submit, undisturbed):
    driver = submit(study("KILLED") + " --max-failures 0")
    n_there = len(trials_on(cluster, "worker2"))
    time.sleep(3)  # a checkpoint
    cluster.kill("worker2")
    trials = ended(cluster, driver, "killed", undisturbed)
    assert trials["n_node_losses"].sum() >= n_there
    assert list(trials["n_retries"]) == list(trials["n_node_losses"])
    assert "retry: killed cell=" in cluster.log.read_text()
    assert "(its machine was lost" in cluster.log.read_text()


def test_a_killed_head(cluster, studies, submit, undisturbed):
    driver = submit(study("HEADLESS"))
    trials_on(cluster, "worker1")
    time.sleep(3)  # a checkpoint
    cluster.kill("head")
    assert driver.wait(60) != 0
    cluster.boot("head")
    if "worker2" not in cluster.pids:
        cluster.boot("worker2")
    cluster.run("ray up --yes ~/on-prem.yaml")
    driver = submit("--resume /mnt/shared/records/headless")
    ended(cluster, driver, "headless", undisturbed)


def test_ray_down_ends_the_head_and_ray_stop_the_workers(cluster):
    cluster.run("ray down --yes ~/on-prem.yaml")
    assert not cluster.processes("head", "ray::")
    for name in ("worker1", "worker2"):
        assert cluster.processes(name, "ray::"), "as docs/cluster.md says"
        cluster.run(cluster.ssh(name, "sweepbook/.venv/bin/ray stop"))
        assert not cluster.processes(name, "ray::")
