"""Connects to the Ray that trials run on."""

import contextlib
import logging
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sweepbook.tune.cluster import own, services
from sweepbook.tune.cluster.environment import ENVIRONMENT, NOT_ON_PATH, set_environment
from sweepbook.tune.failures.signals import ours_again

ANSWER_S = 10.0  # a cluster's head answers within


def check_address(address: str | None) -> None:
    """Asks whether somebody answers at HOST:PORT; Ray itself would ask for minutes.

    Raises:
        ConnectionError: nobody answers.
        ValueError: the address is empty.
    """
    if address is not None and not address.strip():
        raise ValueError(
            f"--address must be HOST:PORT or auto, got {address!r}: leave the option out to use "
            "this machine"
        )
    host, colon, port = (address or "").rpartition(":")
    if "/" in host or not colon or not port.isdigit():  # "auto", another kind of address
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise ConnectionError(
            f"no Ray answers at --address {address} ({error}): start one, give another address, "
            "or leave the option out to use this machine"
        ) from error


def connect(address: str | None, log: Path, modules: Sequence[str]) -> contextlib.ExitStack:
    """Connects to a Ray, or starts one, whose workers get these modules.

    Returns:
        What leaves the cluster when it is closed; a Ray of our own ends.

    Raises:
        OSError: it cannot be reached, or does not start.
    """
    set_environment()
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
    options: dict[str, Any] = {
        "log_to_driver": False,
        "configure_logging": False,
        "runtime_env": there or None,
    }
    if address is None:
        return own.start(options)
    try:
        ray.init(address=address, **options)
    except Exception as error:  # Ray raises all kinds
        raise OSError(f"Ray cannot be reached at {address}: {error}") from error
    ours_again()
    leaving = contextlib.ExitStack()
    leaving.callback(services.shut_down)
    return leaving


def _folder() -> dict[str, str]:
    """The variable by which workers learn where not to import from.

    Ray puts the driver's working folder first on every worker's sys.path; where it is not on the
    driver's own, packages in it would be imported in the place of the study's.
    """
    here = os.getcwd()
    return {NOT_ON_PATH: "" if here in map(os.path.abspath, sys.path) else here}


def resources() -> dict[str, float]:
    """Returns what the Ray that this process is connected to has now, by name."""
    import ray

    return dict(ray.cluster_resources())


def most(before: Mapping[str, float]) -> dict[str, float]:
    """Returns what a cluster had before or has now: it may have grown, and shrunk again."""
    now = resources()
    return {key: max(before.get(key, 0.0), now.get(key, 0.0)) for key in before.keys() | now}
