"""The first study of the README: its file runs as it stands, and gives the verdict shown there."""

import re
import sys
from pathlib import Path

from sweepbook import write_report
from sweepbook.plan.manifest import new_manifest
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.worker.run import Assignment, reports

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
(CODE,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
(NAME,) = re.findall(r"^    sweepbook run (\w+\.py)$", README, re.MULTILINE)
(VERDICT,) = re.findall(r"^> (.+)$", README, re.MULTILINE)


def test_the_first_study_runs_and_gives_its_verdict(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, Path(NAME).stem, raising=False)
    Path(NAME).write_text(CODE, encoding="utf-8")
    (study,) = load_studies([NAME])
    plan = make_plan(study, Options())
    record = tmp_path / "records" / study.name
    writer = RecordWriter(record, new_manifest(plan, Options(), [], []))
    for trial in plan.trials:
        writer.start_trial(trial.trial_id)
        for report in reports(Assignment(trial, [str(record)], [str(tmp_path)])):
            writer.add_rows(trial.trial_id, report["rows"])
        writer.end_trial(trial.trial_id)
    writer.close()
    page = write_report([record], "report").with_suffix(".md").read_text(encoding="utf-8")
    assert VERDICT in page
    assert (tmp_path / "report" / "figures" / "accuracy.svg").exists()
