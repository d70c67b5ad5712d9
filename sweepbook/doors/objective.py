"""An objective function of Optuna, which asks a trial for its settings: it cannot be trained."""

import inspect

from sweepbook.doors.signature import names_in
from sweepbook.study.hooks import load_object

_KINDS = ("float", "int", "categorical", "uniform", "loguniform", "discrete_uniform")
_ASKING = {f"suggest_{kind}" for kind in _KINDS}  # the methods of an Optuna trial
_OWN_STUDY = {"ask", "optimize", "create_study"}  # it runs an Optuna study of its own


def problems(path: str) -> list[str]:
    """Returns what to write instead of a function that calls trial.suggest_float."""
    code = getattr(inspect.unwrap(load_object(path)), "__code__", None)
    names = {*names_in(code)} if code else set()
    asks = sorted(names & _ASKING)
    if not asks or names & _OWN_STUDY:
        return []
    return [
        f"{path} calls {asks[0]}, as an objective of Optuna does, but it is given a config: write "
        'the ranges as the space of the study, such as {"lr": FloatDistribution(1e-5, 1e-1, '
        'log=True)}, take config["lr"] in the function, and yield or report the metric'
    ]
