"""Ray's OptunaSearch, told the truth: how each trial ended, at which fidelity, and each once."""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState
from ray.tune.search import Searcher
from ray.tune.search.optuna import OptunaSearch

from analysis.places import Place
from search_spaces import Metric
from search_spaces.search_spec import Space
from sweepbook.plan import Plan, Trial, suggested_trial
from sweepbook.record import DONE
from sweepbook.schedulers import Ending, means_of
from sweepbook.search_plan import SearchPlan

MOST_ASKS = 100  # in a row that bring nothing new; the cell then counts as exhausted
_DISTRIBUTIONS = {
    "float": optuna.distributions.FloatDistribution,
    "int": optuna.distributions.IntDistribution,
}


def distributions(space: Space) -> dict[str, optuna.distributions.BaseDistribution]:
    """Returns a described space as Optuna's distributions."""
    found: dict[str, optuna.distributions.BaseDistribution] = {}
    for key, domain in space.items():
        if domain["kind"] == "choice":
            found[key] = optuna.distributions.CategoricalDistribution(domain["choices"])
        else:
            steps = {"step": domain["step"]} if domain["step"] else {}
            found[key] = _DISTRIBUTIONS[domain["kind"]](
                domain["low"], domain["high"], log=domain["log"], **steps
            )
    return found


def told(status: str, steps: Mapping[int, float]) -> tuple[TrialState, float | None]:
    """Returns what Optuna is to hear of a trial: its state, and its value at the last step.

    A trial stopped by a scheduler is censored, PRUNED at its last step. One that diverged,
    failed, was interrupted or ended with a mean that is not finite is FAIL, without a value.
    """
    last = steps[max(steps)] if steps else math.nan
    if status == "finished" and math.isfinite(last):
        return TrialState.COMPLETE, last
    if status == "stopped" and math.isfinite(last):
        return TrialState.PRUNED, last
    return TrialState.FAIL, None


class CellSearch(OptunaSearch):
    """The Optuna study of one cell.

    Args:
        seed: of every suggestion, together with its count: what is suggested depends on the
            seed, on what was told so far, and on nothing else, so that a sampler rebuilt from a
            record goes on as the one before it would have.
        endings: trial_id -> why the scheduler ended it; the scheduler fills it.
    """

    def __init__(
        self,
        space: Space,
        metric: Metric,
        unit: str,
        *,
        n_random: int,
        seed: Iterable[int],
        endings: Mapping[str, Ending],
        points: Iterable[Mapping[str, Any]] = (),
        storage: optuna.storages.BaseStorage | None = None,
        study_name: str | None = None,
    ) -> None:
        self.unit, self.n_random, self.seed = unit, n_random, tuple(seed)
        self.endings, self.points = endings, list(points)
        self.n_asked = 0  # distinct configs so far
        self.n_waiting = 0  # of a record, to be trained further before anything new
        self.trial_ids: dict[str, str] = {}  # Ray's id -> ours
        self.steps: dict[str, dict[int, float]] = {}  # Ray's id -> what Optuna has heard
        self.domains = distributions(space)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        super().__init__(
            self.domains,
            metric=metric.name,
            mode=metric.mode,
            sampler=self._sampler_at(0),
            storage=storage,
            study_name=study_name,
        )

    @property
    def study(self) -> optuna.Study:
        """The Optuna study."""
        study: Any = self._ot_study
        assert isinstance(study, optuna.Study)
        return study

    def _sampler_at(self, attempt: int) -> optuna.samplers.BaseSampler:
        sequence = np.random.SeedSequence([*self.seed, self.n_asked, attempt])
        seed = int(sequence.generate_state(1)[0])
        if attempt >= MOST_ASKS // 10:  # TPE insists on what it knows: what is left is elsewhere
            return optuna.samplers.RandomSampler(seed)
        return optuna.samplers.TPESampler(n_startup_trials=self.n_random, seed=seed)

    def ask(self, ray_id: str, attempt: int) -> dict[str, Any]:
        """Returns settings to try: of a waiting trial, a point, or the sampler's."""
        self.study.sampler = self._sampler_at(attempt)
        if not self.n_waiting and attempt == 0 and self.n_asked < len(self.points):
            self.study.enqueue_trial(dict(self.points[self.n_asked]))
        return dict(super().suggest(ray_id) or {})

    def accept(self, ray_id: str, trial: Trial) -> None:
        """Takes note that the settings are trained as this trial."""
        self.trial_ids[ray_id], self.steps[ray_id] = trial.trial_id, {}
        self.n_waiting = max(0, self.n_waiting - 1)
        self.n_asked += 1
        for key, value in (("trial_id", trial.trial_id), ("number", trial.number)):
            self._ot_trials[ray_id].set_user_attr(key, value)

    def refuse(self, ray_id: str, why: str) -> None:
        """Tells Optuna that the settings are not trained; the sampler then takes no account."""
        trial = self._ot_trials.pop(ray_id)
        trial.set_user_attr("not trained", why)
        self.study.tell(trial, state=TrialState.FAIL)

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Reports each fidelity once: a retry repeats some, a resume reports several at once."""
        rows = ((row[self.unit], row[self._metric]) for row in result.get("rows") or ())
        heard = self.steps[trial_id]
        for step, mean in means_of(rows).items():
            if step > max(heard, default=0):
                self._ot_trials[trial_id].report(mean, step)
                heard[step] = mean

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Tells how the trial ended; Tune has not reported the last result of a stopped one."""
        if trial_id in self._completed_trials:
            return
        if result:
            self.on_trial_result(trial_id, result)
        ending = self.endings.get(self.trial_ids[trial_id])
        status = "failed" if error else ending.status if ending else "finished"
        self._tell(trial_id, status)

    def close(self) -> None:
        """Tells every trial that has not ended as interrupted: FAIL, and none left RUNNING."""
        for ray_id in self._ot_trials.keys() - self._completed_trials:
            self._tell(ray_id, "interrupted")

    def _tell(self, ray_id: str, status: str) -> None:
        trial = self._ot_trials[ray_id]
        state, value = told(status, self.steps[ray_id])
        trial.set_user_attr("status", status)
        self.study.tell(trial, value if state == TrialState.COMPLETE else None, state=state)
        self._completed_trials.add(ray_id)

    def add(
        self,
        settings: Mapping[str, Any],
        status: str,
        steps: Mapping[int, float],
        **attributes: Any,
    ) -> None:
        """Adds a trial that has ended, as it would stand there had this study seen it."""
        state, value = told(status, steps)
        self.study.add_trial(
            optuna.trial.create_trial(
                state=state,
                value=value,
                params=dict(settings),
                distributions=self.domains,
                intermediate_values=dict(steps),
                user_attrs={**attributes, "status": status},
            )
        )

    def reopen(self, settings: Mapping[str, Any]) -> None:
        """Has these settings asked for first: a trial that was begun and is to go on."""
        self.study.enqueue_trial(dict(settings))
        self.n_waiting += 1


class StudySearch(Searcher):
    """The search of a study: its cells take turns, the one with the fewest trials first.

    A config whose trial_id was suggested before is not trained again: Optuna is told FAIL, which
    its sampler leaves out (the same seeds would give the same number, and one measurement must
    not count twice), and asked anew.

    Args:
        plan: with a search.
        endings: see `CellSearch`.
        admit: called with each trial and its cell, returns what the worker is to get.
        record: the record's folder; Optuna's studies have its name where they are kept. Those
            that this record kept there before are made anew: it says what they hold.
    """

    def __init__(
        self,
        plan: Plan,
        endings: Mapping[str, Ending],
        admit: Callable[[Trial, int], Any],
        record: Place | Path,
    ) -> None:
        if plan.search is None:
            raise ValueError(f"study {plan.study.name} has no search")
        storage = kept_studies(plan.search, record)
        metric = plan.study.metric
        super().__init__(metric=metric.name, mode=metric.mode)
        self.plan, self.spec, self.admit = plan, plan.search, admit
        self.cells = [
            CellSearch(
                self.spec.space,
                metric,
                plan.study.fidelity.unit,
                n_random=self.spec.n_random,
                seed=(self.spec.seed, _number_of(cell)),
                endings=endings,
                points=self.spec.points,
                storage=storage,
                study_name=name,
            )
            for cell, name in zip(self.spec.cells, study_names(self.spec, record), strict=True)
        ]
        for cell in self.cells:
            cell.study.set_user_attr("record", str(record.resolve()))
        self.cell_of: dict[str, int] = {}  # Ray's id -> cell
        self.known: dict[str, Trial] = {}
        self.open: set[str] = set()  # trial_ids of a record that are to go on
        self.exhausted: set[int] = set()
        for trial in self.spec.warm_start:
            steps = {} if trial["value"] is None else {trial["fidelity"]: trial["value"]}
            self.cells[trial["cell"]].add(
                trial["settings"], trial["status"], steps, record=trial["record"]
            )

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Tune pickles its searcher into a folder that we never read

    def save_to_dir(self, checkpoint_dir: str, session_str: str = "default") -> None:
        """Does nothing: the record is the only state."""

    def enter_record(self, trials: pd.DataFrame, reports: pd.DataFrame) -> None:
        """Tells what a record holds, in the order of suggestion; the planned others go on.

        Args:
            trials, reports: the tables of a loaded record.
        """
        metric, unit = self.plan.study.metric.name, self.plan.study.fidelity.unit
        status = dict(zip(trials["trial_id"], trials["status"], strict=True))
        rows = {str(i): own for i, own in reports.groupby("trial_id")}
        for trial in sorted(self.plan.trials, key=lambda t: t.number or 0):
            trial_id = trial.trial_id
            self.known[trial_id] = trial
            cell = self.cells[self.spec.cell_of(trial.config)]
            settings = {key: trial.config[key] for key in self.spec.space}
            if status.get(trial_id) not in DONE:
                cell.reopen(settings)
                self.open.add(trial_id)
                continue
            own = rows.get(trial_id)
            pairs = () if own is None else zip(own[unit], own[metric], strict=True)
            cell.add(
                settings,
                status[trial_id],
                means_of(pairs),
                trial_id=trial_id,
                number=trial.number,
            )
            cell.n_asked += 1

    def suggest(self, trial_id: str) -> Any:
        """Returns the next trial's assignment, or FINISHED where nothing is left to try."""
        while True:
            turns = [
                (cell.n_asked, index)
                for index, cell in enumerate(self.cells)
                if index not in self.exhausted and cell.n_asked < self.spec.n_trials_per_cell
            ]
            if not turns:
                return Searcher.FINISHED
            index = min(turns)[1]
            trial = self._next(index, trial_id)
            if trial is not None:
                self.cell_of[trial_id] = index
                return {"trial_id": trial.trial_id, "assignment": self.admit(trial, index)}
            self.exhausted.add(index)

    def _next(self, index: int, ray_id: str) -> Trial | None:
        cell = self.cells[index]
        for attempt in range(MOST_ASKS):
            settings = cell.ask(ray_id, attempt)
            try:
                trial = suggested_trial(self.plan, index, settings, len(self.known))
            except ValueError as error:
                cell.refuse(ray_id, str(error))
                continue
            known = self.known.get(trial.trial_id)
            if known and known.trial_id not in self.open:
                cell.refuse(ray_id, f"the same config as trial {known.number}")
                continue
            trial = known or trial
            self.open.discard(trial.trial_id)
            self.known[trial.trial_id] = trial
            cell.accept(ray_id, trial)
            return trial
        return None

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Passes a result on to the trial's cell."""
        self.cells[self.cell_of[trial_id]].on_trial_result(trial_id, result)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Passes an ending on to the trial's cell."""
        self.cells[self.cell_of[trial_id]].on_trial_complete(trial_id, result, error)

    def is_exhausted(self) -> bool:
        """Whether the search ended before it had its trials, with nothing new to suggest."""
        return bool(self.exhausted)

    def close(self) -> None:
        """Tells the cells' unended trials as interrupted."""
        for cell in self.cells:
            cell.close()


def _number_of(cell: Mapping[str, Any]) -> int:
    """A number of a cell's settings, so that its sampler does not depend on the other cells."""
    text = json.dumps(cell, sort_keys=True, default=str)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def study_names(spec: SearchPlan, record: Place | Path) -> list[str]:
    """Returns the names of a record's Optuna studies, one per cell."""
    return [f"{record.name} {spec.name_of(i)}".strip() for i in range(len(spec.cells))]


def kept_studies(spec: SearchPlan, record: Place | Path) -> optuna.storages.BaseStorage | None:
    """Returns the storage of a search's Optuna studies, without those of this record.

    Raises:
        ValueError: not a storage, or one where a study of another record has the name.
    """
    storage = _storage(spec.optuna_storage)
    names = study_names(spec, record)
    for known in optuna.get_all_study_summaries(storage) if storage else ():
        if storage is None or known.study_name not in names:
            continue
        if known.user_attrs.get("record") != str(record.resolve()):
            raise ValueError(
                f"{spec.optuna_storage} has a study {known.study_name!r} already, which is not "
                f"of {record}: choose another --name or --optuna-storage"
            )
        optuna.delete_study(study_name=known.study_name, storage=storage)
    return storage


def _storage(where: str | None) -> optuna.storages.BaseStorage | None:
    if where is None:
        return None
    if where.startswith("sqlite:///"):
        return optuna.storages.RDBStorage(where)
    if where.endswith((".journal", ".log")):
        backend = JournalFileBackend(where)
        return optuna.storages.JournalStorage(backend)
    raise ValueError(f"--optuna-storage takes sqlite:///FILE or FILE.journal, got {where!r}")
