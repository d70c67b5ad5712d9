"""A worker that Ray's memory monitor ends is a failed attempt at its trial, as any dead worker is.

Tune 2.60 does not know the monitor's error where a trial is being trained: it ends the study.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

from ray.air.execution._internal import RayActorManager
from ray.exceptions import OutOfMemoryError, RayActorError
from ray.tune.execution import tune_controller


class WorkerOutOfMemory(RayActorError):
    """The memory monitor's error, as one that Tune knows."""


class ActorManager(RayActorManager):
    """Ray's, for which a worker that ran out of memory has died."""

    def _actor_task_failed(self, tracked_actor_task: Any, exception: Exception) -> None:
        if isinstance(exception, OutOfMemoryError):
            exception = WorkerOutOfMemory(error_msg=str(exception))
        super()._actor_task_failed(tracked_actor_task, exception)


@contextlib.contextmanager
def out_of_memory_fails_a_trial() -> Iterator[None]:
    """A Tuner that is run meanwhile goes on where a worker ran out of memory."""
    vars(tune_controller)["RayActorManager"] = ActorManager
    try:
        yield
    finally:
        vars(tune_controller)["RayActorManager"] = RayActorManager
