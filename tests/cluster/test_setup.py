"""cluster.yaml's own commands on a host that has nothing but Python: all of pip's downloads."""

import os
import shlex
import shutil
import subprocess

import pytest
import yaml

pytestmark = [pytest.mark.cluster, pytest.mark.setup, pytest.mark.timeout(1200)]
# how this machine reaches its package index
PASSED_ON = ("PIP_", "SSL_", "HTTP_", "HTTPS_", "NO_", "REQUESTS_", "http", "no_proxy")
STUDY = """
set -e
ip link set lo up
ray get-auth-token --generate > /dev/null
export RAY_AUTH_MODE=token
ray start --head --num-cpus=2
ray job submit -- ~/sweepbook/.venv/bin/sweepbook run ~/sweepbook/examples/forest.py \
  --address auto --storage ~/records
ray stop
"""


@pytest.fixture
def fresh(network):
    """Calls a command on the fresh host as Ray's command runner does."""
    network.boot_fresh()
    variables = {k: v for k, v in os.environ.items() if k.startswith(PASSED_ON)}

    def call(command, seconds=900):
        login = f"bash --login -c -i {shlex.quote(f'source ~/.bashrc; ({command})')}"
        done = network.call(login, "fresh", PATH="/usr/sbin:/usr/bin:/sbin:/bin", **variables)
        assert done.wait(seconds) == 0, network.said()

    (network.home("fresh") / ".bashrc").touch()
    yield call
    network.kill("fresh")
    shutil.rmtree(network.home("fresh"))  # gigabytes


def test_a_fresh_host_is_installed_and_trains_a_study(fresh, network):
    config = yaml.safe_load((network.root / "cluster.yaml").read_text())
    excluded = [f"--exclude={pattern}" for pattern in config["rsync_exclude"]]
    for there, here in config["file_mounts"].items():
        if here.startswith("./"):
            source, target = network.root / here, network.home("fresh") / there.removeprefix("~/")
            target.parent.mkdir(parents=True, exist_ok=True)
            tail = "/" if source.is_dir() else ""
            subprocess.run(["rsync", "-a", *excluded, f"{source}{tail}", target], check=True)
    for command in [*config["initialization_commands"], *config["setup_commands"]]:
        fresh(command)
    fresh(f"unshare --net bash -c {shlex.quote(STUDY)}", 300)
    assert "records/forest: 4 finished" in network.log.read_text()
