"""The short version of `make chaos`: a worker and the driver are killed, the record is as ever."""

import importlib.util
import random
from pathlib import Path

import pytest

from analysis.load import load_record
from sweepbook.imports import load_studies
from sweepbook.plan import Options, make_plan
from sweepbook.record import RecordWriter
from sweepbook.session import manifest_of
from sweepbook.worker import Assignment, reports

pytestmark = [pytest.mark.ray, pytest.mark.timeout(200)]
FILE = Path(__file__).parents[1] / "chaos" / "chaos.py"


@pytest.fixture
def chaos():
    spec = importlib.util.spec_from_file_location("chaos", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_killing_a_worker_and_the_driver_does_not_change_the_record(
    chaos, tmp_path, monkeypatch, capsys
):
    chaos.write_study(tmp_path, cells=3, rounds=60)
    wild, hit = chaos.disturbed(tmp_path, ["worker", "driver"], random.Random(1))
    assert hit == ["worker", "driver"]
    monkeypatch.syspath_prepend(str(tmp_path))
    assert wild == undisturbed_digest(tmp_path), capsys.readouterr().out


def undisturbed_digest(folder):
    """The record of the same study, trained here without Ray, so that it takes no start-up."""
    (study,) = load_studies([str(folder / "chaos_study.py")])
    plan = make_plan(study, Options())
    writer = RecordWriter(folder / "calm", manifest_of(plan, Options(), [], []), list(plan.trials))
    for trial in plan.trials:
        for report in reports(Assignment(trial, [str(folder / "calm")], [])):
            writer.add_rows(trial.trial_id, report["rows"])
        writer.end_trial(trial.trial_id)
    assert writer.close() == {"finished": 3}
    return load_record(folder / "calm").manifest["record_digest"]
