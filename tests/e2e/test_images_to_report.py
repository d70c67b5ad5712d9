"""The image studies on a machine without network: what can be trained is, the rest is told."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from sweepbook.record.load import load_record

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.ray, pytest.mark.timeout(240)]


@pytest.fixture
def sweepbook(tmp_path):
    """Runs a command line whose downloads are refused at once: (exit code, what was printed)."""
    offline = {"https_proxy": "http://127.0.0.1:9", "TORCH_HOME": str(tmp_path / "torch")}

    def call(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "sweepbook", *map(str, arguments)],
            cwd=tmp_path,
            env=os.environ | offline,
            capture_output=True,
            text=True,
            timeout=200,
        )
        return done.returncode, done.stdout + done.stderr

    return call


FEW = """
from dataclasses import replace
from search_spaces.vision import VISION_BASELINES

POINTS = (
    *({"model": f"resnet18-{how}", "lr": 0.001} for how in ("scratch", "finetune")),
    {"model": "logistic-probe", "max_iter": 1},
    {"model": "xgboost", "rounds": 3},
)
FEW = replace(VISION_BASELINES, points=POINTS, claims=())
"""


@pytest.mark.more
def test_without_imagenet_weights_the_others_go_on(sweepbook, pictures, tmp_path):
    (tmp_path / "few_models.py").write_text(FEW)
    small = ["--set", "size=16", "--set", "evals_per_epoch=1", "--max-failures", 0]
    code, printed = sweepbook(
        *("run", "few_models.py:FEW", "--project", ROOT),
        *("--data", pictures, *small, "--replicates", 2),
    )
    assert code == 1, printed
    trials = load_record(tmp_path / "records" / "vision-baselines").trials
    trials = trials.set_index("config/model")
    assert trials["status"].to_dict() == {
        "resnet18-scratch": "finished",
        "xgboost": "finished",
        "resnet18-finetune": "failed",
        "logistic-probe": "failed",
    }
    errors = trials.loc[trials["status"] == "failed", "error"]
    assert errors.str.contains("cannot be downloaded").all()
    assert errors.str.contains("give --weights FILE").all()
    assert trials.loc[["resnet18-scratch", "xgboost"], "n_replicates"].to_list() == [2, 1]

    code, printed = sweepbook("report", "records/vision-baselines", "--project", ROOT)
    assert code == 0, printed
    table = pd.read_csv(tmp_path / "report" / "figures" / "vision-accuracy-table.csv")
    table = table.set_index("model")
    known = table["test_mean"].notna()
    assert set(table.index[known]) == {"ResNet-18 from scratch", "XGBoost"}
    lacking = table.loc["ResNet-18 fine-tuned (ImageNet)"]
    assert "cannot be downloaded" in lacking["problem"] and lacking["n_rows"] == 0
    assert list(table.index).count("ResNet-18 fine-tuned (ImageNet)") == 1
    page = (tmp_path / "report" / "report.md").read_text()
    assert "Not available" in page and "--weights FILE" in page
