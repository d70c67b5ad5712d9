"""A batch of replicates trained alone gives the rows that it has within a whole trial."""

import dataclasses
import textwrap

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.record.batches.ranges import batches_of, grown, to_train
from sweepbook.record.planned import replicate_seed
from sweepbook.stack import seeds_of
from sweepbook.tune.worker.run import Assignment, reports
from tests.doors.estimators import plan_of
from tests.doors.ray_job import plan_of as plan_of_ray

STACKED = """
    import numpy as np
    from sweepbook import Fidelity, Metric, Study
    from sweepbook.stack import seeds_of

    def train(config, state=None):
        seeds = seeds_of(config)
        for n in range(state["n"] + 1 if state else 1, config["rounds"] + 1):
            own = [np.random.default_rng([seed, n]).normal() for seed in seeds]
            k, rows = len(seeds), np.tile(np.arange(3), (len(seeds), 1))
            yield {"round": n, "replicates": {"loss": own}, "state": lambda n=n: {"n": n},
                   "predictions": lambda: {"split": "test", "row_id": rows,
                       "label": np.zeros((k, 3), int), "predicted": np.zeros((k, 3), int),
                       "probability": np.ones((k, 3))}}

    STUDY = Study(name="s", question="?", trainable="MODULE:train", metric=Metric("loss", "min"),
        fidelity=Fidelity("round", "rounds"), fixed={"rounds": 2}, replicates=10, stacked=True)
"""


def rows_of(trial, folder):
    """The rows that a trial reports, without their times, by (replicate, step)."""
    for name in ("checkpoints", "parts"):
        (folder / name).mkdir(exist_ok=True, parents=True)
    made = reports(Assignment(trial, [str(folder)], []))
    rows = [row for report in made for row in report["rows"]]
    key = (trial.unit, "replicate")
    return {tuple(row[k] for k in key): {**row, "time_s": 0} for row in rows}


def check(trial, batch, folder):
    """The batch's rows are those of the whole trial."""
    whole = rows_of(trial, folder / "whole")
    part = to_train(trial, batch)
    own = rows_of(part, folder / "part")
    assert {replicate for _, replicate in own} == set(part.replicates)
    assert own == {key: row for key, row in whole.items() if key[1] in part.replicates}


@pytest.fixture
def stacked(toy_file):
    toy_file.write_text(textwrap.dedent(STACKED).replace("MODULE", toy_file.stem))
    (study,) = load_studies([str(toy_file)])
    return make_plan(study, Options()).trials[0]


@pytest.mark.parametrize("batch", [range(5, 10), range(9, 10), range(0, 5)])
def test_a_batch_of_a_generator_has_the_rows_of_the_whole(toy_file, tmp_path, batch):
    (study,) = load_studies([str(toy_file)])
    trial = make_plan(study, Options(replicates=10)).trials[0]
    check(trial, batch, tmp_path)


def test_a_batch_of_a_stack_counts_its_seeds_from_its_first_replicate(stacked, tmp_path):
    check(stacked, range(5, 10), tmp_path)
    part = to_train(stacked, range(5, 10))
    assert seeds_of(part.config) == [replicate_seed(0, r) for r in range(5, 10)]
    (path,) = (tmp_path / "part" / "parts").iterdir()
    assert sorted(pd.read_parquet(path)["replicate"].unique()) == [5, 6, 7, 8, 9]


def test_a_stack_never_holds_a_single_added_replicate(stacked, tmp_path):
    part = to_train(stacked, range(9, 10))
    assert part.replicates == range(8, 10), "one more is trained along, and not taken"
    assert batches_of(part) == [range(9, 10)]
    check(stacked, range(9, 10), tmp_path)
    alone = to_train(dataclasses.replace(stacked, n_replicates=1), range(0, 1))
    assert alone.replicates == range(0, 1), "what was trained first stays what it was"


def test_a_batch_goes_on_from_its_own_checkpoint(stacked, tmp_path):
    part, folder = to_train(stacked, range(5, 10)), tmp_path / "record"
    whole = rows_of(part, tmp_path / "whole")
    rows_of(dataclasses.replace(part, max_fidelity=1, ends_itself=False), folder)
    assert rows_of(part, folder) == whole


def test_a_batch_of_estimators_has_the_folds_and_seeds_of_the_whole(monkeypatch, tmp_path):
    plan = plan_of(monkeypatch, lambda config: GaussianNB(), folds=3, replicates=9)
    check(plan.trials[0], range(3, 6), tmp_path)


def test_a_batch_of_a_ray_function_has_the_rows_of_the_whole(monkeypatch, tmp_path):
    def drawn(config):
        from ray import tune

        for n in range(3):
            tune.report({"loss": float(np.random.default_rng([config["seed"], n]).normal())})

    (trial,) = plan_of_ray(monkeypatch, drawn, replicates=6).trials
    check(trial, range(3, 6), tmp_path)


def test_batches_are_added_at_the_end_and_once(stacked):
    trial = dataclasses.replace(stacked, n_replicates=5)
    ten = grown(trial, range(5, 10))
    assert ten.n_replicates == 10 and batches_of(ten) == [range(0, 5), range(5, 10)]
    assert grown(ten, range(5, 10)) == ten, "a kill came between two writes"
    assert ten.config == trial.config, "what the first checkpoint holds"
    with pytest.raises(ValueError, match="from 12 on"):
        grown(ten, range(12, 15))
