"""cluster.yaml and deploy/on-prem.yaml: what Ray accepts, and one installation everywhere."""

import re
import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

ROOT = Path(__file__).parents[2]
FILES = ("cluster.yaml", "deploy/on-prem.yaml")


def read(name):
    return yaml.safe_load((ROOT / name).read_text())


def pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))


@pytest.mark.parametrize("name", FILES)
def test_ray_accepts_the_file(name):
    validate_config(prepare_config(read(name)))


def test_a_misspelt_key_would_not_be_accepted():
    config = prepare_config(read("cluster.yaml")) | {"head_node_typ": "head"}
    with pytest.raises(jsonschema.ValidationError, match="head_node_typ"):
        validate_config(config)


def test_the_head_runs_no_trials_and_every_worker_starts_from_none():
    config = read("cluster.yaml")
    types = config["available_node_types"]
    head = types.pop(config["head_node_type"])
    assert head["resources"] == {"CPU": 0}
    assert {t["min_workers"] for t in types.values()} == {0}
    assert sum(t["max_workers"] for t in types.values()) <= config["max_workers"]
    assert {"GPU" in t["resources"] for t in types.values()} == {True, False}
    for name in FILES:
        assert any("--num-cpus=0" in line for line in read(name)["head_start_ray_commands"])


@pytest.mark.parametrize("name", FILES)
def test_nodes_get_all_that_the_project_is_installed_from(name):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    parts = ["sweepbook", "search_spaces", "trainables", "analysis", "examples"]
    named = [project["project"]["readme"], project["project"]["license"]["file"]]
    mounts = read(name)["file_mounts"]
    for part in [*parts, *named, "pyproject.toml", "constraints.txt"]:
        assert mounts[f"~/sweepbook/{part}"] == f"./{part}"
    for local in mounts.values():
        if local.startswith("./"):
            assert (ROOT / local).exists(), "Ray stops at a path that is not there"


def test_the_commands_of_the_document_find_their_project():
    text = (ROOT / "docs" / "cluster.md").read_text().replace("\\\n", " ")
    typed = [line for line in text.splitlines() if line.startswith("    ")]
    lines = [line for line in typed if "sweepbook run" in line]
    assert len(lines) == 5
    for line in lines:
        by_file = re.search(r"sweepbook run ~/\S+\.py ", line)
        stands_in_it = re.search(r"'cd (sweepbook && |my_project && ~/sweepbook/)\.venv", line)
        assert by_file or stands_in_it or " --project sweepbook " in line, line


@pytest.mark.parametrize("name", FILES)
def test_every_node_has_the_same_python_and_ray(name):
    config = read(name)
    assert config["setup_commands"][:-1] == read("cluster.yaml")["setup_commands"][:-1]
    assert not config.get("head_setup_commands") and not config.get("worker_setup_commands")
    commands = "\n".join(
        line for key, lines in config.items() if key.endswith("_commands") for line in lines
    )
    assert "-c constraints.txt" in commands and pins()["ray"]
    tested = re.search(r"Python (\d+\.\d+)", (ROOT / "constraints.txt").read_text())
    assert set(re.findall(r"python(3\.\d+)", commands)) == {tested[1]}
    exact = re.findall(r"uv python install (\S+?)\)", commands)
    assert all(version.startswith(f"{tested[1]}.") for version in exact)
    assert "ray==" not in commands, "its version has one place, constraints.txt"
    assert commands.count("ray start ") == commands.count("ray stop") == 2
    (profile,) = [line for line in config["setup_commands"] if "~/.bashrc" in line]
    assert "PATH=~/sweepbook/.venv/bin:$PATH" in profile, "ray down calls a bare `ray stop`"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("node", ["head", "worker"])
def test_a_node_starts_with_a_token_that_nobody_else_can_read(name, node):
    _, before, *_, start = read(name)[f"{node}_start_ray_commands"]
    assert "chmod 700 ~/.ray" in before and "chmod 600 ~/.ray/auth_token" in before
    assert re.search(r"\bRAY_AUTH_MODE=token .*ray start", start)
