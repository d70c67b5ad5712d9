"""Hosts on this machine, and Ray's own `ray up` with deploy/on-prem.yaml on them."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest
import yaml


def _module(name: str) -> ModuleType:
    """A module beside this file: tests are no package, and are imported by their paths."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hosts = _module("hosts")
HOSTS = ("head", "worker1", "worker2")
FILE = "~/on-prem.yaml"  # on the desk


@pytest.fixture(scope="session")
def network():
    """The desk alone. Without the rights: skipped, and failed in continuous integration."""
    if lacking := hosts.lacking():
        text = f"make cluster-test needs {', '.join(lacking)}"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    with hosts.temporary_folder() as folder:
        network = hosts.Hosts(folder)
        yield network
        network.close()


@pytest.fixture(scope="session")
def cluster(network):
    """A head and two workers, brought up by `ray up`."""
    for name in HOSTS:
        network.boot(name)
    (network.home("desk") / "on-prem.yaml").write_text(edited())
    network.run(f"ray up --yes {FILE}")
    return network


def edited() -> str:
    """deploy/on-prem.yaml with its marked places edited.

    The installation is already there: these tests' own .venv, and it is tested by itself.
    """
    text = (hosts.ROOT / "deploy" / "on-prem.yaml").read_text()
    for number, name in enumerate(HOSTS, 1):
        text = text.replace(f"192.0.2.{number}", hosts.ADDRESSES[name])
    config = yaml.safe_load(text)
    config["auth"]["ssh_user"] = "root"
    install = [line for line in config["setup_commands"] if "-m venv" in line or "pip" in line]
    assert len(install) == 2
    config["setup_commands"] = [c for c in config["setup_commands"] if c not in install]
    return yaml.safe_dump(config)
