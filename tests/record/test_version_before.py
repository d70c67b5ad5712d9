"""A record that the version before has written: it is read, reported, and goes on with --force."""

import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from sweepbook.pages.report import write_report
from sweepbook.record.digest import record_digest
from sweepbook.record.load import load_record
from sweepbook.record.values import means
from sweepbook.record.writer import RecordWriter

BEFORE = Path(__file__).parent / "version_before"
STUDY = """
from sweepbook import Fidelity, Metric, Study


def train_toy(config, state=None):
    at = state["at"] if state else 0
    for n in range(at + 1, config["rounds"] + 1):
        value = config["slope"] * n + config["seed"] % 97
        row = {"round": n, "val_acc": value, "train_loss": 1 / value}
        yield row | {"state": lambda n=n: {"at": n}}
"""


@pytest.fixture
def record(tmp_path):
    return Path(shutil.copytree(BEFORE, tmp_path / "records" / "toy"))


def test_it_is_read_with_its_digest_and_all_that_it_declares(record):
    read = load_record(record)
    assert record_digest(read) == read.manifest.record_digest
    assert sorted(read.trials["status"]) == ["failed", "finished"]
    assert [claim.name for claim in read.manifest.study.claims] == ["steep"]
    assert {trial.trial_id for trial in read.manifest.trials} == set(read.trials["trial_id"])


def test_a_report_has_its_curves_and_says_what_it_cannot_draw(record, tmp_path):
    page = write_report([record], tmp_path / "report").read_text(encoding="utf-8")
    assert "Which slope?" in page and (tmp_path / "report/figures/toy.svg").is_file()
    assert "Not drawn" in page, "a kind that this version does not have"


def test_a_lost_training_loss_counts_the_same_before_and_after_it_goes_on(record):
    reports = pd.read_parquet(record / "reports.parquet")
    trial_id = str(reports["trial_id"].iloc[0])
    lost = (reports["trial_id"] == trial_id) & (reports["round"] > 1) & (reports["replicate"] == 0)
    reports.assign(train_loss=reports["train_loss"].mask(lost)).to_parquet(
        record / "reports.parquet"
    )
    read = load_record(record)
    before = means(read.reports, read.trials, "val_acc", "round")
    assert math.isnan(before[trial_id, 2])
    RecordWriter(record, read.manifest, as_read=True).close()
    again = load_record(record)
    pd.testing.assert_series_equal(means(again.reports, again.trials, "val_acc", "round"), before)


@pytest.mark.ray
@pytest.mark.more
@pytest.mark.timeout(120)
def test_it_goes_on_with_force_alone(record, tmp_path):
    (tmp_path / "toy_before.py").write_text(STUDY)
    command = [sys.executable, "-m", "sweepbook", "run", "--resume", str(record)]
    path = {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}

    def run(*options):
        return subprocess.run(
            [*command, *options],
            env=os.environ | path,
            capture_output=True,
            text=True,
            timeout=100,
        )

    refused = run()
    assert refused.returncode == 2 and "--force" in refused.stderr
    done = run("--force")
    assert done.returncode == 0, done.stdout + done.stderr
    whole = load_record(record)
    assert set(whole.trials["status"]) == {"finished"}
    assert len(whole.reports) == 2 * 2 * 3
