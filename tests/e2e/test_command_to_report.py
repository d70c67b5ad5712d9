"""From one command on real data to a report that a person can open."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sweepbook.record.load import load_record

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.ray, pytest.mark.timeout(240)]


@pytest.fixture
def slice_of_europe(tmp_path, write_cities):
    """A folder of CSV files with real cities, as the exercise has them."""
    return write_cities(tmp_path / "europe", {"train": 3000, "validation": 600, "test": 600})


def test_two_studies_and_their_report(slice_of_europe, tmp_path):
    studies = ["batch-norm", "epochs"]
    run = [
        "run",
        *studies,
        "--project",
        ROOT,
        "--data",
        slice_of_europe,
        "--epochs",
        6,
        "--replicates",
        3,
    ]
    printed = sweepbook(tmp_path, *run)
    assert "3 trials" not in printed, "batch-norm and epochs share a trial: two are trained"
    records = {name: load_record(tmp_path / "records" / name) for name in studies}
    batch_norm, epochs = records["batch-norm"], records["epochs"]
    assert len(batch_norm.reports) == 2 * 3 * 6
    assert set(epochs.trials["trial_id"]) < set(batch_norm.trials["trial_id"])
    (shared,) = epochs.trials["trial_id"]
    same = batch_norm.reports.query("trial_id == @shared").reset_index(drop=True)
    pd.testing.assert_frame_equal(epochs.reports, same, check_like=True)
    predictions = epochs.predictions()
    assert len(predictions) == 3 * 600
    assert_predictions_match(predictions, epochs)
    assert epochs.manifest.data.rows == {"train": 3000, "validation": 600, "test": 600}

    paths = [f"records/{name}" for name in studies]
    sweepbook(tmp_path, "report", *paths, "--project", ROOT)
    page = (tmp_path / "report" / "report.html").read_text()
    assert 'http-equiv="refresh"' not in page and 'src="http' not in page
    for record in records.values():
        assert record.manifest.study.question in page
        assert record.manifest.record_digest[:12] in page
    figures = sorted(p.stem for p in (tmp_path / "report" / "figures").glob("*.csv"))
    assert "batch-norm-curves" in figures
    for name in ("batch-norm-curves", "epochs-loss"):
        for suffix in ("svg", "png"):
            assert (tmp_path / "report" / "figures" / f"{name}.{suffix}").stat().st_size > 1000
    assert (tmp_path / "report" / "report.md").read_text().startswith("#")
    for table in ("findings", "scorecard"):
        assert len(pd.read_csv(tmp_path / "report" / f"{table}.csv").columns) > 3


def test_the_example_of_a_study_of_one_s_own(tmp_path):
    example = ROOT / "examples" / "forest.py"
    assert len(example.read_text().splitlines()) < 40
    sweepbook(tmp_path, "run", example, "--epochs", 2, "--replicates", 2)
    record = load_record(tmp_path / "records" / "forest")
    assert list(record.trials["status"]) == ["finished"] * 4
    assert len(record.reports) == 4 * 2 * 2
    assert record.reports.groupby("replicate")["val_acc"].mean().nunique() == 2, "seeds differ"
    deep = record.trials.set_index("config/max_depth")["val_acc_last"]
    assert deep[16] > deep[2] > 0.5
    sweepbook(tmp_path, "report", "records/forest", "--out", "mine")
    page = (tmp_path / "mine" / "report.html").read_text()
    assert "How deep should the trees be?" in page
    assert (tmp_path / "mine" / "figures" / "forest.svg").exists()


def assert_predictions_match(predictions, record):
    """The recorded accuracy is that of the recorded predictions."""
    hits = predictions["label"] == predictions["predicted"]
    last = record.reports[record.reports["epoch"] == 6].set_index("replicate")["test_acc"]
    np.testing.assert_allclose(hits.groupby(predictions["replicate"]).mean(), last, atol=1e-9)


def sweepbook(folder, *arguments):
    command = [sys.executable, "-m", "sweepbook", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
