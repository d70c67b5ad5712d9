"""What is wrong with an estimator, as far as it can be seen before anything is trained."""

import difflib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sweepbook.doors.estimators.lengths import length_problems
from sweepbook.doors.estimators.made import (
    WHOLE,
    is_classifier,
    make_estimator,
    parts_of,
)
from sweepbook.doors.estimators.scores import COLUMN, scorers_of
from sweepbook.doors.estimators.splits import is_stratified, split_rows
from sweepbook.doors.estimators.steps import refusal
from sweepbook.plan.asked import given_config
from sweepbook.plan.plan import Plan
from sweepbook.plan.search import draws
from sweepbook.study.errors import told
from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.forms.rows import Rows, load_rows, rows_sha256, takes_config
from sweepbook.study.spaces.names import SEPARATOR


def problems(estimator: Estimator, plan: Plan) -> list[str]:
    """Returns a sentence for each thing that will not work, with what to write instead."""
    found = [*_of_study(plan), *_of_scorers(estimator, plan)]
    found = found or list(_of_columns(estimator, plan))
    if found:
        return found
    try:
        configs = list(_configs(plan))
        given = [given_config(plan.study, config) for config in configs]
        rows = load_rows(estimator, given[0])
        _same_data(estimator, rows, given)
        _same_again(estimator, rows, plan)
        read: set[str] = set()
        made = [make_estimator(estimator, _Read(one, read)) for one in given]
        found += _unread(estimator, plan, configs, read)
        for one in made:
            found += _of_estimator(one, plan)
        if plan.study.fidelity.unit != WHOLE:
            found += length_problems(plan, configs, made)
        found += _of_rows(estimator, plan, rows, made[0])
    except ValueError as error:
        return [*found, str(error)]
    return list(dict.fromkeys(found))


def _configs(plan: Plan) -> Iterator[dict[str, Any]]:
    """The settings of each trial; of a search, a draw for each cell and each end of a range."""
    if plan.search is None:
        yield from (dict(trial.config) for trial in plan.trials)
        return
    (drawn,) = draws(plan.search.space, 1)
    cells = [{**config, **drawn} for config in plan.search.configs]
    yield from cells
    for key, domain in plan.search.space.items():
        for value in domain.get("choices") or (domain["low"], domain["high"]):
            yield {**cells[0], key: value}


class _Read(dict[str, Any]):
    """A config that notes which settings are read."""

    def __init__(self, config: Mapping[str, Any], read: set[str]) -> None:
        super().__init__(config)
        self._read = read

    def __getitem__(self, key: str) -> Any:
        self._read.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._read.add(key)
        return super().get(key, default)

    def pop(self, key: str, *default: Any) -> Any:
        self._read.add(key)
        return super().pop(key, *default)

    def setdefault(self, key: str, default: Any = None) -> Any:
        self._read.add(key)
        return super().setdefault(key, default)

    def values(self) -> Any:
        self._read.update(super().keys())
        return super().values()

    def __iter__(self) -> Iterator[str]:
        self._read.update(super().keys())
        return super().__iter__()

    def items(self) -> Any:
        self._read.update(super().keys())
        return super().items()

    def keys(self) -> Any:
        self._read.update(super().keys())
        return super().keys()


def _unread(
    estimator: Estimator, plan: Plan, configs: list[dict[str, Any]], read: set[str]
) -> list[str]:
    """Says which settings are tried though nothing depends on them."""
    if takes_config(estimator.data):  # they may be the data's
        return []
    varied = [key for key in configs[0] if len({repr(one.get(key)) for one in configs}) > 1]
    varied += [key for key in (plan.search.space if plan.search else ()) if key not in varied]
    known = ", ".join(sorted(read)) or "no setting"
    return [
        f"study {plan.study.name} varies {key!r}, which {estimator.make} does not read: it reads "
        f"{known}; rename the setting, or take it out"
        for key in varied
        if (key.partition(SEPARATOR)[0] if plan.study.nested else key) not in read
    ]


def _of_study(plan: Plan) -> list[str]:
    study, found = plan.study, []
    if study.fidelity.unit == WHOLE and study.fidelity.setting:
        found.append(
            f"the unit of study {study.name} cannot be called {WHOLE!r}, which means that an "
            'estimator is fitted at once: call it "epoch", or leave fidelity out'
        )
    if study.metric.mode != "max":
        found.append(
            f"the metric of study {study.name} must have mode 'max', got {study.metric.mode!r}: "
            "of all scorers of scikit-learn a larger value is better, of neg_log_loss, too"
        )
    for claim in study.claims:
        if claim.kind in ("mixture", "gradients"):
            found.append(
                f"claim {claim.name} is of kind {claim.kind!r}, which an Estimator cannot answer: "
                "folds share training rows, so they cannot be counted as independent seeds; "
                "compare means instead"
            )
    return found


def _of_scorers(estimator: Estimator, plan: Plan) -> list[str]:
    from sklearn.metrics import get_scorer_names

    known, metric = get_scorer_names(), plan.study.metric.name
    if not metric.startswith(COLUMN):
        bare = metric.rpartition("_")[2]
        near = (
            metric if metric in known else next(iter(difflib.get_close_matches(bare, known)), "")
        )
        return [
            f"the metric of study {plan.study.name} must be 'val_' and the name of a scorer of "
            f"scikit-learn, got {metric!r}: write {COLUMN + (near or 'accuracy')!r}"
        ]
    found = []
    for name in scorers_of(estimator, metric):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
            hint = f": did you mean {', '.join(near)}?" if near else ": see get_scorer_names()"
            found.append(f"scikit-learn has no scorer {name!r}{hint}")
    return found


def _of_columns(estimator: Estimator, plan: Plan) -> Iterator[str]:
    """Says which claims and figures are of metrics that there will not be."""
    study = plan.study
    names = scorers_of(estimator, study.metric.name)
    known = [f"val_{name}" for name in names]
    known += [f"train_{name}" for name in names] if estimator.train_scores else []
    asked = [(f"claim {one.name}", one.metric) for one in study.claims]
    asked += [(f"claim {one.name}", one.against_metric or known[0]) for one in study.claims]
    for figure in study.figures:
        metrics = figure.get("metrics")
        listed = metrics if isinstance(metrics, list | tuple) else ()
        asked += [(f"figure {figure.get('name')}", str(one)) for one in listed]
    for what, metric in asked:
        if metric not in (*known, "time_s", "converged"):
            yield (
                f"{what} is of {metric!r}, which the Estimator does not give: it gives "
                f"{', '.join(known)}; name its scorer in scoring, or, of train_, add "
                "train_scores=True"
            )


def _same_again(estimator: Estimator, rows: Rows, plan: Plan) -> None:
    """Refuses data that are other rows at each call: every worker calls, and so does a resume."""
    if rows_sha256(rows) != plan.data["sha256"]:
        raise ValueError(
            f"the estimator's data {estimator.data} are other rows at each call: give whatever "
            "draws or shuffles them there a fixed seed, such as random_state=0"
        )


def _same_data(estimator: Estimator, rows: Rows, configs: Sequence[Mapping[str, Any]]) -> None:
    """Refuses data that are not the same for all configs: no fold of one is a fold of another."""
    if not takes_config(estimator.data):
        return
    first = rows_sha256(rows)
    for config in configs[1:]:
        if rows_sha256(load_rows(estimator, config)) != first:
            raise ValueError(
                f"the estimator's data {estimator.data} differ between configs, so their folds "
                "cannot be compared: load the same rows for all of them, and do what differs in "
                "the Pipeline, or make it a study for each data set"
            )


def _of_estimator(made: Any, plan: Plan) -> Iterator[str]:
    study = plan.study
    if study.fidelity.unit != WHOLE and (why := refusal(made)):
        yield why
    for name, part in parts_of(made).items():
        n_jobs = part.get_params(deep=False).get("n_jobs")
        if n_jobs is not None and (n_jobs < 0 or n_jobs > max(study.cpus, 1)):
            where = f"its step {name}" if name else type(made).__name__
            yield (
                f"{where} has n_jobs={n_jobs}, but a trial of study {study.name} has "
                f"cpus={study.cpus:g}, and several run at a time: write n_jobs=None, or n_jobs=N "
                "and cpus=N in the study"
            )


def _of_rows(estimator: Estimator, plan: Plan, rows: Rows, made: Any) -> Iterator[str]:
    classifies = is_classifier(made)
    if classifies and rows.y.dtype.kind == "f" and len(np.unique(rows.y)) > rows.n / 2:
        yield (
            f"{type(made).__name__} predicts classes, but y has {len(np.unique(rows.y))} "
            f"different numbers in {rows.n} rows: take a regressor"
        )
        return
    if is_stratified(estimator, rows, classifies):
        values, counts = np.unique(rows.y, return_counts=True)
        least = estimator.folds or 2
        if counts.min() < least:
            how = f"folds={estimator.folds}" if estimator.folds else f"splits={estimator.splits}"
            yield (
                f"class {str(values[counts.argmin()])!r:.60} has {counts.min()} rows, too few for "
                f"{how} of equal shares: take fewer folds, drop the class, or write "
                "stratified=False"
            )
            return
    try:
        train, val = split_rows(estimator, rows, classifies, plan.seed, 0)
    except ValueError as error:
        yield f"the rows cannot be split: {error}"
        return
    for name in scorers_of(estimator, plan.study.metric.name):
        if why := _cannot_score(name, made, rows, train, val):
            yield why


def _cannot_score(name: str, made: Any, rows: Rows, train: Any, val: Any) -> str:
    """Why a scorer cannot score the estimator on these data; a guess at random is scored."""
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.metrics import get_scorer

    scorer: Any = get_scorer(name)
    wanted = getattr(scorer, "_response_method", "predict")
    methods = [wanted] if isinstance(wanted, str) else list(wanted)
    if not any(hasattr(made, method) for method in methods):
        return (
            f"scorer {name} needs {' or '.join(methods)}, which {type(made).__name__} does not "
            "have as it is made: take another scorer, or another setting of the estimator"
        )
    guess = DummyClassifier(strategy="prior") if is_classifier(made) else DummyRegressor()
    nothing = np.zeros((rows.n, 1))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = float(
                scorer(guess.fit(nothing[train], rows.y[train]), nothing[val], rows.y[val])
            )
    except Exception as error:  # whatever a scorer raises of targets that it is not made for
        return f"scorer {name} cannot score these data: {told(error)}"
    if not np.isfinite(value):
        return f"scorer {name} gives {value} on these data: take another scorer"
    return ""
