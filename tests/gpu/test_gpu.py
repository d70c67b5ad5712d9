"""The command line on this machine's real GPUs: `make test-gpu`."""

from collections.abc import Callable

import pytest

from tests.gpu.checks import QUICK, SLOW, named
from tests.gpu.machine import Machine

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(600)]


@pytest.mark.parametrize("check", [*QUICK, *SLOW], ids=named)
def test_on_a_real_gpu(check: Callable[[Machine], None], machine: Machine) -> None:
    check(machine)


def test_the_exercise_trains_on_a_gpu_and_is_verified(machine: Machine) -> None:
    arguments = ("learning-rate", "--scale", 0.02, "--set", "train_rows=2000")
    for name, gpus in (("one", 1), ("quarter", 0.25)):
        options = ("--gpus-per-trial", gpus, "--name", name)
        code, output = machine.run(name, *arguments, *options)
        assert code == 0, output
        assert set(machine.record(name).trials["config/device"]) == {"cuda"}
    code, output = machine.sweepbook("verify", "records/one", "--trials", 1)
    assert code == 0 and "1 of " in output, output
