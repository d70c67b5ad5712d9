"""The packs of a study with a scheduler: each trains up to a rung, and survivors form new ones."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ray.tune.search import Searcher

from sweepbook.plan.fused import most_of, pack_key
from sweepbook.record.planned import Trial
from sweepbook.study.study import Study
from sweepbook.tune.scheduler import StudyASHA
from sweepbook.tune.worker.assignment import Pack

Make = Callable[[Sequence[Trial], int], Pack]


class PackQueue(Searcher):
    """What Tune asks for the next pack, and who judges the trials of those that run.

    A trial waits in the group of those that may share its stack and have the same next rung. A
    free worker gets the highest group that fills a stack; else the trials that have trained
    least, so that others come to them; and no more than leaves something for other idle workers.

    Args:
        trials: those that have not ended.
        scheduler: judges reports, in Ray's place; it holds what the record says.
        make: returns what a worker gets to train some trials up to a fidelity.
        n_workers: how many packs train at a time, >= 1.

    Randomness: none.
    """

    def __init__(
        self,
        study: Study,
        trials: Sequence[Trial],
        scheduler: StudyASHA,
        make: Make,
        n_workers: int,
    ) -> None:
        super().__init__(metric="value", mode=study.metric.mode)
        self.study, self.scheduler, self.make, self.n_workers = study, scheduler, make, n_workers
        self.trials = {trial.trial_id: trial for trial in trials}
        self.waiting = list(self.trials)
        self.alone: set[str] = set()  # failed together with others
        self.ended: set[str] = set()
        self.reached: dict[str, int] = {}  # trial_id -> its last fidelity
        self.before: dict[str, int] = {}  # trial_id -> that when it was put back
        self.packs: dict[str, list[str]] = {}  # Tune's name of a pack -> trial_ids
        self.running: set[str] = set()  # Tune's names of packs
        self.most: dict[Any, float] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Tune pickles its searcher into a folder that we never read

    def save_to_dir(self, checkpoint_dir: str, session_str: str = "default") -> None:
        """Does nothing: the record is the only state."""

    def suggest(self, trial_id: str) -> Any:
        """Returns the next pack; None while all trials train; FINISHED where none is left."""
        if not self.waiting:
            return None if self.running else Searcher.FINISHED
        until, members = self._next()
        self.waiting = [one for one in self.waiting if one not in members]
        name = f"pack-{len(self.packs)}"
        self.packs[name] = members
        self.running.add(name)
        pack = self.make([self.trials[one] for one in members], until)
        return {"trial_id": name, "assignment": pack}

    def on_trial_complete(self, trial_id: str, result: Any = None, error: bool = False) -> None:
        """Does nothing: the callback tells what has become of a pack."""

    def _next(self) -> tuple[int, list[str]]:
        """The fidelity up to which to train, and whom."""
        groups: dict[Any, list[str]] = {}
        for trial_id in self.waiting:
            key = trial_id if trial_id in self.alone else self._key(trial_id)
            groups.setdefault((self.scheduler.next_rung(trial_id), key), []).append(trial_id)
        full = [own for own, ids in groups.items() if len(ids) >= self._most(own, ids)]
        choice = max(full, key=_rung) if full else min(groups, key=_rung)
        ids = groups[choice]
        idle = max(1, self.n_workers - len(self.running))
        n = min(self._most(choice, ids), -(-len(ids) // idle))
        return choice[0], ids[: int(n)]

    def _key(self, trial_id: str) -> Any:
        return pack_key(self.trials[trial_id], self.study)

    def _most(self, group: Any, ids: Sequence[str]) -> float:
        key = group[1]
        if key not in self.most:
            is_alone = key in self.trials
            self.most[key] = 1 if is_alone else most_of(self.study, self.trials[ids[0]])
        return self.most[key]

    def judge(self, report: Mapping[str, Any]) -> bool:
        """Whether a trial has ended with this report; the same one may come again."""
        self.reached[report["of"]] = int(report["fidelity"])
        return self.scheduler.ends(report["of"], report)

    def put_back(self, trial_id: str) -> bool:
        """Takes back a trial whose pack has ended; returns whether it is to be trained on.

        It is not where it has finished, or its trainable ended by itself.
        """
        reached, before = self.reached.get(trial_id, 0), self.before.get(trial_id)
        is_over = reached >= self.trials[trial_id].max_fidelity or reached == before
        if is_over or reached < min(self.scheduler.bracket_of(trial_id).levels):
            return False
        self.before[trial_id] = reached
        self.waiting.append(trial_id)
        return True

    def retry(self, trial_id: str, *, alone: bool) -> None:
        """Takes back a trial whose pack has failed; `alone`: it trains by itself from now on."""
        if alone:
            self.alone.add(trial_id)
        self.waiting.append(trial_id)

    def has_ended(self, trial_id: str) -> bool:
        """Whether the trial has its ending."""
        return trial_id in self.ended

    def end(self, trial_id: str) -> None:
        """Takes note that a trial has its ending."""
        self.ended.add(trial_id)

    def pack_ended(self, name: str) -> None:
        """Takes note that a pack trains no more."""
        self.running.discard(name)


def _rung(group: tuple[int, Any]) -> int:
    return group[0]
