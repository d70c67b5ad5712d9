"""`sweepbook decide` under Ray: killed at once and resumed, it leaves the undisturbed record."""

import time

import pytest

from sweepbook.record.digest import record_digest
from sweepbook.record.load import load_record
from tests.examples.killed import kill_all

pytestmark = [pytest.mark.more, pytest.mark.ray, pytest.mark.timeout(300)]

STUDY = """
import time
import numpy as np
from sweepbook import Fidelity, Metric, Study, higher

EFFECTS = {"none": 0.0, "small": 0.3, "large": 3.0, "other": 0.0}  # in standard deviations


def train(config, state=None):
    for n in range(state["at"] + 1 if state else 1, config["rounds"] + 1):
        draw = np.random.default_rng([config["seed"], len(config["arm"])]).normal()
        time.sleep(0.15)
        value = 0.5 + 0.1 * (EFFECTS[config["arm"]] + draw)
        yield {"round": n, "val_acc": value, "state": lambda n=n: {"at": n}}


def claim(arm):
    return higher("val_acc", {"arm": arm}, than={"arm": "none"}, by=0.0, because="planted",
                  statement=f"{arm} is better than none")


STUDY = Study(
    name="effects", question="Which effects were planted?", trainable="effects:train",
    metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"),
    grid={"arm": list(EFFECTS)}, fixed={"rounds": 3}, replicates=5,
    claims=[claim("small"), claim("large")],
)
"""


def test_a_decision_that_is_killed_and_resumed_is_the_undisturbed_one(
    complete, sweepbook, tmp_path
):
    (tmp_path / "effects.py").write_text(STUDY)
    assert complete("run", "effects.py")[0] == 0
    code, said = complete("decide", "records/effects", "--looks", "10,15")
    assert code == 0 and "1 hold" in said, said
    calm = load_record(tmp_path / "records" / "effects-decide")

    killed = tmp_path / "records" / "effects-decide-2"
    process = sweepbook("decide", "records/effects", "--looks", "10,15")
    deadline = time.monotonic() + 120
    while not list(killed.glob("batches/*/checkpoints/*.pt")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
    kill_all(process.pid)
    process.wait()
    before = load_record(killed)
    assert set(before.trials["n_replicates"]) == {5} and len(before.manifest.decide.judged) == 1

    code, said = complete("run", "--resume", str(killed), "--max-concurrent", "1")
    assert code == 0, said
    resumed = load_record(killed)
    assert record_digest(resumed) == record_digest(calm) == resumed.manifest.record_digest
    assert complete("verify", str(killed), "--trials", "4")[0] == 0


def test_what_cannot_be_decided_is_bad_usage(complete, tmp_path):
    (tmp_path / "effects.py").write_text(STUDY.replace("claims=[", "claims=[][:0] and ["))
    assert complete("run", "effects.py")[0] == 0
    code, said = complete("decide", "records/effects")
    assert code == 2 and "no claims" in " ".join(said.split()), said
    assert [path.name for path in (tmp_path / "records").iterdir()] == ["effects"]
