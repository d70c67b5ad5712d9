"""docs/best-model.md: its code runs as it stands, on records that are trained here."""

import contextlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sweepbook import Fidelity, Metric, Study
from sweepbook.plan.options import Options
from tests.trained import train_record
from trainables.mlp import predict
from trainables.mlp_config import as_config
from trainables.mlp_data import load_stacked
from trainables.seeds import replicate_seeds

DOC = (Path(__file__).parents[2] / "docs" / "best-model.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", DOC, re.DOTALL)
MODULE = "best_model_doc"


def study(name, trainable, **rest):
    usual = {"metric": Metric("val_acc", "max"), "fidelity": Fidelity("epoch", "epochs")}
    return Study(name=name, question="?", trainable=trainable, **usual | {"replicates": 2} | rest)


PICKLED = """
import pickle

def train_pickled(config):
    for epoch in range(1, config["epochs"] + 1):
        pipeline, x_val, y_val = fit_pipeline(config, epoch)
        yield {
            "epoch": epoch,
            "val_acc": pipeline.score(x_val, y_val),
            "state": lambda: {"pickle": pickle.dumps(pipeline)},
        }
"""


@pytest.fixture
def doc(folder, monkeypatch):
    """The trainables of the page in a file, and the one that it describes in words."""
    said = '"state": lambda: {"pickle": pickle.dumps(pipeline)}'
    assert said in DOC and said in PICKLED
    code = [block for block in BLOCKS if "def train_" in block]
    (folder / f"{MODULE}.py").write_text("\n\n".join([*code, PICKLED]))
    monkeypatch.syspath_prepend(str(folder))


@pytest.fixture
def records(doc, tmp_path, monkeypatch, city_folder, pictures, weight_file):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "records"
    folder.mkdir()
    nets = study(
        "architecture", "trainables.mlp:train_mlp", stacked=True,
        data="trainables.mlp:describe_data", grid={"depth": [1, 2]},
        fixed={"epochs": 3, "batch_size": 32},
    )  # fmt: skip
    train_record(nets, folder / "architecture", Options(data=str(city_folder)))
    images = study(
        "pictures", "trainables.vision:train_vision", data="trainables.vision:describe_data",
        fidelity=Fidelity("eval", "epochs", count="trainables.vision:n_evals"),
        fixed={"model": "resnet18-finetune", "weights": str(weight_file), "size": 16,
               "epochs": 1, "batch_size": 8, "evals_per_epoch": 3},
    )  # fmt: skip
    train_record(images, folder / "pictures", Options(data=str(pictures)))
    sgd = {"grid": {"alpha": [1e-4, 1e-2]}, "fixed": {"epochs": 3}}
    train_record(study("digits", f"{MODULE}:train_digits", **sgd), folder / "digits")
    train_record(study("pickled", f"{MODULE}:train_pickled", **sgd), folder / "pickled-digits")
    trees = study(
        "trees", f"{MODULE}:train_trees", fidelity=Fidelity("round", "rounds"),
        grid={"max_depth": [2]}, fixed={"rounds": 4},
    )  # fmt: skip
    train_record(trees, folder / "trees")
    return folder


def test_the_code_of_the_page_runs(records, capsys):
    names = {}
    assert len(BLOCKS) == 9
    for block in BLOCKS:
        if "read_state(" in block:
            (line,) = re.findall(r"^    sweepbook (export .*)$", DOC, re.MULTILINE)
            command = [sys.executable, "-m", "sweepbook", *line.split()]
            subprocess.run(command, check=True, capture_output=True)
        exec(compile(block, "docs/best-model.md", "exec"), names)
        check(block, names)


def check(block, names):
    """What a model predicts is what was recorded of it."""
    with contextlib.suppress(KeyError):
        best = names["best"]
    if "points=paris" in block:
        assert names["labels"].shape == (2,) and best.stacked
        check_mlp(best)
    elif "predict_images(" in block:
        accuracy = ((names["probability"] > 0.5) == names["images"].test.label).mean()
        assert accuracy == pytest.approx(best.replicates["test_acc"][0])
    elif "pickle.loads" in block:
        score = names["pipeline"].score(names["x_val"], names["y_val"])
        assert score == best.replicates["val_acc"][0]
    elif "load_model(bytearray(best" in block or "read_state(" in block:
        rows = names["xgboost"].DMatrix(names["x_val"])
        hits = names["booster"].predict(rows) == names["y_val"]
        assert hits.mean() == pytest.approx(best.replicates["val_acc"][0])


def check_mlp(best):
    """Its predictions of the validation points are those that were recorded where it was best."""
    config = as_config(best.config)
    data = load_stacked(config, [replicate_seeds(config.seed, r) for r in range(2)])
    for replicate, (x, y) in enumerate(zip(data.validation.x, data.validation.y, strict=True)):
        hits = predict(best.config, best.state, replicate, x.T.numpy()) == y.numpy()
        assert hits.mean() == pytest.approx(best.replicates["val_acc"][replicate])
