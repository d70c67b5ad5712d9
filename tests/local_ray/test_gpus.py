"""The command line on logical GPUs, which Ray hands out as it does real ones."""

import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.gpu.checks import QUICK, SLOW, named
from tests.gpu.machine import Machine

pytestmark = [pytest.mark.ray, pytest.mark.timeout(400)]

N_GPUS = 2
RAY = f"""
import ray
started = ray.init(
    address="local", num_cpus=2, num_gpus={N_GPUS}, include_dashboard=False, log_to_driver=False
)
print(started.address_info["gcs_address"], flush=True)
input()
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A Ray with logical GPUs, which lets in whoever has this module's token."""
    token = tmp_path_factory.mktemp("ray") / "token"
    token.write_text(secrets.token_hex(32))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN_PATH", str(token))
        with subprocess.Popen(
            [sys.executable, "-c", RAY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            address = ["--address", process.stdout.readline().strip()]
            yield Machine(tmp_path_factory.mktemp("gpus"), N_GPUS, address)
            process.communicate("\n")


@pytest.mark.parametrize(
    "check", [*QUICK, *(pytest.param(check, marks=pytest.mark.more) for check in SLOW)], ids=named
)
def test_on_logical_gpus(check: Callable[[Machine], None], machine: Machine) -> None:
    check(machine)
