"""This machine's GPUs. Without one: skipped, and failed where CI_GPU=1 promises one."""

import os

import pytest

from tests.gpu.machine import Machine


def lacking() -> str | None:
    """Says in one sentence what this machine lacks for tests on a GPU, or None."""
    try:
        import torch
    except ModuleNotFoundError:
        return "make test-gpu needs torch, which is not installed."
    if torch.version.cuda is None:
        return f"make test-gpu needs a torch with CUDA, and torch {torch.__version__} has none."
    if not torch.cuda.is_available():
        return "make test-gpu needs an NVIDIA GPU with its driver, and torch finds none here."
    return None


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """This machine, all its GPUs included."""
    if text := lacking():
        if os.environ.get("CI_GPU") == "1":
            pytest.fail(text, pytrace=False)
        pytest.skip(text)
    import torch

    return Machine(tmp_path_factory.mktemp("gpu"), torch.cuda.device_count())
