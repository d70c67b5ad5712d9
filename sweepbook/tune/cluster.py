"""The Ray that trials run on: a running cluster's, or one of this process's own."""

import logging
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sweepbook.tune.failures.signals import ray_apart

ENVIRONMENT = {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # they pin every trial in memory; we record
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # relative data paths keep their meaning
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_FORCE_TRIAL_CLEANUP_S": "3",  # after Ctrl-C; states are in our own checkpoints
    "TUNE_GLOBAL_CHECKPOINT_S": "86400",  # of Tune's own state, which nobody reads
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",  # a trial without GPUs sees none
    # A cable that is out for about 30 s ends a connection for a worker but not for the driver,
    # which then waits for an answer that was lost until its own pings fail: after 7 minutes by
    # default. Ray's servers refuse clients that ping more often than once a minute.
    "RAY_grpc_client_keepalive_time_ms": "65000",
    "RAY_grpc_client_keepalive_timeout_ms": "20000",
}
NOT_ON_PATH = "SWEEPBOOK_NOT_ON_PATH"  # names a folder that workers import nothing from
ANSWER_S = 10.0  # a cluster's head answers within


def set_environment(address: str | None) -> None:
    """Sets what Ray reads when it is first imported: before a study's space imports it."""
    os.environ.update(ENVIRONMENT)
    if address is None:
        os.environ.setdefault("RAY_AUTH_MODE", "token")  # Ray's default, said to quieten its note


def check_address(address: str | None) -> None:
    """Raises ConnectionError where nobody answers at HOST:PORT; Ray itself asks for minutes."""
    host, colon, port = (address or "").rpartition(":")
    if "/" in host or not colon or not port.isdigit():  # "auto", another kind of address
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise ConnectionError(
            f"no Ray at --address {address} ({error}): start it, give another address, or leave "
            "the option out to use this machine"
        ) from error


def connect(address: str | None, log: Path, modules: Sequence[str]) -> dict[str, float]:
    """Connects to a Ray, or starts one, whose workers get these modules; returns its resources.

    Raises:
        OSError: it cannot be reached, or does not start.
    """
    set_environment(address)
    import ray

    handler = logging.FileHandler(log, delay=True)
    handler.handleError = lambda record: None  # type: ignore[method-assign]  # on a full disk
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for name in ("ray", "ray.tune"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
    # a Ray of our own has it from us, and can use the workers that it starts with
    there: dict[str, Any] = {"env_vars": {**ENVIRONMENT, **_folder()}} if address else {}
    os.environ.update(_folder())
    if modules:
        there["py_modules"] = list(modules)
    try:
        with ray_apart():
            ray.init(
                address=address or "local",
                include_dashboard=False if address is None else None,
                log_to_driver=False,
                configure_logging=False,
                runtime_env=there or None,
            )
    except Exception as error:  # Ray raises all kinds
        what = f"cannot be reached at {address}" if address else "does not start"
        raise OSError(f"Ray {what}: {error}") from error
    return dict(ray.cluster_resources())


def _folder() -> dict[str, str]:
    """The variable by which workers learn where not to import from.

    Ray puts the driver's working folder first on every worker's sys.path; where it is not on the
    driver's own, packages in it would be imported in the place of the study's.
    """
    here = os.getcwd()
    return {NOT_ON_PATH: "" if here in map(os.path.abspath, sys.path) else here}


def most(before: Mapping[str, float]) -> dict[str, float]:
    """Returns what a cluster had before or has now: it may have grown, and shrunk again."""
    import ray

    now = ray.cluster_resources()
    return {key: max(before.get(key, 0.0), now.get(key, 0.0)) for key in before.keys() | now}


def disconnect() -> None:
    """Leaves the cluster; a Ray of our own ends."""
    import ray

    ray.shutdown()
