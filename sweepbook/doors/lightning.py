"""Lightning's Trainer: a callback that reports each epoch, with Lightning's own checkpoint."""

import functools
import importlib
import importlib.util
import os
import tempfile
import weakref
from typing import Any

from sweepbook.doors.callbacks import as_callback, not_installed, peeked, recall
from sweepbook.doors.folders import temporary_place
from sweepbook.doors.report import TRIAL, report

_LIBRARIES = ("lightning.pytorch", "pytorch_lightning")  # two names of one library
# attributes with the names of what may hold any objects at all, and no resume needs
_NOT_KEPT = [f"CHECKPOINT_HYPER_PARAMS_{part}" for part in ("KEY", "NAME", "TYPE")]


class LightningReport:
    """A callback for Lightning's Trainer that reports what a module logs, once per epoch.

    It reports at the end of each epoch in which validation ran, or of each epoch where there is
    no validation. The metrics are what was logged in this epoch, under the same names. The state
    is Lightning's own checkpoint, so `state["state_dict"]` holds the weights. Within a study the
    Trainer's progress bar is off. A Trainer with
    `reload_dataloaders_every_n_epochs` has none: its trial begins again after an interruption.

    Example:
        >>> def train(config, state=None):
        ...     trainer = Trainer(max_epochs=config["epochs"])
        ...     report = LightningReport(trainer, state)
        ...     trainer.fit(MyModule(config["lr"]), data, ckpt_path=report.ckpt_path)

    Args:
        trainer: a Trainer of lightning.pytorch or pytorch_lightning; it gets the callback.
        state: what the training function was given; None: training begins.
        unit: the unit of fidelity, of which there is one per epoch.

    Raises:
        ModuleNotFoundError: Lightning is not installed.
        TypeError: the trainer is none of Lightning's.
        ValueError: the state is none of Lightning's, or the trainer cannot train a replicate.
    """

    def __new__(cls, trainer: Any, state: Any = None, unit: str = "epoch") -> Any:
        library = importlib.import_module(_library_of(trainer))
        return object.__new__(as_callback(cls, library.Callback))

    def __init__(self, trainer: Any, state: Any = None, unit: str = "epoch") -> None:
        if state is not None and not (isinstance(state, dict) and "loops" in peeked(state)):
            raise ValueError(
                f"LightningReport was given a {type(state).__name__} as its state: give it the "
                "parameter state of the training function, as in LightningReport(trainer, state)"
            )
        _check(trainer, unit)
        self.unit = unit
        self._state: Any = state
        self._is_loaded, self._goes_on = False, state is None
        self._reported = 0  # epochs
        self._has_validated = False
        self._stale: dict[str, Any] = {}  # what was logged in epochs before
        self._file = ""
        if TRIAL.get() is not None and trainer.progress_bar_callback is not None:
            trainer.progress_bar_callback.disable()  # those of several replicates would meet
        trainer.callbacks.append(self)

    @property
    def ckpt_path(self) -> str | None:
        """What `trainer.fit(..., ckpt_path=...)` needs: a file with the state, or None."""
        if self._state is None:
            return None
        import torch

        if not self._file:
            handle, self._file = tempfile.mkstemp(suffix=".ckpt", dir=temporary_place())
            os.close(handle)
            weakref.finalize(self, _remove, self._file)
            torch.save(peeked(self._state), self._file)
        return self._file

    def on_load_checkpoint(self, trainer: Any, module: Any, checkpoint: Any) -> None:
        """Takes note that the Trainer has loaded the state."""
        self._is_loaded = True
        _remove(self._file)

    def on_train_start(self, trainer: Any, module: Any) -> None:
        """Checks that training goes on where the state was kept."""
        if self._state is not None and not self._is_loaded:
            raise ValueError(
                "LightningReport was given a state that the Trainer did not load: write "
                "trainer.fit(..., ckpt_path=report.ckpt_path)"
            )

    def on_fit_start(self, trainer: Any, module: Any) -> None:
        """Ends at once a training that was ended early."""
        if peeked(self._state).get("should_stop"):
            trainer.should_stop = True

    def on_validation_end(self, trainer: Any, module: Any) -> None:
        """Takes note of a validation."""
        self._has_validated |= not trainer.sanity_checking

    def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
        """Reports the epoch before: by now all that belongs to its end has been done."""
        if self._goes_on:
            self._report(trainer)
        else:
            self._go_on(trainer)

    def on_train_end(self, trainer: Any, module: Any) -> None:
        """Reports the last epoch."""
        self._report(trainer)
        if not self._reported and trainer.current_epoch:
            raise ValueError(
                f"validation never ran in {trainer.current_epoch} epochs, so nothing was "
                f"reported: the Trainer has check_val_every_n_epoch="
                f"{trainer.check_val_every_n_epoch} and val_check_interval="
                f"{trainer.val_check_interval}; write limit_val_batches=0 to train without it"
            )

    def _go_on(self, trainer: Any) -> None:
        """Goes on with the epoch after the state's, as the training that gave it did.

        Everything stands as in that training, except the order of data: the Trainer has begun
        to iterate already, so it is told to begin with the random numbers as they were.
        """
        loop = trainer.fit_loop
        for one in (loop, loop.epoch_loop, loop.epoch_loop.val_loop):
            one.on_iteration_done()
        self._goes_on, self._reported = True, trainer.current_epoch
        recall(self._state)
        self._state = None  # its memory

    def _report(self, trainer: Any) -> None:
        at = trainer.current_epoch
        if at <= self._reported or (trainer.enable_validation and not self._has_validated):
            return
        logged = dict(trainer.callback_metrics)
        fresh = {k: v.item() for k, v in logged.items() if v is not self._stale.get(k)}
        self._reported, self._stale, self._has_validated = at, logged, False
        reloads = trainer.reload_dataloaders_every_n_epochs  # and may draw random numbers there
        state = None if reloads else functools.partial(_checkpoint, trainer)
        report({**fresh, self.unit: at}, state=state)


def _checkpoint(trainer: Any) -> dict[str, Any]:
    """Lightning's checkpoint of the end of the last epoch, even where the next one has begun."""
    module = trainer.lightning_module
    found: dict[str, Any] = trainer._checkpoint_connector.dump_checkpoint(weights_only=False)
    for progress in found["loops"]["fit_loop"]["epoch_progress"].values():
        progress["ready"] = progress["started"]
    for owner in (module, trainer.datamodule):
        for name in _NOT_KEPT:
            found.pop(getattr(owner, name, ""), None)
    return {**found, "should_stop": bool(trainer.should_stop)}


def _check(trainer: Any, unit: str) -> None:
    """Refuses a Trainer that cannot train a replicate."""
    if trainer.world_size > 1:
        raise ValueError(
            f"the Trainer runs {trainer.world_size} processes "
            f"({type(trainer.strategy).__name__}): a replicate trains in one process, so write "
            "Trainer(devices=1)"
        )
    trial, epochs, n_steps = TRIAL.get(), trainer.max_epochs, trainer.max_steps
    if trial is None or trial.unit != unit or not trial.ends_itself or n_steps != -1:
        return
    if epochs != trial.max_fidelity:
        raise ValueError(
            f"Trainer(max_epochs={epochs}) does not train the {trial.max_fidelity} {unit}s of the "
            "trial: write max_epochs=config[...] with the setting that the study's Fidelity names"
        )


def _library_of(trainer: Any) -> str:
    """The library of a Trainer, which goes by two names."""
    for kind in type(trainer).__mro__:
        for name in _LIBRARIES:
            if f"{kind.__module__}.".startswith(f"{name}.") and kind.__name__ == "Trainer":
                return name
    if not any(map(importlib.util.find_spec, ("lightning", "pytorch_lightning"))):
        raise not_installed(LightningReport, "Lightning", "lightning")
    kind = type(trainer)
    raise TypeError(
        f"LightningReport was given a {kind.__module__}.{kind.__name__}: give it the Trainer of "
        "lightning.pytorch, as in LightningReport(trainer, state)"
    )


def _remove(path: str) -> None:
    if path and os.path.exists(path):
        os.remove(path)
