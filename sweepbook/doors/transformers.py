"""transformers' Trainer: a callback that reports evaluations, with the Trainer's checkpoint."""

import importlib.util
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

from sweepbook.doors.callbacks import as_callback, not_installed, peeked
from sweepbook.doors.folders import temporary_place, unpack
from sweepbook.doors.handover import end_here
from sweepbook.doors.report import TRIAL, report
from sweepbook.doors.transformers_state import files_of, global_randoms

_OF_SPEED = ("_runtime", "_per_second", "_time")  # endings of metrics that no run has again
_LOSS = ("_tr_loss", "_total_loss_scalar", "_globalstep_last_logged")  # of the Trainer
_DEFAULT_SEED = 42  # of TrainingArguments


class TransformersReport:
    """A callback for the Trainer of transformers that reports each evaluation.

    The metrics keep the names that the Trainer gives them, `eval_loss`, `eval_accuracy`, ...; the
    training loss that was logged last is `train_loss`; metrics of speed are left out. The best
    model is kept as its `state_dict`. A checkpoint is made at the end of an epoch, and at a step
    within one where the batches that follow are sure to be the same after a resume.

    Example:
        >>> def train(config, state=None):
        ...     trainer = make_trainer(config)
        ...     report = TransformersReport(trainer, state)
        ...     trainer.train(resume_from_checkpoint=report.checkpoint)

    Args:
        trainer: a Trainer of transformers; it gets the callback.
        state: what the training function was given; None: training begins.
        unit: the unit of fidelity, of which there is one per evaluation.

    Raises:
        ModuleNotFoundError: transformers is not installed.
        TypeError: the trainer is none of transformers'.
        ValueError: the state is none of the Trainer's, or the trainer cannot train a replicate.
    """

    def __new__(cls, trainer: Any, state: Any = None, unit: str = "eval") -> Any:
        library = sys.modules.get("transformers")
        if library is None and importlib.util.find_spec("transformers") is None:
            raise not_installed(TransformersReport, "transformers", "transformers")
        if library is None or not isinstance(trainer, library.Trainer):
            kind = type(trainer)
            raise TypeError(
                f"TransformersReport was given a {kind.__module__}.{kind.__name__}: give it the "
                "Trainer of transformers, as in TransformersReport(trainer, state)"
            )
        return object.__new__(as_callback(cls, library.TrainerCallback))

    def __init__(self, trainer: Any, state: Any = None, unit: str = "eval") -> None:
        if state is not None and not (isinstance(state, dict) and "files" in peeked(state)):
            raise ValueError(
                f"TransformersReport was given a {type(state).__name__} as its state: give it the "
                "parameter state of the training function, as in "
                "TransformersReport(trainer, state)"
            )
        _check(trainer.args)
        self.trainer, self.unit = trainer, unit
        self._kept = peeked(state)
        self._n = self._kept.get("n_evaluations", 0)
        self._folder: Any = None  # of the checkpoint
        self._pending: dict[str, Any] = {}  # metrics of an evaluation that is not reported yet
        self._trained: dict[str, Any] = {}
        self._is_training, self._draws = False, False
        self._randoms: Any = None  # before the next batches were fetched
        if self._kept:  # patience, for one
            trainer.args.restore_callback_states_from_checkpoint = True
        trainer.add_callback(self)

    @property
    def checkpoint(self) -> str | None:
        """What `trainer.train(resume_from_checkpoint=...)` needs: a folder with the state."""
        if not self._kept:
            return None
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(dir=temporary_place())
            unpack(self._kept["files"], Path(self._folder.name))
        return str(self._folder.name)

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Goes on where the state was kept."""
        self._is_training = True
        if not self._kept:
            _check_length(args, state, self.unit)
            return
        if state.global_step != self._kept["step"]:
            raise ValueError(
                "TransformersReport was given a state that the Trainer did not load: write "
                "trainer.train(resume_from_checkpoint=report.checkpoint)"
            )
        if self._kept["has_ended"] or state.global_step >= state.max_steps:
            end_here()  # the Trainer would make one more step
        for name, value in self._kept["loss"].items():
            setattr(self.trainer, name, value)
        self._kept = {}

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Takes the training loss."""
        if logs and "loss" in logs:
            self._trained = {"train_loss": logs["loss"]}

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any, **_: Any) -> None:
        """Takes the metrics of an evaluation; one of several data sets comes in parts."""
        if self._is_training and state.global_step:
            self._pending |= {
                name: value
                for name, value in metrics.items()
                if not name.endswith(_OF_SPEED) and "_mem_" not in name
            }
            self._randoms = global_randoms()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Takes note of the random numbers, before the next batches are fetched."""
        self._randoms = global_randoms()
        self._folder = None  # all of it has been read

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Reports an evaluation within an epoch, when the next batches have been fetched."""
        self._draws |= self._randoms is not None and self._randoms != global_randoms()
        is_exact = not (self._draws or args.dataloader_num_workers or args.ignore_data_skip)
        self._report(is_exact)

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Reports an evaluation at the end of the epoch before."""
        self._randoms = None  # an epoch begins with a new order
        self._report(True)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Reports the last evaluation."""
        self._report(True, has_ended=state.global_step < state.max_steps)
        self._is_training = False
        if not self._n:
            raise ValueError(
                "the Trainer has evaluated nothing, so nothing was reported: write "
                "TrainingArguments(eval_strategy='epoch')"
            )

    def _report(self, is_exact: bool, has_ended: bool = False) -> None:
        if not self._pending:
            return
        self._n += 1
        metrics = {**self._pending, **self._trained}
        self._pending, self._trained = {}, {}
        if self.unit == "epoch" and metrics["epoch"] != self._n:
            raise ValueError(
                f"evaluation {self._n} came at epoch {metrics['epoch']:g}, so its unit cannot be "
                "'epoch': write TransformersReport(trainer, state, unit='eval') and "
                "Fidelity('eval', ...), or eval_strategy='epoch'"
            )
        trainer, n = self.trainer, self._n

        def state() -> dict[str, Any]:
            kept = {"n_evaluations": n, "step": trainer.state.global_step, "has_ended": has_ended}
            kept["loss"] = {name: getattr(trainer, name) for name in _LOSS}
            return {**kept, "files": files_of(trainer)}

        report(
            {**metrics, self.unit: n},
            state=state if is_exact else None,
            model=trainer.model.state_dict,
        )


def _check(args: Any) -> None:
    """Refuses arguments with which no replicate can be trained."""
    if args.world_size > 1:
        raise ValueError(
            f"the Trainer is one of {args.world_size} processes: a replicate trains in one process"
        )
    if args.eval_strategy == "no":
        raise ValueError(
            "TrainingArguments(eval_strategy='no') never evaluates, so there is nothing to "
            "report: write eval_strategy='epoch'"
        )
    trial = TRIAL.get()
    if trial is not None and trial.n_replicates > 1 and args.seed == _DEFAULT_SEED:
        raise ValueError(
            f"TrainingArguments has seed={_DEFAULT_SEED}, its default, and all replicates would "
            "draw the same random numbers: write seed=config['seed']"
        )


def _check_length(args: Any, state: Any, unit: str) -> None:
    """Checks that there are as many evaluations as the trial is to have."""
    trial = TRIAL.get()
    if trial is None or trial.unit != unit or not trial.ends_itself or args.eval_delay:
        return
    per_epoch = args.eval_strategy == "epoch"
    n = state.num_train_epochs if per_epoch else math.ceil(state.max_steps / state.eval_steps)
    if n != trial.max_fidelity:
        what = f"{state.num_train_epochs} epochs" if per_epoch else f"{state.max_steps} steps"
        raise ValueError(
            f"the Trainer evaluates {n} times in {what}, but the trial has {trial.max_fidelity} "
            f"{unit}s: write num_train_epochs=config[...] with the setting that the study's "
            "Fidelity names, or have that setting count the evaluations"
        )
