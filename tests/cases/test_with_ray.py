"""What a worker of Ray alone shows: one command, a study for each situation."""

import pytest

from sweepbook.record.load import load_record

pytestmark = [pytest.mark.ray, pytest.mark.timeout(200)]

STORAGE = "my records #1 50% größe"  # Ray and Arrow take some paths for addresses
FILE = """
import asyncio, multiprocessing
from ray import tune
from sweepbook import Fidelity, Metric, Study

def square(x):
    return x * x

def rounds(config):
    return range(1, config["rounds"] + 1)

def pools(config):
    for n in rounds(config):
        with multiprocessing.Pool(2) as pool:
            yield {"round": n, "acc": float(sum(pool.map(square, range(4))))}

def spawned(config):
    for n in rounds(config):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            yield {"round": n, "acc": float(sum(pool.map(square, range(4))))}

async def slowly():
    await asyncio.sleep(0)
    return 14.0

def loops(config):
    for n in rounds(config):
        yield {"round": n, "acc": asyncio.run(slowly())}

def reports(config):
    for n in rounds(config):
        tune.report({"round": n, "acc": 0.5})

def both(config):
    for n in rounds(config):
        tune.report({"round": n, "acc": 0.5})
        yield {"round": n, "acc": 0.5}

def asks(config):
    yield {"round": 1, "acc": float(input("how good? "))}

def study(name, rounds):
    return Study(
        name=name, question="?", trainable=f"within:{name}", metric=Metric("acc", "max"),
        fidelity=Fidelity("round", "rounds"), fixed={"rounds": rounds}, replicates=1,
    )

POOLS, SPAWNED, LOOPS = study("pools", 40), study("spawned", 1), study("loops", 2)
REPORTS, BOTH, ASKS = study("reports", 2), study("both", 2), study("asks", 1)
"""


def test_what_a_trainable_does_besides_training_is_right_or_told(complete, tmp_path):
    names = ("pools", "spawned", "loops", "reports", "both", "asks")
    (tmp_path / "within.py").write_text(FILE)
    code, output = complete("run", "within.py", "--storage", STORAGE, "--max-failures", 0)
    assert code == 1 and "Traceback" not in output and "not foreseen" not in output, output
    records = {name: load_record(tmp_path / STORAGE / name) for name in names}
    for name in ("pools", "spawned", "loops"):
        assert set(records[name].trials["status"]) == {"finished"}, output
        assert set(records[name].reports["acc"]) == {14.0}
    reasons = {name: record.trials["reason"].iloc[0] for name, record in records.items()}
    for name in ("reports", "both"):
        assert "calls report(...)" in reasons[name] and "yield the same dict" in reasons[name]
        assert records[name].reports.empty
    assert "EOFError" in reasons["asks"], "nobody is asked, and nothing waits"
