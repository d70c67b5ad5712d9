"""`sweepbook export`: a folder with the best model, whose card says how to load it."""

import json
import os
import re
import subprocess
import sys
import textwrap

import pytest
import torch

from sweepbook import cli
from sweepbook.plan.studies import load_studies
from sweepbook.record.best import read_state
from tests.trained import train_record

SOURCE = """
    import numpy as np
    import torch
    from sweepbook import Claim, Fidelity, Metric, Study

    def describe(config):
        return {"name": "shapes | of <b>", "sha256": "abc123", "rows": {"train": 1200, "test": 30}}

    def train(config, state=None):
        for n in range(1, 4):
            loss = abs(n - 2) + config["lr"] + config["seed"] % 7 / 100
            yield {"epoch": n, "val_loss": loss, "test_acc": 0.5, "state": STATE}

    STUDY = Study(
        name="shapes", question="Which rate tells the shapes apart?", trainable="MODULE:train",
        data="MODULE:describe", metric=Metric("val_loss", "min"),
        fidelity=Fidelity("epoch", "epochs"), grid={"lr": [0.1, 0.2]}, replicates=3,
        fixed={"epochs": 3, "sizes": [4, 2], "rate": None},
        claims=[Claim(
            name="lower", statement="A smaller rate is better.", kind="direction",
            metric="val_loss", direction="lower", smallest=0.01, reason="we care",
            arms=[{"lr": 0.1}, {"lr": 0.2}],
        )],
    )
"""
STATES = {
    "state.json": ("lambda n=n: {'at': n}", [{"at": 2}] * 3),
    "state.pickle": ("lambda n=n: {'raw': b'z', 1: (n,)}", [{"raw": b"z", 1: (2,)}] * 3),
    "state.pt": ("lambda n=n: {'w': torch.ones(n)}", None),
}


def record_of(file, state):
    file.write_text(textwrap.dedent(SOURCE).replace("MODULE", file.stem).replace("STATE", state))
    return train_record(*load_studies([str(file)]), file.parent / "record")


@pytest.fixture
def export(monkeypatch, capsys):
    """Exports with these arguments: (exit code, what was printed)."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["sweepbook", "export", *map(str, arguments)])
        with pytest.raises(SystemExit) as ending:
            cli.main()
        printed = capsys.readouterr()
        return ending.value.code or 0, " ".join((printed.out + printed.err).split())

    return call


@pytest.mark.parametrize("name", STATES)
def test_the_code_of_the_card_loads_the_model_in_its_folder(toy_file, tmp_path, export, name):
    given, expected = STATES[name]
    record, out = record_of(toy_file, given), tmp_path / "deep" / "model"
    code, printed = export(record, "--best", out)
    assert code == 0 and "epoch 2" in printed
    assert {path.name for path in out.iterdir()} == {name, "config.json", "README.md"}
    card = (out / "README.md").read_text()
    (block,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    script = f"{block}\nassert config['lr'] == 0.1\nprint(len(state))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=out, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    assert done.stdout.split() == ["3"]
    state = read_state(out)
    if expected is not None:
        assert state == expected
    else:
        assert all(torch.equal(own["w"], torch.ones(2)) for own in state)
    config = json.loads((out / "config.json").read_text())
    assert config == {"lr": 0.1, "epochs": 3, "sizes": [4, 2], "rate": None}


def test_the_card_says_what_the_model_is_and_where_it_comes_from(toy_file, tmp_path, export):
    record, out = record_of(toy_file, STATES["state.json"][0]), tmp_path / "model"
    export(record, "--best", out)
    card = (out / "README.md").read_text()
    assert "test values are a little too good" in card, "its seeds were chosen"
    manifest = json.loads((record / "manifest.json").read_text())
    for said in (
        "Which rate tells the shapes apart?", r"shapes \| of &lt;b&gt;", "abc123", "1,200",
        manifest["versions"]["numpy"], manifest["record_digest"], "A smaller rate is better.",
        "**holds**", "95 % interval", f"{toy_file.stem}:train", "It is the best trial",
    ):  # fmt: skip
        assert said in card, said
    assert "metric of test data" not in card, "there is one"
    assert "None" not in card and "nan" not in card


def test_an_existing_folder_is_never_overwritten(toy_file, tmp_path, export):
    record = record_of(toy_file, STATES["state.json"][0])
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.txt").write_text("mine")
    code, printed = export(record, "--best", tmp_path / "model")
    assert code == 2 and "exists already" in printed and "--best" in printed
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["mine.txt"]


def test_a_disk_that_fails_leaves_no_half_folder(toy_file, tmp_path, export, monkeypatch):
    record = record_of(toy_file, STATES["state.json"][0])

    def fail(*_):
        raise OSError("no room left")

    with monkeypatch.context() as patch:
        patch.setattr("sweepbook.commands.models.export.os.rename", fail)
        code, printed = export(record, "--best", tmp_path / "out" / "model")
    assert code == 1 and "no room left" in printed
    assert list((tmp_path / "out").iterdir()) == []


def test_a_model_without_a_state_is_exported_without_one_and_that_is_said(
    toy_file, tmp_path, export
):
    record, out = record_of(toy_file, "None"), tmp_path / "model"
    code, printed = export(record, "--best", out)
    assert code == 0 and "holds no state" in printed
    assert {path.name for path in out.iterdir()} == {"config.json", "README.md"}
    assert "holds no state" in (out / "README.md").read_text()
    with pytest.raises(ValueError, match="holds none of state.json"):
        read_state(out)


def test_another_trial_may_be_asked_for(toy_file, tmp_path, export):
    record = record_of(toy_file, STATES["state.json"][0])
    trials = json.loads((record / "manifest.json").read_text())["trials"]
    (other,) = (trial["trial_id"] for trial in trials if trial["config"]["lr"] == 0.2)
    assert export(record, "--best", tmp_path / "model", "--trial", other)[0] == 0
    assert json.loads((tmp_path / "model" / "config.json").read_text())["lr"] == 0.2
    assert "It is the best trial" not in (tmp_path / "model" / "README.md").read_text()
    code, printed = export(record, "--best", tmp_path / "no", "--trial", "nobody")
    assert code == 2 and "nobody" in printed and not (tmp_path / "no").exists()


def test_the_export_of_a_model_without_tensors_imports_neither_torch_nor_ray(toy_file, tmp_path):
    record = record_of(toy_file, STATES["state.pickle"][0])
    code = (
        "import sys; sys.argv = ['sweepbook', 'export', *sys.argv[1:]]\n"
        "from sweepbook.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "assert not {'torch', 'ray'} & set(sys.modules), 'torch or ray imported'\n"
    )
    command = [sys.executable, "-c", code, record, "--best", tmp_path / "model"]
    subprocess.run(command, check=True, capture_output=True)
    assert read_state(tmp_path / "model") == STATES["state.pickle"][1]
