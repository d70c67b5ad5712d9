"""The short version of `make chaos`: worker and driver are killed, and the record is as ever."""

import importlib.util
import random
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.more, pytest.mark.ray, pytest.mark.timeout(200)]
FILE = Path(__file__).parents[1] / "chaos" / "chaos.py"


@pytest.fixture
def chaos():
    spec = importlib.util.spec_from_file_location("chaos", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look there
    spec.loader.exec_module(module)
    return module


def test_killing_a_worker_and_the_driver_does_not_change_the_record(
    chaos, undisturbed_digest, tmp_path, monkeypatch, capsys
):
    chaos.write_study(tmp_path, cells=3, rounds=120)
    kills = ["worker", "driver", "pair"]
    wild = chaos.disturbed(tmp_path, kills, random.Random(1))
    assert wild.hit == kills and not wild.left
    monkeypatch.syspath_prepend(str(tmp_path))
    assert wild.digest == undisturbed_digest("chaos_study.py", 3), capsys.readouterr().out
