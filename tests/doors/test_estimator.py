"""Folds of an estimator as replicates: trained by the worker's own code, without Ray."""

import dataclasses
import warnings

import numpy as np
import pandas as pd
import pytest
from ray import tune
from scipy import sparse
from sklearn.datasets import load_diabetes, load_digits
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sweepbook import Fidelity, Metric, Search, Study
from sweepbook.doors.checked import door_problems
from sweepbook.doors.door import open_door
from sweepbook.doors.estimators.fitted import put_back
from sweepbook.doors.estimators.splits import split_rows
from sweepbook.plan.further.confirmation import confirming_study
from sweepbook.plan.further.extension import plan_extension
from sweepbook.plan.manifest import new_manifest, recorded_plan
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.record.load import load_record
from sweepbook.record.manifest import Data
from sweepbook.record.planned import replicate_seed
from sweepbook.record.storage.packing import packed, unpacked
from sweepbook.record.writer import RecordWriter
from sweepbook.study.forms.rows import Rows
from sweepbook.tune.worker.run import Assignment, reports
from tests.doors.estimators import blobs, plan_of

BY_EPOCH = {"fidelity": Fidelity("epoch", "epochs"), "fixed": {"epochs": 5}}


def rows_of(plan, folder):
    """The rows that a record would have of the plan's first trial."""
    for name in ("checkpoints", "parts"):
        (folder / name).mkdir(exist_ok=True)
    made = reports(Assignment(plan.trials[0], [str(folder)], []))
    return [row for report in made for row in report["rows"]]


def test_the_folds_score_what_scikit_learn_does_on_the_same_folds(monkeypatch, tmp_path):
    def make(config):
        return make_pipeline(StandardScaler(), GaussianNB(var_smoothing=config["smoothing"]))

    plan = plan_of(
        monkeypatch, make, fixed={"smoothing": 0.1}, folds=4, scoring=["neg_log_loss"],
        train_scores=True,
    )  # fmt: skip
    assert door_problems(plan) == []
    found = pd.DataFrame(rows_of(plan, tmp_path)).set_index("replicate")
    x, y = blobs()
    rows = Rows(x, y)
    folds = [split_rows(plan.study.trainable, rows, True, plan.seed, r) for r in range(4)]
    for scorer in ("accuracy", "neg_log_loss"):
        known = cross_val_score(make({"smoothing": 0.1}), x, y, cv=folds, scoring=scorer)
        assert found[f"val_{scorer}"].to_numpy() == pytest.approx(known)
    assert (found["train_accuracy"] > 0.5).all()
    assert sorted(np.concatenate([val for _, val in folds])) == list(range(60)), "each row once"


def test_predictions_are_of_the_rows_that_a_fold_left_out(monkeypatch, tmp_path):
    def load():
        x, y = blobs(61)
        return x, np.array(["no", "yes"])[y]

    plan = plan_of(monkeypatch, lambda config: GaussianNB(), load, folds=3)
    rows = rows_of(plan, tmp_path)
    (path,) = (tmp_path / "parts").iterdir()
    found = pd.read_parquet(path)
    assert sorted(found["row_id"]) == list(range(61)), "folds of 21, 20 and 20 rows"
    right = found["label"].eq(found["predicted"]).groupby(found["replicate"]).mean()
    assert right.tolist() == pytest.approx([row["val_accuracy"] for row in rows])
    assert found["probability"].between(0.5, 1).all()
    assert (found["split"] == "validation").all()
    assert Data(plan.data).class_names == {"0": "no", "1": "yes"}


def test_all_configs_share_their_splits_and_repetitions_shuffle_anew(monkeypatch):
    x, y = blobs()
    rows = Rows(x, y)
    plan = plan_of(monkeypatch, lambda config: GaussianNB(), folds=5, replicates=10)
    own = plan.study.trainable
    vals = [set(split_rows(own, rows, True, 0, r)[1]) for r in range(10)]
    assert set.union(*vals[:5]) == set.union(*vals[5:]) == set(range(60))
    assert not any(val in vals[:5] for val in vals[5:])
    assert vals == [set(split_rows(own, rows, True, 0, r)[1]) for r in range(10)]
    assert vals[0] != set(split_rows(own, rows, True, 1, 0)[1])
    assert all(y[list(val)].mean() == 0.5 for val in vals), "stratified"


def test_rows_of_one_group_are_on_one_side(monkeypatch):
    x, y = blobs()
    groups = np.arange(60) // 4
    rows = Rows(x, y, groups)
    for fields in ({"folds": 5}, {"splits": 4, "val_share": 0.3}):
        plan = plan_of(monkeypatch, lambda config: GaussianNB(), lambda: (x, y, groups), **fields)
        assert door_problems(plan) == []
        for replicate in range(plan.n_replicates):
            train, val = split_rows(plan.study.trainable, rows, True, 0, replicate)
            assert not set(groups[train]) & set(groups[val])


def test_the_replicates_follow_from_the_folds(monkeypatch):
    def make(config):
        return GaussianNB()

    assert plan_of(monkeypatch, make, folds=10).n_replicates == 10
    assert plan_of(monkeypatch, make, splits=7).trials[0].n_replicates == 7
    assert plan_of(monkeypatch, make).n_replicates == 5
    assert plan_of(monkeypatch, make, options=Options(replicates=15)).n_replicates == 15
    with pytest.raises(ValueError, match="multiple of folds=5.* 5 or 10"):
        plan_of(monkeypatch, make, options=Options(replicates=7))
    with pytest.raises(ValueError, match="multiple of folds=4"):
        plan_of(monkeypatch, make, folds=4, replicates=6)


def test_the_overlap_is_the_ratio_of_the_rows(monkeypatch):
    def overlap(**fields):
        plan = plan_of(monkeypatch, lambda config: GaussianNB(), **fields)
        assert Data(plan.data).is_paired
        return Data(plan.data).overlap

    assert overlap(folds=5) == pytest.approx(1 / 4)
    assert overlap(folds=10) == pytest.approx(1 / 9)
    assert overlap(splits=10) == pytest.approx(12 / 48)
    assert overlap(splits=10, val_share=0.5) == pytest.approx(1.0)
    x, y = blobs()
    groups = np.arange(60) // 20
    by_group = overlap(load=lambda: (x, y, groups), splits=2, val_share=0.2, stratified=False)
    assert by_group == pytest.approx(1 / 2), "one of three groups"


def test_the_random_state_follows_from_the_replicate(monkeypatch, tmp_path):
    made = []

    class Noted(DummyClassifier):
        def fit(self, x, y):
            made.append(self.random_state)
            return super().fit(x, y)

    def make(config):
        return make_pipeline(StandardScaler(), Noted(strategy="uniform", random_state=3))

    plan = plan_of(monkeypatch, make, folds=3)
    first = rows_of(plan, tmp_path)
    assert len(set(made)) == 3 and 3 not in made
    again = rows_of(plan, tmp_path)
    assert made[:3] == made[3:]
    assert [r["val_accuracy"] for r in first] == [r["val_accuracy"] for r in again]


@pytest.mark.parametrize(
    "load",
    [
        lambda: (pd.DataFrame(blobs()[0], columns=list("abc")), pd.Series(blobs()[1])),
        lambda: (sparse.csr_matrix(blobs()[0]), blobs()[1].tolist()),
        lambda: (blobs()[0].tolist(), blobs()[1].astype(bool)),
    ],
)
def test_data_of_many_forms_are_recognised_when_they_change(monkeypatch, tmp_path, load):
    def make(config):
        return SGDClassifier()

    plan = plan_of(monkeypatch, make, load)
    assert door_problems(plan) == []
    assert len(rows_of(plan, tmp_path)) == 5
    assert plan_of(monkeypatch, make, load).data["sha256"] == plan.data["sha256"]
    for rows in (slice(0, 58), slice(None, None, -1)):
        changed = plan_of(monkeypatch, make, lambda rows=rows: [_cut(v, rows) for v in load()])
        assert changed.data["sha256"] != plan.data["sha256"]
        assert changed.trials[0].trial_id != plan.trials[0].trial_id


def _cut(values, rows):
    return values.iloc[rows] if hasattr(values, "iloc") else values[rows]


def test_texts_are_data_as_well(monkeypatch, tmp_path):
    texts = [f"{'good' if i % 2 else 'bad'} {i % 7}" for i in range(30)]

    def make(config):
        return make_pipeline(TfidfVectorizer(), LogisticRegression())

    plan = plan_of(monkeypatch, make, lambda: (texts, [i % 2 for i in range(30)]))
    assert door_problems(plan) == []
    assert all(row["val_accuracy"] == 1 for row in rows_of(plan, tmp_path))


CASES = {
    "a pipeline": lambda config: make_pipeline(
        StandardScaler(), SGDClassifier(loss="log_loss", average=2)
    ),
    "a net": lambda config: MLPClassifier((5,)),
    "counts": lambda config: GaussianNB(),
    "a forest": lambda config: RandomForestClassifier(max_depth=2),
}


@pytest.mark.parametrize("name", CASES)
def test_a_resumed_fold_goes_on_as_if_nothing_had_been(monkeypatch, name):
    plan = plan_of(
        monkeypatch, CASES[name], lambda: load_digits(n_class=3, return_X_y=True), **BY_EPOCH
    )
    assert door_problems(plan) == []
    train = open_door(plan.trials[0]).train
    config = {"epochs": 5, "seed": replicate_seed(0, 1)}
    whole, states = [], []
    for metrics in train(config):
        whole.append((metrics["epoch"], metrics["val_accuracy"], list(predicted(metrics))))
        states.append(packed({"state": metrics["state"]()}))
    rest = train(config, state=unpacked(states[1])["state"])
    again = [(m["epoch"], m["val_accuracy"], list(predicted(m))) for m in rest]
    assert [epoch for epoch, *_ in whole] == [1, 2, 3, 4, 5]
    assert again == whole[2:]


def predicted(metrics):
    return metrics["predictions"]()["probability"]


def test_a_fold_has_the_same_random_numbers_whether_or_not_its_process_has_the_data(
    monkeypatch, tmp_path
):
    def load():
        np.random.seed(0)  # noqa: NPY002  # as people write it
        return np.random.randn(60, 3), blobs()[1]  # noqa: NPY002

    def shaken(x):
        return x + np.random.randn(*x.shape)  # noqa: NPY002

    def make(config):
        return make_pipeline(FunctionTransformer(shaken), SGDClassifier())

    for fields in ({}, BY_EPOCH):
        plan = plan_of(monkeypatch, make, load, folds=3, **fields)
        found = [[row["val_accuracy"] for row in rows_of(plan, tmp_path)] for _ in range(2)]
        assert found[0] == found[1], "a fresh worker loads the data, and another one has them"


@pytest.mark.parametrize("how", ["grid", "search"])
def test_nested_settings_are_dicts_for_an_estimator_and_its_data(monkeypatch, tmp_path, how):
    def load(config):
        return blobs(config["data"]["n"])

    def make(config):
        return GaussianNB(var_smoothing=config["bayes"]["v"])

    v = tune.grid_search([0.1, 0.2]) if how == "grid" else tune.uniform(0.1, 0.2)
    plan = plan_of(
        monkeypatch, make, load, folds=3, space={"data": {"n": 60}, "bayes": {"v": v}},
        search=None if how == "grid" else Search(n_trials=2),
    )  # fmt: skip
    assert door_problems(plan) == []
    if how == "grid":
        assert len(rows_of(plan, tmp_path)) == 3


def test_growing_is_the_same_as_fitting_the_whole_at_once(monkeypatch):
    def make(config):
        return GradientBoostingRegressor(n_estimators=5, max_depth=2, subsample=0.5)

    metric = Metric("val_r2", "max")
    load = lambda: load_diabetes(return_X_y=True)  # noqa: E731
    steps = plan_of(monkeypatch, make, load, metric=metric, **BY_EPOCH)
    *_, last = open_door(steps.trials[0]).train({"epochs": 5, "seed": replicate_seed(0, 0)})
    whole = plan_of(monkeypatch, make, load, metric=metric)
    (once,) = open_door(whole.trials[0]).train({"seed": replicate_seed(0, 0)})
    assert last["val_r2"] == pytest.approx(once["val_r2"])
    assert "predictions" not in once, "numbers are no classes"


def test_without_fidelity_there_is_one_fit_and_no_setting(monkeypatch, tmp_path):
    plan = plan_of(monkeypatch, lambda config: Ridge(), lambda: load_diabetes(return_X_y=True),
                   metric=Metric("val_neg_root_mean_squared_error", "max"))  # fmt: skip
    assert door_problems(plan) == []
    assert plan.trials[0].max_fidelity == 1 and plan.trials[0].config == {}
    rows = rows_of(plan, tmp_path)
    assert [row["fit"] for row in rows] == [1] * 5
    assert all(row["val_neg_root_mean_squared_error"] < 0 for row in rows)
    with pytest.raises(ValueError, match="takes no --epochs"):
        plan_of(monkeypatch, lambda config: Ridge(), options=Options(epochs=3))


def test_a_fit_that_does_not_converge_is_said_so(monkeypatch, tmp_path):
    plan = plan_of(
        monkeypatch, lambda config: LogisticRegression(max_iter=config["most"]), folds=2,
        grid={"most": [1, 500]},
    )  # fmt: skip
    found = {}
    for trial in plan.trials:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            rows = rows_of(dataclasses.replace(plan, trials=(trial,)), tmp_path)
        found[trial.config["most"]] = [row["converged"] for row in rows]
    assert found == {1: [False, False], 500: [True, True]}


def test_a_score_that_is_no_number_fails_the_trial(monkeypatch, tmp_path):
    class Wild(Ridge):
        def predict(self, x):
            return np.full(len(x), 1e300)

    plan = plan_of(
        monkeypatch, lambda config: Wild(), lambda: load_diabetes(return_X_y=True),
        metric=Metric("val_r2", "max"),
    )  # fmt: skip
    with pytest.raises(Exception, match="scorer r2 gives -?(inf|nan)"), np.errstate(over="ignore"):
        rows_of(plan, tmp_path)


def test_a_study_keeps_the_version_and_is_read_again_as_it_was(monkeypatch):
    from sweepbook.study.read import study_of

    plan = plan_of(monkeypatch, lambda config: GaussianNB(), folds=3, scoring=["f1"])
    assert "scikit-learn" in plan.study.packages
    again = study_of({**dataclasses.asdict(plan.study)})
    assert again.trainable == plan.study.trainable
    assert isinstance(again, Study) and again.fidelity == plan.study.fidelity


def test_a_confirmation_and_an_extension_have_whole_repetitions_of_the_folds(
    monkeypatch, tmp_path
):
    plan = plan_of(
        monkeypatch, lambda config: GaussianNB(var_smoothing=config["v"]), folds=3,
        grid={"v": [0.1, 0.2]},
    )  # fmt: skip
    writer = RecordWriter(tmp_path / "r", new_manifest(plan, Options(), [], []))
    for trial in plan.trials:
        rows = [{"replicate": r, "fit": 1, "val_accuracy": trial.config["v"]} for r in range(3)]
        writer.add_rows(trial.trial_id, rows)
        writer.end_trial(trial.trial_id)
    writer.close()
    record = load_record(tmp_path / "r")
    study, _ = confirming_study(record, None, None, seed=7)
    (winner,) = make_plan(study, Options()).trials
    assert (winner.config["v"], winner.n_replicates, winner.seed) == (0.2, 3, 7)
    with pytest.raises(ValueError, match="multiple of folds=3"):
        confirming_study(record, None, 5, seed=7)
    again = recorded_plan(record.manifest)
    longer = plan_extension(record, again, Options(replicates=6), extendable=False)
    assert [trial.n_replicates for trial in longer.trials] == [6, 6]
    with pytest.raises(ValueError, match="multiple of folds=3"):
        plan_extension(record, again, Options(replicates=5), extendable=False)


@pytest.mark.parametrize(
    "what",
    [
        ("object", ["call", "os", "system", ("list", ["true"], 1), None], 0),
        ("object", ["call", "sklearn.utils", "check_array", ("list", [], 1), None], 0),
        ("object", ["new", "subprocess", "Popen", ("list", ["true"], 1), None], 0),
    ],
)
def test_a_state_names_no_code_but_classes_of_scikit_learn(what):
    with pytest.raises(ValueError, match="is no class of scikit-learn"):
        put_back(GaussianNB(), {"classes_": what})


def test_an_estimator_that_holds_anything_else_has_no_state(monkeypatch):
    class Own:
        pass

    class Keeps(GaussianNB):
        def partial_fit(self, x, y, classes=None):
            self.own_ = Own()
            return super().partial_fit(x, y, classes)

    plan = plan_of(monkeypatch, lambda config: Keeps(), **BY_EPOCH)
    assert door_problems(plan) == []
    for metrics in open_door(plan.trials[0]).train({"epochs": 5, "seed": replicate_seed(0, 0)}):
        assert "state" not in metrics
