"""The Ray that a command starts is its owner's alone, and does not outlive a driver's SIGKILL."""

import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.ray, pytest.mark.timeout(120)]

STUDY = """
import time
import ray  # which reads its environment then
from sweepbook import Fidelity, Metric, Study

def train(config):
    open("training", "a").close()
    for n in range(1, 1001):
        time.sleep(0.2)
        yield {"round": n, "loss": 1.0 / n}

LONG = Study(
    name="long", question="?", trainable="long_study:train", metric=Metric("loss", "min"),
    fidelity=Fidelity("round", "rounds"), grid={"cell": (0, 1)}, fixed={"rounds": 1000},
    replicates=1,
)
"""
ALIVE_S = 15  # at most, after their driver was killed
LISTENING = "0A"
# Asks Ray's central server for its machines, as every driver does that joins.
JOIN = "import sys; from ray._raylet import GcsClient; GcsClient(sys.argv[1]).get_all_node_info()"


def wait_for(what, look, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.2)
    pytest.fail(f"no {what} within {seconds} s")


def below(pid):
    """PID -> command line of all processes that a process has started, directly or not."""
    found = {}
    children = subprocess.run(["ps", "-ewwo", "pid=,ppid=,args="], capture_output=True, text=True)
    rows = [line.split(None, 2) for line in children.stdout.splitlines()]
    parents = {pid}
    while parents:
        new = {int(p): args for p, parent, args in rows if int(parent) in parents}
        found |= new
        parents = set(new)
    return found


def gcs_below(pid):
    """The central server of a driver's Ray, as far as it has started."""
    return [found for found, args in below(pid).items() if "/gcs/gcs_server" in args]


def listening(pids):
    """(hexadecimal address, port) of every TCP socket that one of these processes listens at."""
    inodes = set()
    for pid in pids:
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            if (target := str(handle.readlink())).startswith("socket:["):
                inodes.add(target[8:-1])
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == LISTENING and inode in inodes:
                host, port = local.split(":")
                found.append((host, int(port, 16)))
    return found


def is_loopback(host):
    mapped = "0000000000000000FFFF00000100007F"  # ::ffff:127.0.0.1, as /proc writes it
    return host in ("0100007F", mapped, "00000000000000000000000001000000")


@pytest.fixture
def driver(sweepbook, tmp_path, monkeypatch):
    """A driver whose trials are being trained, of a user who once wanted a Ray without tokens."""
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    (tmp_path / "long_study.py").write_text(STUDY)
    process = sweepbook("run", "long_study.py")
    wait_for("trial", (tmp_path / "training").exists)
    return process


def private_folder(driver):
    """The folder of the sockets and files of the driver's Ray."""
    (raylet,) = [args for args in below(driver.pid).values() if "/raylet/raylet " in args]
    (socket,) = [a for a in raylet.split() if a.startswith("--raylet_socket_name=")]
    parents = Path(socket.partition("=")[2]).parents
    return next(folder for folder in parents if folder.name.startswith("ray-"))


def test_all_services_listen_on_loopback_and_the_token_is_the_owner_s(driver, tmp_path):
    ray = {pid for pid, args in below(driver.pid).items() if "ray" in args}
    sockets = listening(ray | {driver.pid})
    assert len(sockets) >= 4, "GCS, raylet, driver, workers"
    assert [host for host, _ in sockets if not is_loopback(host)] == []
    folder = private_folder(driver)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    token = folder / "auth_token"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    (gcs,) = [pid for pid, args in below(driver.pid).items() if "/gcs/gcs_server" in args]
    ((_, port),) = listening([gcs])

    def join(token):
        variables = {"HOME": str(tmp_path), "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token}
        command = [sys.executable, "-c", JOIN, f"127.0.0.1:{port}"]
        return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60)

    joined, refused = join(token.read_text()), join("0" * 64)
    assert joined.returncode == 0, joined.stderr
    assert refused.returncode != 0 and "InvalidAuthToken" in refused.stderr


def test_no_process_and_no_folder_outlives_a_killed_driver(driver):
    folder, ray = private_folder(driver), below(driver.pid)
    assert len(ray) > 5
    driver.kill()
    driver.wait()

    def left():
        alive = subprocess.run(["ps", "-ewwo", "pid=,stat=,args="], capture_output=True, text=True)
        rows = [line.split(None, 2) for line in alive.stdout.splitlines()]
        return [args for pid, state, args in rows if int(pid) in ray and "Z" not in state]

    wait_for(f"end of {left()}", lambda: not left(), ALIVE_S)
    wait_for("end of the folder", lambda: not folder.exists(), ALIVE_S)


def test_a_command_that_ends_leaves_no_process_and_no_folder(driver):
    folder, ray = private_folder(driver), below(driver.pid)
    driver.terminate()
    output, _ = driver.communicate(timeout=60)
    assert "resume with" in output and "SIGTERM" not in output, "no stack of Ray's library in C"
    for pid in ray:
        wait_for(f"end of {ray[pid]}", lambda pid=pid: not Path(f"/proc/{pid}").exists(), ALIVE_S)
    wait_for("end of the folder", lambda: not folder.exists(), ALIVE_S)


CLOSING = """
import os, signal, sys
from pathlib import Path
from sweepbook.tune.cluster.connection import connect
signal.signal(signal.SIGTERM, lambda *_: print("ours"))
closing = connect(None, Path("ray.log"), [])
os.kill(os.getpid(), signal.SIGTERM)
closing.close()
os.kill(os.getpid(), signal.SIGTERM)
"""


def test_the_handler_of_sigterm_is_ours_while_ray_is_there_and_afterwards(tmp_path):
    command = [sys.executable, "-c", CLOSING]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=100)
    assert (done.returncode, done.stdout.split()) == (0, ["ours", "ours"]), done.stderr


def test_ctrl_c_while_it_starts_leaves_no_process_and_no_folder(sweepbook, tmp_path):
    (tmp_path / "long_study.py").write_text(STUDY)
    process = sweepbook("run", "long_study.py")
    (gcs,) = wait_for("process of Ray", lambda: gcs_below(process.pid))
    logs = Path(f"/proc/{gcs}/fd/1").readlink()
    folder = next(above for above in logs.parents if above.name.startswith("ray-"))
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert "interrupted" in output and "Traceback" not in output
    assert not (tmp_path / "training").exists()
    wait_for("end of Ray", lambda: not Path(f"/proc/{gcs}").exists(), ALIVE_S)
    wait_for("end of the folder", lambda: not folder.exists(), ALIVE_S)


def test_only_what_trials_need_is_started(driver):
    commands = " ".join(below(driver.pid).values())
    assert "gcs_server" in commands
    for needless in ("dashboard/dashboard.py", "log_monitor.py", "autoscaler/_private/monitor.py"):
        assert needless not in commands
