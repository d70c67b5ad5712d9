import dataclasses
import json
import math
import os
import textwrap
import threading

import numpy as np
import pandas as pd
import pytest
import torch

from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.record.checkpoints import checkpoint_path
from sweepbook.record.planned import Trial, replicate_seed
from sweepbook.record.storage.files import delete
from sweepbook.tune.worker import course
from sweepbook.tune.worker.run import Assignment, _give_memory_back, reports
from sweepbook.tune.worker.yielded import rows_of

STACKED = Trial(
    trial_id="s", trainable="x:y", config={}, stacked=True, seed=0, n_replicates=2, unit="epoch",
    max_fidelity=3, metric="val_acc", cpus=1, gpus=0, cost_s=1.0,
)  # fmt: skip


def assignment(toy_file, folder, **changes):
    (study,) = load_studies([str(toy_file)])
    trial = make_plan(study, Options()).trials[0]
    for name in ("checkpoints", "parts"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return Assignment(dataclasses.replace(trial, **changes), [str(folder)], [])


def show_predictions(toy_file):
    shown = 'lambda n=n: {"split": "test", "row_id": np.arange(4), "label": np.arange(4), '
    shown += '"predicted": np.full(4, n), "probability": np.ones(4)}'
    source = "import numpy as np\n" + toy_file.read_text()
    toy_file.write_text(source.replace('"state":', f'"predictions": {shown}, "state":'))


def test_one_report_per_step_with_a_row_per_replicate(toy_file, tmp_path):
    made = list(reports(assignment(toy_file, tmp_path / "record")))
    assert [r["fidelity"] for r in made] == [1, 2, 3]
    assert [len(r["rows"]) for r in made] == [2, 2, 2]
    for report in made:
        assert report["value"] == np.mean([row["val_acc"] for row in report["rows"]])
        assert [row["replicate"] for row in report["rows"]] == [0, 1]
        assert all(row["time_s"] >= 0 for row in report["rows"])


NESTED = """
    from __future__ import annotations
    import dataclasses
    from sweepbook import Fidelity, Metric, Study

    @dataclasses.dataclass(frozen=True)
    class Optim:
        lr: float = 0.25

    @dataclasses.dataclass(frozen=True)
    class Config:
        rounds: int = 1
        seed: int = 0
        optim: Optim = Optim()
        hidden: tuple[int, ...] = (64,)

    def train(config: Config):
        n_layers = len(config.hidden + (1,))  # a list cannot be added to a tuple
        yield {"round": 1, "acc": config.optim.lr, "n": n_layers, "hash": hash(config) % 97}

    NESTED = Study(
        name="nested", question="?", trainable="MODULE:train", metric=Metric("acc", "max"),
        fidelity=Fidelity("round", "rounds"), replicates=2,
    )
"""


def test_a_config_s_own_dataclasses_reach_the_trainable_as_such(toy_file, tmp_path):
    toy_file.write_text(textwrap.dedent(NESTED).replace("MODULE", toy_file.stem))
    job = assignment(toy_file, tmp_path / "record")
    resumed = json.loads(json.dumps(dataclasses.asdict(job.trial)))
    for trial in (job.trial, Trial(**resumed)):
        (report,) = reports(dataclasses.replace(job, trial=trial))
        assert [(row["acc"], row["n"]) for row in report["rows"]] == [(0.25, 2)] * 2


def test_replicates_get_seeds_of_study_seed_and_replicate_alone():
    seeds = [replicate_seed(seed, r) for seed in (0, 1) for r in range(4)]
    assert len(set(seeds)) == 8
    assert seeds[:4] == [replicate_seed(0, r) for r in range(4)]
    assert all(0 <= s < 2**31 for s in seeds)


def test_a_second_start_goes_on_from_the_checkpoint_and_loses_no_row(toy_file, tmp_path):
    job = assignment(toy_file, tmp_path / "record")
    whole = [row for report in reports(job) for row in report["rows"]]
    delete(checkpoint_path(job.records[0], job.trial.trial_id))
    # the same trial asked for two steps only: its last step leaves a checkpoint
    list(reports(assignment(toy_file, tmp_path / "record", max_fidelity=2, ends_itself=False)))
    again = list(reports(job))
    assert [r["fidelity"] for r in again] == [3], "rounds 1 and 2 are not trained again"
    drop = ["time_s"]
    rows = pd.DataFrame([row for report in again for row in report["rows"]]).drop(columns=drop)
    expected = pd.DataFrame(whole).drop(columns=drop)
    pd.testing.assert_frame_equal(rows[expected.columns], expected)


def test_metrics_may_be_numpys_and_come_back_from_a_checkpoint(toy_file, tmp_path):
    text = toy_file.read_text()
    text = text.replace('"val_acc": value', '"val_acc": np.float32(value), "norms": np.ones(2)')
    toy_file.write_text("import numpy as np\n" + text)
    list(reports(assignment(toy_file, tmp_path / "record", max_fidelity=2, ends_itself=False)))
    again = list(reports(assignment(toy_file, tmp_path / "record")))
    rows = [row for report in again for row in report["rows"]]
    assert [row["round"] for row in rows] == [1, 1, 2, 2, 3, 3]
    assert {type(row["val_acc"]) for row in rows} == {float}, "the same before and after"
    assert all(row["norms"] == [1.0, 1.0] for row in rows)


def test_a_finished_checkpoint_reports_its_rows_once_more(toy_file, tmp_path):
    job = assignment(toy_file, tmp_path / "record")
    list(reports(job))
    (report,) = reports(job)
    assert report["fidelity"] == 3
    assert {row["round"] for row in report["rows"]} == {1, 2, 3}


def test_a_trial_ends_when_all_replicates_have_diverged_and_not_before(toy_file, tmp_path):
    file = toy_file
    diverging = "value = config['slope'] * n if n < DIE else float('nan')"
    text = file.read_text()
    start = text.index("value = ")
    end = text.index("\n", start)
    file.write_text(text[:start] + diverging.replace("DIE", "2") + text[end:])
    made = list(reports(assignment(file, tmp_path / "record")))
    assert [r["fidelity"] for r in made] == [1, 2]
    assert math.isnan(made[-1]["value"])


def test_a_start_after_an_early_end_loses_no_row(toy_file, tmp_path, monkeypatch):
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", -1)
    job = assignment(toy_file, tmp_path / "record", max_fidelity=9)  # it makes 3 rounds
    list(reports(job))
    (again,) = reports(job)
    assert again["fidelity"] == 3
    assert [row["round"] for row in again["rows"]] == [1, 1, 2, 2, 3, 3]


def test_a_trainable_that_had_ended_may_yield_its_last_dict_again(toy_file, tmp_path, monkeypatch):
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", -1)
    show_predictions(toy_file)
    again = "range(min(at + 1, config['rounds']), "  # its last round once more, where it is over
    toy_file.write_text(toy_file.read_text().replace("range(at + 1, ", again))
    job = assignment(toy_file, tmp_path / "record", max_fidelity=9)  # it makes 3 rounds
    list(reports(job))
    parts = tmp_path / "record" / "parts" / f"predictions-{job.trial.trial_id}.parquet"
    parts.unlink()  # as where it was killed before they were written
    (report,) = reports(job)
    assert report["fidelity"] == 3
    assert [row["round"] for row in report["rows"]] == [1, 1, 2, 2, 3, 3]
    assert set(pd.read_parquet(parts)["predicted"]) == {3}


def test_a_start_after_all_have_diverged_trains_no_further(toy_file, tmp_path, monkeypatch):
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", -1)
    text = toy_file.read_text()
    start = text.index("value = ")
    end = text.index("\n", start)
    toy_file.write_text(text[:start] + "value = 1.0 if n < 2 else float('nan')" + text[end:])
    job = assignment(toy_file, tmp_path / "record")
    assert [r["fidelity"] for r in reports(job)] == [1, 2]
    (again,) = reports(job)
    assert [row["round"] for row in again["rows"]] == [1, 1, 2, 2]


def test_rows_of_refuses_values_for_another_number_of_replicates():
    good = {"epoch": 1, "val_acc": 0.5, "replicates": {"val_acc": [0.4, 0.6]}}
    assert [row["val_acc"] for row in rows_of(good, 2, STACKED)] == [0.4, 0.6]
    with pytest.raises(ValueError, match=r"one val_acc per replicate \(2\), got 3"):
        rows_of({"epoch": 1, "replicates": {"val_acc": [1, 2, 3]}}, 2, STACKED)


def test_metrics_are_recorded_as_plain_values_and_nothing_else_is():
    own = {"val_acc": [torch.tensor(0.5, requires_grad=True), np.float32(0.25)]}
    norms = [[np.float64(1)], [torch.tensor(2), None]]
    made = {"epoch": np.int64(1), "norms": norms, "on": "cpu", "replicates": own}
    rows = rows_of(made, 2, STACKED)
    plain = {"replicate": 0, "epoch": 1, "norms": [[1.0], [2, None]], "on": "cpu", "val_acc": 0.5}
    assert rows[0] == plain
    assert {type(value) for row in rows for value in row.values()} == {int, float, list, str}
    assert type(rows[0]["norms"][0][0]) is float
    for value in ({"layer": 1.0}, {1.0}, [1.0, {"x": 1}], object()):
        with pytest.raises(TypeError, match="val_acc is a .*: a record holds numbers, texts"):
            rows_of({"epoch": 1, "val_acc": value}, 1, STACKED)


def test_a_trainable_that_ends_early_leaves_its_last_predictions(toy_file, tmp_path):
    show_predictions(toy_file)
    job = assignment(toy_file, tmp_path / "record", max_fidelity=9)  # it makes 3 rounds
    assert [report["fidelity"] for report in reports(job)] == [1, 2, 3]
    frame = pd.read_parquet(
        tmp_path / "record" / "parts" / f"predictions-{job.trial.trial_id}.parquet"
    )
    assert len(frame) == 8 and set(frame["predicted"]) == {3}


def test_what_an_earlier_trial_has_freed_goes_back_to_the_system():
    """glibc keeps it where something behind it is still in use."""

    def used():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    kept = []

    def trial():
        blocks = [bytearray(60_000) for _ in range(3000)]
        for block in blocks:
            block[::4096] = b"x" * len(block[::4096])
        kept.append(blocks[-1])

    _give_memory_back()  # what other tests have freed
    before = used()
    thread = threading.Thread(target=trial)
    thread.start()
    thread.join()
    assert used() - before > 150e6, "or there is nothing to return"
    _give_memory_back()
    assert used() - before < 20e6


@pytest.mark.parametrize("is_used", [True, False])
def test_a_worker_gives_back_the_memory_of_a_gpu_that_it_has_used(monkeypatch, is_used):
    emptied = []
    monkeypatch.setattr("torch.cuda.is_initialized", lambda: is_used)
    monkeypatch.setattr("torch.cuda.empty_cache", lambda: emptied.append(1))
    _give_memory_back()
    assert bool(emptied) == is_used, "or it is out of reach of the trials that share the GPU"
