"""Studies of somebody else's that are called like ours get nothing of ours."""

import subprocess
import sys
import textwrap

import pandas as pd
import pytest

from sweepbook.pages.report import write_report
from sweepbook.record.load import load_record
from tests.test_words import hits_in

NAMES = ("architecture", "epochs")
OURS = ("ublished", "cannot be said from this record", "13,000")
CLAIM = {
    "name": "wide-is-better",
    "statement": "wide is better",
    "kind": "direction",
    "metric": "val_acc",
    "smallest": 0.01,
    "reason": "a point",
    "arms": [{"depth": 6, "width": 64}, {"depth": 1, "width": 16}],
}
STUDIES = """
    import dataclasses
    from sweepbook import Claim, Fidelity, Metric, Study

    def train(config, state=None):
        at = state["at"] if state else 0
        for n in range(at + 1, config["epochs"] + 1):
            noise = 0.001 * (config["seed"] % 7)
            acc = 0.5 + 0.01 * config["width"] / 64 + 0.05 * n + noise
            state = lambda n=n: {"at": n}
            yield {"epoch": n, "train_acc": acc + 0.02, "val_acc": acc, "state": state}

    ARCHITECTURE = Study(
        name="architecture", question="Which width?", trainable="own_studies:train",
        metric=Metric("val_acc", "max"), fidelity=Fidelity("epoch", "epochs"),
        grid={"width": (16, 64)}, fixed={"depth": 6, "epochs": 2, "batch_norm": True},
        replicates=2,
        claims=(
            Claim(
                name="wide", statement="wide is better", kind="direction", metric="val_acc",
                smallest=0.01, reason="a point", arms=({"width": 64}, {"width": 16}),
            ),
        ),
    )
    EPOCHS = dataclasses.replace(
        ARCHITECTURE, name="epochs", question="How long?", grid={}, claims=(),
        fixed={"width": 16, "depth": 6, "epochs": 3, "batch_norm": True},
    )
"""


def assert_nothing_of_ours(folder):
    page = (folder / "report.md").read_text()
    assert not [text for text in OURS if text in page]
    assert not hits_in(page)
    assert pd.read_csv(folder / "scorecard.csv").empty
    html = (folder / "report.html").read_text()
    assert "ublished values" not in html and "cannot be said" not in html
    return page


def test_made_records_are_reported_as_their_own(make_record, tmp_path):
    configs = [{"depth": 1, "width": 16, "epochs": 30}, {"depth": 6, "width": 64, "epochs": 30}]
    configs = [config | {"batch_norm": True, "lr": 0.001} for config in configs]
    folders = [
        make_record(
            configs,
            at=f"records/{name}",
            name=name,
            claims=[CLAIM],
            data={"name": "digits", "sha256": "ab" * 32, "paired": True},
            study={"trainable": "mine:train"},
        )
        for name in NAMES
    ]
    write_report(folders, tmp_path / "out")
    page = assert_nothing_of_ours(tmp_path / "out")
    for name in NAMES:
        assert f'id="claim-{name}-' in (tmp_path / "out" / "report.html").read_text()
    assert "wide is better" in page
    assert {load_record(folder).study for folder in folders} == set(NAMES)


@pytest.mark.ray
@pytest.mark.timeout(200)
def test_a_command_on_them_gives_a_report_of_their_own(tmp_path):
    (tmp_path / "own_studies.py").write_text(textwrap.dedent(STUDIES))
    for arguments in (
        ("run", "own_studies.py"),
        ("report", *(f"records/{name}" for name in NAMES), "--out", "out"),
    ):
        command = [sys.executable, "-m", "sweepbook", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stdout + done.stderr
    page = assert_nothing_of_ours(tmp_path / "out")
    assert "wide is better" in page and "How long?" in page
    manifest = load_record(tmp_path / "records" / "architecture").manifest
    assert (manifest.study.published, manifest.study.answers) == (None, "")
    assert "torchvision" not in manifest.versions
