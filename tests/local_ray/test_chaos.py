"""The short version of `make chaos`: a worker and the driver are killed, the record is as ever."""

import importlib.util
import random
from pathlib import Path

import pytest

pytestmark = [pytest.mark.more, pytest.mark.ray, pytest.mark.timeout(200)]
FILE = Path(__file__).parents[1] / "chaos" / "chaos.py"


@pytest.fixture
def chaos():
    spec = importlib.util.spec_from_file_location("chaos", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_killing_a_worker_and_the_driver_does_not_change_the_record(
    chaos, undisturbed_digest, tmp_path, monkeypatch, capsys
):
    chaos.write_study(tmp_path, cells=3, rounds=60)
    wild, hit = chaos.disturbed(tmp_path, ["worker", "driver"], random.Random(1))
    assert hit == ["worker", "driver"]
    monkeypatch.syspath_prepend(str(tmp_path))
    assert wild == undisturbed_digest("chaos_study.py", 3), capsys.readouterr().out
