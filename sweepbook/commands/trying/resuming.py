"""What a trial needs to go on where it was interrupted, for each kind of training code."""

import inspect

from sweepbook.doors.estimators.made import WHOLE
from sweepbook.doors.ray_tune.names import is_ray_class, uses_ray
from sweepbook.record.planned import Trial
from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.forms.program import Program
from sweepbook.study.hooks import load_object


def no_state_words(trial: Trial) -> str:
    """Returns what is said of a trial whose training has given no state."""
    code, unit = trial.trainable, trial.unit
    begins = "an interrupted trial begins again"
    if isinstance(code, Estimator):
        why = "it is fitted in one step" if unit == WHOLE else "it cannot be kept"
        return f"none, for {why}, so {begins}"
    return f"none was given, so {begins}: to go on instead, {_advice(code, unit)}"


def _advice(trainable: str | Program, unit: str) -> str:
    if isinstance(trainable, Program):
        return (
            f"have the program write a checkpoint with each {unit} into a folder, and load what "
            "it finds there; name the folder in the command as {checkpoint_dir}"
        )
    code = load_object(trainable)
    if is_ray_class(code):
        return "give the class both save_checkpoint and load_checkpoint"
    if uses_ray(code):
        return (
            f"report a checkpoint with each {unit}, and first of all call get_checkpoint() and "
            "read what it holds"
        )
    takes = "and take a parameter state=None"
    if inspect.isgeneratorfunction(code):
        return f'yield "state", a function, with each {unit}, {takes}'
    return (
        f"call report(metrics, state=...) with each {unit}, {takes}; a callback of Sweepbook's "
        "does so where it is given both, as in LightningReport(trainer, state)"
    )
