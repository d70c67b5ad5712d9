"""What a worker of Ray alone shows: one command, a study for each situation."""

import pytest

from sweepbook.record.load import load_record

pytestmark = [pytest.mark.ray, pytest.mark.timeout(200)]

STORAGE = "my records #1 50% größe"  # Ray and Arrow take some paths for addresses
FILE = """
import argparse, asyncio, multiprocessing, os
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

def parses(config):
    parser = argparse.ArgumentParser()
    parser.add_argument("--acc", type=float, default=14.0)
    for n in rounds(config):
        yield {"round": n, "acc": parser.parse_args().acc}

def loads(config):
    import torch
    from torch.utils.data import DataLoader
    loader = DataLoader(torch.arange(4.0) ** 2, num_workers=1)
    for n in rounds(config):
        yield {"round": n, "acc": float(sum(loader))}

def reads(config):
    for n in rounds(config):
        found = float(open("data/rows.txt").read()) + float(os.environ["BONUS"])
        yield {"round": n, "acc": found}

def moves(config):
    os.chdir("data")
    for n in rounds(config):
        yield {"round": n, "acc": float(open("rows.txt").read()) + 1}

def differs(config):
    for n in rounds(config):
        yield {"round": n, "acc": 14.0, "grad": [0.1, 0.2] if config["deep"] else 0.3}

def asks(config):
    yield {"round": 1, "acc": float(input("how good? "))}

def study(name, rounds, **more):
    return Study(
        name=name, question="?", trainable=f"within:{name}", metric=Metric("acc", "max"),
        fidelity=Fidelity("round", "rounds"), fixed={"rounds": rounds}, replicates=2, **more,
    )

POOLS, SPAWNED, LOOPS = study("pools", 40), study("spawned", 1), study("loops", 2)
REPORTS, BOTH, ASKS = study("reports", 2), study("both", 2), study("asks", 1)
PARSES, LOADS = study("parses", 2), study("loads", 1)
MOVES, READS = study("moves", 2), study("reads", 2)
DIFFERS = study("differs", 2, grid={"deep": (True, False)})
"""


def test_what_a_trainable_does_besides_training_is_right_or_told(complete, tmp_path, monkeypatch):
    right = ("pools", "spawned", "loads", "loops", "parses", "moves", "reads")
    names = (*right, "reports", "both", "asks")
    (tmp_path / "within.py").write_text(FILE)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows.txt").write_text("13")
    monkeypatch.setenv("BONUS", "1")
    code, output = complete("run", "within.py", "--storage", STORAGE, "--max-failures", 0)
    assert code == 1 and "Traceback" not in output and "not foreseen" not in output, output
    records = {name: load_record(tmp_path / STORAGE / name) for name in names}
    for name in right:
        assert set(records[name].trials["status"]) == {"finished"}, output
        assert set(records[name].reports["acc"]) == {14.0}
    reasons = {name: record.trials["reason"].iloc[0] for name, record in records.items()}
    assert set(records["reports"].trials["status"]) == {"finished"}, "a function of Ray Tune's"
    assert list(records["reports"].reports["acc"]) == [0.5] * len(records["reports"].reports)
    assert "report(...)" in reasons["both"] and "yields the same dict" in reasons["both"]
    assert records["both"].reports.empty
    differing = load_record(tmp_path / STORAGE / "differs").trials.set_index("status")
    assert sorted(differing.index) == ["failed", "finished"], "one alone"
    assert "grad is a" in differing.loc["failed", "reason"]
    assert "EOFError" in reasons["asks"], "nobody is asked, and nothing waits"
