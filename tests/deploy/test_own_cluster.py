"""examples/cluster.yaml, for a user's own project: as cluster.yaml, but for what is installed."""

import re
from pathlib import Path

import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

ROOT = Path(__file__).parents[2]
OWN = {"cluster_name", "file_mounts", "setup_commands"}


def read(name):
    return yaml.safe_load((ROOT / name).read_text())


def test_ray_accepts_the_file():
    validate_config(prepare_config(read("examples/cluster.yaml")))


def test_all_else_is_as_in_our_own_file():
    ours, theirs = read("cluster.yaml"), read("examples/cluster.yaml")
    assert ours.keys() == theirs.keys()
    assert {key for key in ours if ours[key] != theirs[key]} == OWN


def test_nodes_install_from_requirements_and_nothing_of_this_repository():
    theirs = read("examples/cluster.yaml")
    commands, mounts = theirs["setup_commands"], theirs["file_mounts"]
    folder = "~/my_project"
    assert mounts[f"{folder}/requirements.txt"] == "./requirements.txt"
    assert mounts["~/.ray/auth_token"] == "~/.ray/auth_token"
    assert not any("constraints" in text or " -e " in text for text in (*commands, *mounts))
    assert sum("-r requirements.txt" in command for command in commands) == 1
    assert f"PATH={folder}/.venv/bin:$PATH" in commands[-1], "ray down calls a bare `ray stop`"


def test_the_page_names_the_project_s_own_version():
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    page = (ROOT / "docs" / "own-cluster.md").read_text()
    assert f"sweepbook[cluster]=={version[1]}\n" in page
    assert f"sweepbook-{version[1]}-py3-none-any.whl" in page
