"""What people do wrong with an estimator: each is named before anything is trained."""

import numpy as np
import pytest
from ray import tune
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from sweepbook import Claim, Estimator, Fidelity, Metric, Search, Study, higher
from sweepbook.doors.checked import door_problems
from sweepbook.plan.options import Options
from tests.doors.estimators import blobs, plan_of, problem_of

X, Y = blobs()
MISSING = np.where(np.arange(60) == 7, np.nan, Y)
SHARED = make_pipeline(StandardScaler(), LogisticRegression())


def bayes(config):
    return GaussianNB()


@pytest.mark.parametrize(
    ("load", "said"),
    [
        (lambda: (X, MISSING), "no value in 1 of 60 rows (the first is row 7)"),
        (lambda: (X, [None, *Y[1:]]), "no value in 1 of 60 rows"),
        (lambda: (X, Y.reshape(-1, 1)), "y.ravel()"),
        (lambda: (X, np.stack([Y, Y], axis=1)), "one value per row"),
        (lambda: (X[:50], Y), "X has 50 rows and y has 60"),
        (lambda: ((row for row in X), Y), "X is a generator"),
        (lambda: (X, map(int, Y)), "y is a map"),
        (lambda: load_iris(), "got a Bunch"),
        (lambda: X, "(X, y)"),
        (lambda: None, "got a NoneType"),
        (lambda: (X, Y, [1, 2]), "groups must name one group per row"),
        (lambda: (X, Y, np.arange(60) // 30), "2 groups are too few for folds=5"),
        (lambda: (X[:3], Y[:3]), "3 rows are too few for folds=5"),
        (lambda: (X, np.arange(60) == 3), "class 'True' has 1 rows, too few for folds=5"),
        (lambda: (X, X[:, 0]), "take a regressor"),
        (lambda: 1 / 0, "ZeroDivisionError"),
        (lambda: exit(3), "sys.exit"),
    ],
)
def test_data_that_cannot_be_folded(monkeypatch, load, said):
    assert said in problem_of(monkeypatch, bayes, load)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda config: GaussianNB, "return an instance, GaussianNB()"),
        (lambda config: None, "returned nothing"),
        (lambda config: X, "returned a ndarray"),
        (lambda config: GaussianNB().fit(X, Y), "fitted already (GaussianNB.classes_)"),
        (lambda config: make_pipeline(StandardScaler().fit(X), GaussianNB()), "StandardScaler."),
        (lambda config: RandomForestClassifier(n_jobs=-1), "n_jobs=-1"),
        (lambda config: make_pipeline(RandomForestClassifier(n_jobs=4)), "cpus=1"),
        (lambda config: LogisticRegression(C=config["strength"]), "KeyError: 'strength'"),
        (lambda: GaussianNB(), "TypeError"),
    ],
)
def test_what_is_no_estimator_of_its_own(monkeypatch, make, said):
    assert said in problem_of(monkeypatch, make, fixed={"C": 1.0})


def test_a_setting_that_nothing_depends_on(monkeypatch):
    def make(config):
        return LogisticRegression(C=config["C"])

    assert "varies 'tol', which" in problem_of(
        monkeypatch, make, grid={"C": [1, 2], "tol": [0.1, 0.2]}
    )
    plan = plan_of(monkeypatch, lambda config: SVC(**config), grid={"C": [1, 2]})
    assert door_problems(plan) == []
    assert "unexpected keyword argument 'c'" in problem_of(
        monkeypatch, lambda config: SVC(**config), grid={"c": [1, 2]}
    )


def test_an_object_that_all_trials_share_is_copied(monkeypatch):
    plan = plan_of(
        monkeypatch, lambda config: SHARED.set_params(logisticregression__C=config["C"]),
        grid={"C": [1, 2]},
    )  # fmt: skip
    assert door_problems(plan) == []
    from sweepbook.doors.estimators.made import make_estimator

    a, b = (make_estimator(plan.study.trainable, {"C": c}) for c in (1, 2))
    assert a[-1] is not b[-1] and (a[-1].C, b[-1].C) == (1, 2)


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("accuracy", "write 'val_accuracy'"),
        ("val_acuracy", "did you mean accuracy"),
        ("val_nonsense", "no scorer 'nonsense'"),
        ("val_roc_auc", ""),
    ],
)
def test_scorers_by_their_names(monkeypatch, metric, said):
    if not said:
        plan = plan_of(monkeypatch, bayes, metric=Metric(metric, "max"))
        assert door_problems(plan) == []
        return
    assert said in problem_of(monkeypatch, bayes, metric=Metric(metric, "max"))


def test_scorers_that_cannot_score(monkeypatch):
    lower = Metric("val_neg_log_loss", "min")
    assert "must have mode 'max'" in problem_of(monkeypatch, bayes, metric=lower)
    losses = {"metric": Metric("val_neg_log_loss", "max")}
    said = problem_of(monkeypatch, lambda config: LinearSVC(), **losses)
    assert "needs predict_proba, which LinearSVC does not have" in said
    three = lambda: blobs(60, 3)  # noqa: E731
    said = problem_of(monkeypatch, bayes, three, metric=Metric("val_roc_auc", "max"))
    assert "multi_class" in said
    numbers = lambda: load_diabetes(return_X_y=True)  # noqa: E731
    said = problem_of(monkeypatch, lambda config: LinearRegression(), numbers)
    assert "scorer accuracy cannot score these data" in said
    assert "no scorer 'f2'" in problem_of(monkeypatch, bayes, scoring=["f2"])


def test_fidelity_of_what_has_no_steps(monkeypatch):
    steps = {"fidelity": Fidelity("epoch", "epochs"), "fixed": {"epochs": 3}}
    assert "leave fidelity out" in problem_of(monkeypatch, lambda config: SVC(), **steps)
    said = problem_of(monkeypatch, lambda config: LogisticRegression(warm_start=True), **steps)
    assert "LogisticRegression cannot be trained step by step" in said
    steps["fidelity"] = Fidelity("fit", "epochs")
    assert "cannot be called 'fit'" in problem_of(monkeypatch, bayes, **steps)


def test_claims_that_folds_cannot_answer(monkeypatch):
    other = higher("test_acc", {"C": 1}, than={"C": 2}, by=0.1, because="?", statement="?")
    grid = {"grid": {"C": [1, 2]}}
    make = lambda config: LogisticRegression(C=config["C"])  # noqa: E731
    said = problem_of(monkeypatch, make, claims=[other], **grid)
    assert "is of 'test_acc', which the Estimator does not give: it gives val_accuracy" in said
    counts = Claim(
        name="c", statement="?", kind="mixture", metric="val_accuracy", arms=({"C": 1},),
        smallest=0.1, reason="?",
    )  # fmt: skip
    assert "cannot be counted" in problem_of(monkeypatch, make, claims=[counts], **grid)


def test_data_that_differ_between_configs(monkeypatch):
    def load(config):
        return blobs(config["n"])

    assert "differ between configs" in problem_of(monkeypatch, bayes, load, grid={"n": [60, 80]})
    assert door_problems(plan_of(monkeypatch, bayes, load, fixed={"n": 70})) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"folds": 1}, "folds of an estimator must be >= 2"),
        ({"folds": 5, "splits": 5}, "not both"),
        ({"val_share": 0.2}, "leave val_share out"),
        ({"splits": 5, "val_share": 20}, "between 0 and 1"),
        ({"scoring": "accuracy"}, "scoring"),
        ({"folds": 2.5}, "folds"),
        ({"make": bayes}, "its import path"),
    ],
)
def test_an_estimator_is_checked_when_it_is_made(fields, said):
    with pytest.raises(ValueError, match=said):
        Estimator(**{"make": "m:make", "data": "m:load", **fields})


@pytest.mark.parametrize("fields", [{"data": "m:f"}, {"single": "m:f"}, {"stacked": True}])
def test_fields_that_do_not_go_with_an_estimator(fields):
    with pytest.raises(ValueError, match="does not go with an Estimator"):
        Study(
            name="s", question="?", trainable=Estimator("m:make", data="m:load"),
            metric=Metric("val_accuracy", "max"), **fields,
        )  # fmt: skip


def test_any_other_study_needs_a_fidelity():
    with pytest.raises(ValueError, match="fidelity of study s must be a Fidelity"):
        Study(name="s", question="?", trainable="m:f", metric=Metric("loss", "min"))


def test_data_that_are_other_rows_at_each_call(monkeypatch):
    said = problem_of(
        monkeypatch,
        lambda config: SVC(),
        lambda: blobs(seed=int(np.random.default_rng().integers(2**31))),
    )
    assert "other rows at each call" in said and "seed" in said


def _from_config(kind):
    return lambda config: kind(**{key: v for key, v in config.items() if key != "epochs"})


FOREST, STEPWISE = (RandomForestClassifier, "n_estimators"), (SGDClassifier, "max_iter")


@pytest.mark.parametrize(
    "kind, setting, how",
    [(*own, how) for own in (FOREST, STEPWISE) for how in ("grid", "range", "choice")]
    + [(*FOREST, "one value")],
)
def test_a_length_that_the_fidelity_takes_the_place_of(monkeypatch, kind, setting, how):
    fields = {
        "grid": {"grid": {setting: [5, 9]}},
        "range": {"space": {setting: tune.randint(5, 100)}, "search": Search(n_trials=4)},
        "choice": {"space": {setting: tune.choice([5, 9])}, "search": Search(n_trials=4)},
        "one value": {},
    }[how]
    fixed = {"epochs": 3} | ({setting: 500} if how == "one value" else {})
    said = problem_of(
        monkeypatch, _from_config(kind), fidelity=Fidelity("epoch", "epochs"), fixed=fixed,
        **fields,
    )  # fmt: skip
    assert setting in said and "fidelity" in said
    assert ("500" in said) == (how == "one value")


@pytest.mark.parametrize(
    "make",
    [
        lambda config: RandomForestClassifier(),
        lambda config: RandomForestClassifier(n_estimators=config["epochs"]),
        lambda config: RandomForestClassifier(n_estimators=3),
        lambda config: (BaggingClassifier if config["bag"] else RandomForestClassifier)(),
        lambda config: MLPClassifier(max_iter=200),
        lambda config: MLPClassifier(max_iter=60),
    ],
)
def test_a_length_that_is_the_class_s_or_the_study_s_own(monkeypatch, make):
    def read(config):
        return (config["bag"], make(config))[1]

    fields = {"fidelity": Fidelity("epoch", "epochs"), "fixed": {"epochs": 3}}
    fields |= {"grid": {"bag": [False, True]}}
    for options in (Options(), Options(epochs=2)):
        assert door_problems(plan_of(monkeypatch, read, options=options, **fields)) == []


@pytest.mark.parametrize(
    "read",
    [
        lambda config: config["C"],
        lambda config: config.get("C"),
        lambda config: config.setdefault("C", 1),
        lambda config: {**config}["C"],
        lambda config: (config | {"a": 1})["C"],
        lambda config: config.copy()["C"],
        lambda config: sum(config.values()),
    ],
)
def test_a_setting_that_is_read_in_any_way_is_no_unread_one(monkeypatch, read):
    plan = plan_of(monkeypatch, lambda config: SVC(C=read(config)), grid={"C": [1, 2]})
    assert door_problems(plan) == []
