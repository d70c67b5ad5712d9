"""The search of a study: its cells take turns, each config once, rebuilt from the record."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from ray.tune.search import Searcher

from sweepbook.plan.plan import Plan, suggested_trial
from sweepbook.record.account import DONE
from sweepbook.record.planned import Trial
from sweepbook.record.storage.places import Place
from sweepbook.record.values import Ending, means_by_trial
from sweepbook.search.cell import MOST_ASKS, CellSearch
from sweepbook.search.kept import Storage, kept_studies, study_names


class StudySearch(Searcher):
    """The search of a study: its cells take turns, the one with the fewest trials first.

    A config whose trial_id was suggested before is not trained again: Optuna is told FAIL, which
    its sampler leaves out (the same seeds would give the same number, and one measurement must
    not count twice), and asked anew.

    Args:
        plan: with a search.
        endings: trial_id -> why a scheduler ended the trial; the scheduler fills it.
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
        super().__init__(metric="value", mode=metric.mode)
        self.plan, self.spec, self.endings, self.admit = plan, plan.search, endings, admit
        names = study_names(self.spec, record)
        self.cells = [
            self._new_cell(settings, storage, name)
            for settings, name in zip(self.spec.cells, names, strict=True)
        ]
        for cell in self.cells:
            cell.study.set_user_attr("record", str(record.resolve()))
        self.asked: dict[str, tuple[CellSearch, str]] = {}  # Ray's id -> cell, trial_id
        self.known: dict[str, Trial] = {}
        self.open: set[str] = set()  # trial_ids of a record that are to go on
        self.exhausted: set[int] = set()
        self._tell_warm_start()

    def _new_cell(
        self, settings: Mapping[str, Any], storage: Storage | None, name: str
    ) -> CellSearch:
        return CellSearch(
            self.spec.space,
            self.plan.study.metric,
            self.plan.study.fidelity.unit,
            n_random=self.spec.n_random,
            seed=(self.spec.seed, _number_of(settings)),
            points=self.spec.points,
            storage=storage,
            study_name=name,
        )

    def _tell_warm_start(self) -> None:
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
        told = means_by_trial(reports, trials, metric, unit)
        for trial in sorted(self.plan.trials, key=lambda t: t.number or 0):
            trial_id = trial.trial_id
            self.known[trial_id] = trial
            cell = self.cells[self.spec.cell_of(trial.config)]
            settings = {key: trial.config[key] for key in self.spec.space}
            if status.get(trial_id) not in DONE:
                cell.reopen(settings)
                self.open.add(trial_id)
                continue
            cell.add(
                settings,
                status[trial_id],
                told.get(trial_id, {}),
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
                if self._has_turn(index) and (cell.n_waiting or not self.spec.exhausted)
            ]
            if not turns:
                return Searcher.FINISHED
            index = min(turns)[1]
            trial = self._next(index, trial_id)
            if trial is not None:
                self.asked[trial_id] = self.cells[index], trial.trial_id
                return {"trial_id": trial.trial_id, "assignment": self.admit(trial, index)}
            self.exhausted.add(index)

    def _has_turn(self, index: int) -> bool:
        has_trials = self.cells[index].n_asked >= self.spec.n_trials_per_cell
        return index not in self.exhausted and not has_trials

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
        cell, _ = self.asked[trial_id]
        cell.report(trial_id, result.get("rows") or ())

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Passes an ending on to the trial's cell; Tune has not passed on what stopped it."""
        cell, ours = self.asked[trial_id]
        if trial_id not in cell.ended:
            cell.report(trial_id, (result or {}).get("rows") or ())
        ending = self.endings.get(ours)
        cell.end(trial_id, "failed" if error else ending.status if ending else "finished")

    def is_exhausted(self) -> bool:
        """Whether some cells have nothing new to suggest, and all others have their trials."""
        is_over = not any(map(self._has_turn, range(len(self.cells))))
        return self.spec.exhausted or (bool(self.exhausted) and is_over)

    def close(self) -> None:
        """Tells the cells' unended trials as interrupted."""
        for cell in self.cells:
            cell.close()


def _number_of(cell: Mapping[str, Any]) -> int:
    """A number of a cell's settings, so that its sampler does not depend on the other cells."""
    text = json.dumps(cell, sort_keys=True, default=str)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
