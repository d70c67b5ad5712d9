"""The doorway for users of pandas: the code of docs/pandas.md runs as it stands."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from search_spaces import STUDIES
from sweepbook.plan.manifest import new_manifest
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.record.writer import RecordWriter

DOC = Path(__file__).parents[2] / "docs" / "pandas.md"


def make_record(folder):
    """A record of batch-norm with made-up numbers, written by the real writer."""
    options = Options(epochs=3)
    plan = make_plan(STUDIES["batch-norm"], options)
    out = RecordWriter(folder, new_manifest(plan, options, [], []))
    for trial in plan.trials:
        out.start_trial(trial.trial_id)
        gain = 0.1 * trial.config["batch_norm"]
        steps = [(epoch, r) for epoch in (1, 2, 3) for r in range(5)]
        rows = [
            {
                "epoch": epoch,
                "replicate": r,
                "val_loss": 1 - gain - 0.1 * epoch + 0.01 * r,
                "val_acc": 0.5 + gain + 0.1 * epoch + 0.01 * r,
            }
            for epoch, r in steps
        ]
        out.add_rows(trial.trial_id, rows)
        out.end_trial(trial.trial_id)
        frame = {"trial_id": trial.trial_id, "replicate": 0, "split": "test", "row_id": range(4)}
        frame |= {"label": [0, 0, 1, 1], "predicted": [0, 1, 1, 1], "probability": 0.5}
        path = folder / "parts" / f"predictions-{trial.trial_id}.parquet"
        pd.DataFrame(frame).to_parquet(path)
    out.close()


def test_the_code_of_the_page_runs(tmp_path, monkeypatch, capsys):
    make_record(tmp_path / "records" / "batch-norm")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", DOC.read_text(), flags=re.DOTALL)
    assert len(blocks) == 10
    names = {}
    for block in blocks:
        exec(compile(block, str(DOC), "exec"), names)
    assert (tmp_path / "curves.png").stat().st_size > 5000
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"trials.csv", "loss.csv", "loss.svg", "loss.png"}
    assert names["best"]["config/batch_norm"]
    np.testing.assert_allclose(names["difference"], 0.1)
    assert "Does batch normalisation help" in capsys.readouterr().out
