"""What `ray.tune.report` and its like find while a replicate's code runs: a session of ours.

They read a variable of Ray's module of sessions when they are called. It holds our session while
the code of a replicate goes on, and Ray's own one otherwise, through which we report to Tune.
"""

import contextlib
import importlib.machinery
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from sweepbook.doors.folders import Files, new_folder, unpack
from sweepbook.doors.handover import hand_over, is_pushing
from sweepbook.doors.ray_tune.checkpoint import checkpoint_of, files_of
from sweepbook.doors.ray_tune.rows import is_last, row_of
from sweepbook.doors.units import Units
from sweepbook.record.planned import Trial
from sweepbook.study.forms.trainable import trainable_name

MODULE = "ray.train._internal.session"
ENOUGH = object()  # handed over by code that goes on when its trial is over
_CHECKPOINT, _COUNT, _DONE = "ray_checkpoint", "n_reports", "done"  # of a state


class Session:
    """The session of one replicate.

    Args:
        seed: of the replicate.
        state: to go on from, as the worker gives it; None: from the beginning.
        units: of its reports.
    """

    world_rank = local_rank = node_rank = local_world_size = world_size = None  # as in Tune
    dataset_shard = metadata = None

    def __init__(self, trial: Trial, seed: Any, state: Any, units: Units) -> None:
        self.trial, self._state, self.units = trial, state, units
        name = trainable_name(trial.trainable).rpartition(":")[2]
        self.experiment_name = name
        self.trial_id = self.run_id = (
            trial.trial_id if trial.n_replicates == 1 else f"{trial.trial_id}_{seed}"
        )
        self.trial_name = f"{name}_{self.trial_id}"
        self.n_reports = 0 if state is None else int(state[_COUNT])
        self.refused: str | None = None  # what a report was that nobody waits for
        self._has_reported = self._has_asked = self._has_read = False
        self._is_over = state is not None and bool(state.get(_DONE))
        self._files: Files | None = None if state is None else state[_CHECKPOINT]
        self._checkpoint: Any = None  # made of them
        self._trial_folder: Path | None = None
        self._folders: list[Path] = []
        self._outside: Any = None  # Ray's own session, where there is one

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self).get("_outside"), name)

    def report(self, metrics: Any, checkpoint: Any = None, **_: Any) -> None:
        """Takes a report, as Ray does."""
        if not is_pushing():
            self.refused = (
                "report(...) was called in a thread or a process of its own: call it in the "
                "thread and the process in which the function was called"
            )
            raise RuntimeError(self.refused)
        was_over = self._is_over
        if was_over:
            self.units.check_last(row_of(metrics))
        else:
            hand_over(self.taken(metrics, checkpoint))
        if was_over or metrics.get("done"):
            hand_over(ENOUGH)  # is ended here

    def taken(self, metrics: Any, checkpoint: Any = None) -> dict[str, Any]:
        """Returns what a report yields.

        Raises:
            RuntimeError: it comes after a resume that has not gone on from its checkpoint.
        """
        self._check_gone_on()
        row = row_of(metrics)
        files = files_of(checkpoint) if checkpoint else None
        self.n_reports, self._has_reported = self.n_reports + 1, True
        row = {self.trial.unit: self.n_reports, **self.units.from_one(row)}
        self._is_over = is_last(metrics, row, self.trial)
        if files is not None:
            self._files, self._checkpoint = files, None
        told = {_COUNT: self.n_reports, _DONE: bool(metrics.get("done"))}
        given = None if files is None else {_CHECKPOINT: files, **told}
        key = "state" if self._has_asked else "model"
        return {**row, key: None if given is None else lambda: given}

    @property
    def is_over(self) -> bool:
        """Whether its last report was the trial's last."""
        return self._is_over

    @property
    def loaded_checkpoint(self) -> Any:
        """The checkpoint to go on from, or the one that was reported last."""
        if not self._has_reported:
            self._has_asked = True
        if self._files is not None and self._checkpoint is None:
            folder = self._new_folder()
            unpack(self._files, folder)
            self._checkpoint = checkpoint_of(folder, self._recall)
        return self._checkpoint

    def _recall(self) -> None:
        """Takes note that the checkpoint is read; random numbers are where it left them then."""
        self._has_read = True
        if self._state is not None:
            self._state.recall()

    def _check_gone_on(self) -> None:
        if self._state is None or self._has_read:
            return
        what = "its checkpoint was never read" if self._has_asked else "get_checkpoint() was not"
        raise RuntimeError(
            f"report(...) was called after a resume, but {what}: the function has not gone on "
            "from where it was; first call get_checkpoint() and read what its folder holds"
        )

    @property
    def trial_dir(self) -> str:
        """A folder of the replicate's own, which is removed at its end."""
        if self._trial_folder is None:
            self._trial_folder = self._new_folder()
        return str(self._trial_folder)

    @property
    def trial_resources(self) -> Any:
        """The CPUs and GPUs of the trial."""
        from ray.tune import PlacementGroupFactory

        needs = {"CPU": self.trial.cpus, "GPU": self.trial.gpus}
        return PlacementGroupFactory([{k: float(v) for k, v in needs.items() if v}])

    def _new_folder(self) -> Path:
        self._folders.append(Path(new_folder("replicate")))
        return self._folders[-1]

    def close(self) -> None:
        """Removes what the replicate leaves on the disk."""
        with contextlib.suppress(OSError):
            if self._trial_folder in (Path.cwd(), *Path.cwd().parents):
                os.chdir(tempfile.gettempdir())
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Ray's functions find this session; where Ray is not imported, once the code does."""
        module = sys.modules.get(MODULE)
        if module is None:
            finder = _Finder(self)
            sys.meta_path.insert(0, finder)
            try:
                yield
            finally:
                sys.meta_path.remove(finder)
                if (module := sys.modules.get(MODULE)) is not None:
                    vars(module)["_session"] = None
            return
        check_ray(module)
        self._outside = vars(module)["_session"]
        vars(module)["_session"] = self
        try:
            yield
        finally:
            vars(module)["_session"] = self._outside


def is_state(state: Any) -> bool:
    """Whether a state is one that a session has given."""
    return isinstance(state, Mapping) and _CHECKPOINT in state and _COUNT in state


def check_ray(module: ModuleType) -> None:
    """Checks that Ray's functions read their session where we put ours.

    Raises:
        ValueError: they do not.
    """
    names = getattr(getattr(module, "get_session", None), "__code__", None)
    if "_session" not in vars(module) or "_session" not in getattr(names, "co_names", ()):
        version = getattr(sys.modules.get("ray"), "__version__", "of an unknown version")
        raise ValueError(
            f"Ray {version} keeps the session of tune.report(...) in another place than Ray 2.60, "
            "so sweepbook cannot run functions that call it: install ray==2.60, or yield the "
            "metrics instead"
        )


class _Finder:
    """Finds Ray's module of sessions as Python does, and puts a session there."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def find_spec(
        self, name: str, path: Any, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Python's protocol of finders."""
        spec = importlib.machinery.PathFinder.find_spec(name, path) if name == MODULE else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_put(module: Any) -> None:
            execute(module)
            check_ray(module)
            module._session = self.session

        vars(spec.loader)["exec_module"] = execute_and_put
        return spec
