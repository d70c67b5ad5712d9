"""What can be seen to be wrong with code for Ray Tune before it runs."""

import functools
import sys
from collections.abc import Mapping
from typing import Any

from sweepbook.doors.ray_tune.names import has_own_method, is_ray_class, uses_ray
from sweepbook.doors.ray_tune.session import MODULE, check_ray
from sweepbook.plan.plan import Plan

_RENAMED = {
    "_setup": "setup",
    "_train": "step",
    "_save": "save_checkpoint",
    "_restore": "load_checkpoint",
    "_stop": "cleanup",
}


def ray_problems(code: Any, path: str, plan: Plan) -> list[str]:
    """Returns a sentence for each thing of Ray's that will not work, with what to write."""
    if is_ray_class(code):
        found = _of_class(code, path)
    else:
        found = _of_session() if uses_ray(code) else []
    found += _of_resources(code, path, plan)
    return [f"study {plan.study.name}: {problem}" for problem in found]


def _of_class(code: type, path: str) -> list[str]:
    if any(c.__module__.startswith("ray.rllib.") for c in code.__mro__):
        return [
            f"{path} is an algorithm of RLlib, which starts actors of its own: write a function "
            "that builds it and calls tune.report(...) after each algorithm.train()"
        ]
    old = [name for name in _RENAMED if has_own_method(code, name)]
    if not has_own_method(code, "step"):
        hint = "".join(f"; rename {name} to {_RENAMED[name]}" for name in old)
        return [f"{path} has no method step, which returns a dict of metrics{hint}"]
    return []


def _of_session() -> list[str]:
    module = sys.modules.get(MODULE)
    if module is None:
        return []
    try:
        check_ray(module)
    except ValueError as error:
        return [str(error)]
    return []


def _of_resources(code: Any, path: str, plan: Plan) -> list[str]:
    """Where the code asks Ray for more than a trial of the study gets."""
    asked = _asked_of_ray(code, plan.trials[0].config if plan.trials else {})
    cpus, gpus = plan.needs[0] if plan.needs else (plan.study.cpus, plan.study.gpus)
    if asked.get("CPU", 0.0) <= cpus and asked.get("GPU", 0.0) <= gpus:
        return []
    kinds = {"cpus": asked.get("CPU"), "gpus": asked.get("GPU")}
    wanted = ", ".join(f"{name}={number:g}" for name, number in kinds.items() if number)
    return [
        f"{path} asks Ray for {wanted}, but a trial of the study gets cpus={cpus:g}, "
        f"gpus={gpus:g}: write Study(..., {wanted})"
    ]


def _asked_of_ray(code: Any, config: Mapping[str, Any]) -> Mapping[str, float]:
    """The resources that code asks Ray for; {}: none that it tells."""
    while isinstance(code, functools.partial):
        code = code.func
    asked = getattr(code, "_resources", None)
    if is_ray_class(code) and has_own_method(code, "default_resource_request"):
        asked = code.default_resource_request
    try:
        if callable(asked) and not hasattr(asked, "required_resources"):
            asked = asked(dict(config))
        return dict(getattr(asked, "required_resources", None) or {})
    except Exception:  # it asks for what this config does not tell
        return {}
