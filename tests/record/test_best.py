"""The best model of a record: which trial, its settings, its metrics, where it comes from."""

import dataclasses
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from sweepbook import Fidelity, Metric, Study
from sweepbook.findings.confirm.judge import Judge
from sweepbook.findings.confirm.tables import order_table
from sweepbook.plan.manifest import new_manifest
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.record.best import best_of
from sweepbook.record.cache import take_known_trials
from sweepbook.record.checkpoints import checkpoint_path, save_best, save_checkpoint
from sweepbook.record.load import load_record
from sweepbook.record.origin.derived import Confirms, Winner
from sweepbook.record.planned import replicate_seed
from sweepbook.record.writer import RecordWriter
from tests.trained import train_record


def train(config):
    yield {"epoch": 1, "val_acc": 0.5}


def describe(config):
    return {"name": "made up", "sha256": "d4", "rows": {"train": 7}}


STUDY = Study(
    name="made", question="?", trainable=f"{__name__}:train", data=f"{__name__}:describe",
    metric=Metric("val_acc", "max"), fidelity=Fidelity("epoch", "epochs"),
    grid={"lr": [0.1, 0.2, 0.3], "sizes": [[8, 8]]}, fixed={"epochs": 9, "note": None},
    replicates=2,
)  # fmt: skip


class Made:
    """A record of STUDY with one trial per curve; a curve has a value or a pair at each epoch."""

    def __init__(self, folder, **changes):
        plan = make_plan(STUDY, Options())
        manifest = dataclasses.replace(new_manifest(plan, Options(), [], []), **changes)
        self.writer, self.folder = RecordWriter(folder, manifest), folder
        self.ids = {trial.config["lr"]: trial.trial_id for trial in plan.trials}

    def add(self, lr, curve, **ending):
        trial_id = self.ids[lr]
        self.writer.start_trial(trial_id)
        for epoch, values in enumerate(curve, 1):
            pair = values if isinstance(values, tuple) else (values, values)
            rows = [
                {"replicate": r, "epoch": epoch, "val_acc": value, "test_acc": 1.0 - (value or 0)}
                | {"lists": [1.0, 2.0], "word": "w", "sometimes": 1.0 if r else None}
                for r, value in enumerate(pair)
            ]
            self.writer.add_rows(trial_id, rows)
        self.writer.end_trial(trial_id, **ending)

    def load(self):
        self.writer.close()
        return load_record(self.folder)


@pytest.fixture
def made(tmp_path):
    return Made(tmp_path / "record")


def test_the_best_trial_is_that_with_the_best_value_anywhere(made):
    made.add(0.1, [0.2, 0.9, 0.4])
    made.add(0.2, [0.2, (0.9, 0.7), 0.8])
    record = made.load()
    best = best_of(record)
    assert (best.config["lr"], best.trial_id, best.fidelity) == (0.1, made.ids[0.1], 2)
    assert best.config == {"lr": 0.1, "sizes": [8, 8], "epochs": 9, "note": None}
    assert best.value == best.metrics["val_acc"] == 0.9
    assert best.metrics["test_acc"] == pytest.approx(0.1), "test data choose nothing"
    other = best_of(record, made.ids[0.2])
    assert (other.fidelity, other.value) == (2, pytest.approx(0.8)), "the first of equal ones"
    assert other.replicates["val_acc"] == [0.9, 0.7]


def test_metrics_are_means_and_what_is_no_number_has_none(made):
    made.add(0.1, [0.5])
    best = best_of(made.load())
    assert best.metrics.keys() == {"val_acc", "test_acc", "sometimes"}
    assert np.isnan(best.metrics["sometimes"]), "one replicate is not the mean of two"
    assert best.replicates["lists"] == [[1.0, 2.0]] * 2 and best.replicates["word"] == ["w"] * 2


def test_a_smaller_value_is_better_where_the_study_says_so(tmp_path):
    made = Made(
        tmp_path / "record", study=dataclasses.replace(STUDY, metric=Metric("val_acc", "min"))
    )
    made.add(0.1, [0.2, 0.9])
    made.add(0.2, [0.3, 0.1])
    best = best_of(made.load())
    assert (best.config["lr"], best.fidelity) == (0.2, 2)


@pytest.mark.parametrize("order", [(0.1, 0.2, 0.3), (0.3, 0.2, 0.1)])
def test_of_equal_trials_the_one_with_less_training_is_the_best_and_then_the_first(made, order):
    for lr in order:
        made.add(lr, [0.1, 0.9] if lr == 0.1 else [0.9, 0.1])
    assert best_of(made.load()).trial_id == min(made.ids[0.2], made.ids[0.3])


def test_a_stopped_trial_may_be_the_best_and_failed_and_diverged_ones_may_not(made):
    made.add(0.1, [0.9, 0.9], error="ValueError: no")
    made.add(0.2, [0.8, (0.8, None)])
    made.add(0.3, [0.5, 0.6], stopped="stopped at rung epoch 2", rung=2, cutoff=0.7)
    record = made.load()
    best = best_of(record)
    assert (best.config["lr"], best.status, best.fidelity) == (0.3, "stopped", 2)
    asked = best_of(record, made.ids[0.2])
    assert (asked.fidelity, asked.value) == (1, 0.8), "it may be asked for, before it diverged"


def test_a_record_without_a_value_has_no_best_model(made):
    made.add(0.1, [None])
    made.add(0.2, [0.5], error="ValueError: no")
    record = made.load()
    with pytest.raises(ValueError, match="no best model.*val_acc"):
        best_of(record)
    with pytest.raises(ValueError, match=f"{made.ids[0.1]} has no value of val_acc"):
        best_of(record, made.ids[0.1])
    with pytest.raises(ValueError, match=f"{made.ids[0.3]} has no value of val_acc"):
        best_of(record, made.ids[0.3])
    with pytest.raises(ValueError, match="no trial 'nobody'"):
        best_of(record, "nobody")


def test_a_record_that_has_not_begun_has_no_best_model(made):
    with pytest.raises(ValueError, match="no best model"):
        best_of(made.load())


def test_lineage_leads_back_to_the_record(made):
    made.add(0.1, [0.5])
    record = made.load()
    lineage = best_of(record).lineage
    assert (lineage.study, lineage.trainable) == ("made", STUDY.trainable)
    assert (lineage.data, lineage.data_sha256, lineage.seed) == ("made up", "d4", 0)
    assert lineage.record_digest == record.manifest.record_digest
    assert lineage.record == str(made.folder) and lineage.versions["numpy"] == np.__version__


def test_a_confirmation_s_best_model_is_the_first_by_validation_whatever_the_test_says(tmp_path):
    winners = tuple(
        Winner(settings={"lr": lr}, trial_id=f"s{i}", number=i, fidelity=3, value=0.9)
        for i, lr in enumerate((0.3, 0.2, 0.1))
    )
    confirms = Confirms(record="search", seed=0, by=("lr",), trials=winners)
    made = Made(tmp_path / "record", confirms=confirms)
    made.add(0.1, [0.2, 0.99, 0.5, 0.5, 0.5, 0.5, 0.5])  # one good epoch
    made.add(0.2, [0.2, 0.6, 0.7, 0.7, 0.7, 0.7, 0.7])
    made.add(0.3, [0.2, 0.3, 0.7, 0.7, 0.7, 0.7, 0.7])  # as good, and earlier in the search
    record = made.load()
    best = best_of(record)
    by_validation = order_table(record, Judge(record, "val_acc"))["trial_id"]
    assert best.trial_id == by_validation.iloc[0] == made.ids[0.3]
    assert order_table(record)["trial_id"].iloc[0] == made.ids[0.1], "the report judges by test"
    assert best.fidelity == 3


def test_states_of_an_earlier_version_are_found_where_the_last_step_is_the_best(made):
    made.add(0.1, [0.5, 0.6])
    made.add(0.2, [0.6, 0.5])
    for trial_id in (made.ids[0.1], made.ids[0.2]):
        content = {"fidelity": 2, "state": [{"at": 2}] * 2, "rows": [], "places": []}
        save_checkpoint([str(made.folder)], trial_id, content)
    record = made.load()
    assert best_of(record, made.ids[0.1]).state == [{"at": 2}] * 2
    best = best_of(record, made.ids[0.2])
    assert best.fidelity == 1 and best.state is None and "epoch 1" in best.why_no_state


def test_a_trial_from_the_cache_brings_its_best_state(made, tmp_path):
    made.add(0.1, [0.6, 0.5])
    best = {"fidelity": 1, "state": {"at": 1}, "metric": "val_acc", "value": 0.6}
    save_best([str(made.folder)], made.ids[0.1], best)
    made.load()
    new = Made(tmp_path / "new")
    taken, _ = take_known_trials([new.writer])
    assert taken == {made.ids[0.1]: "record"}
    assert best_of(new.load()).state == {"at": 1}


def test_a_file_that_asks_for_code_or_is_damaged_is_refused(made):
    made.add(0.1, [0.6])
    record, path = made.load(), Path(checkpoint_path(made.folder, made.ids[0.1]).path)
    for content in (
        pickle.dumps({"fidelity": 1, "state": os.getcwd}),
        b"PK\x03\x04half",
        b"",
        b"x",
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"{path.name} cannot be read"):
            best_of(record).state  # noqa: B018


def test_the_seeds_of_the_replicates_are_those_that_the_trainable_got(toy_file, tmp_path):
    """From them a user makes the split of each replicate again."""
    (study,) = load_studies([str(toy_file)])
    train_record(study, tmp_path / "toy")
    record = load_record(tmp_path / "toy")
    best = best_of(record)
    assert best.seeds == tuple(replicate_seed(0, r) for r in range(2))
    slope = best.config["slope"]
    values = [slope * best.fidelity + seed % 97 for seed in best.seeds]
    assert best.replicates["val_acc"] == values
    assert best_of(record, best.trial_id[:5]).trial_id == best.trial_id
    for wrong in ("zzz", ""):
        with pytest.raises(ValueError, match="trial_id"):
            best_of(record, wrong)
