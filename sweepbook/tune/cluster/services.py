"""Which processes a Ray of this process's own consists of, and how they start.

Ray has no options for most of this, so that names in its modules are replaced while it starts.
"""

import contextlib
import functools
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from sweepbook.tune.failures.signals import ours_again

POLL_S = 0.02  # Ray itself looks once a second whether its node is up
START_S = 30.0  # as long as Ray waits for it


@contextlib.contextmanager
def _replaced(module: ModuleType | type, name: str, value: object) -> Iterator[None]:
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


@contextlib.contextmanager
def apart(tell: Callable[[object], None]) -> Iterator[None]:
    """The Ray that is started meanwhile lives in sessions of its own, and so do its workers.

    So no signal to this process's group ends it before the study has ended. Its servers still die
    with this process, by Linux's parent-death signal. Ray's own handler of SIGTERM, which it sets
    when the main thread starts it, kills it without a word to the study: ours stays.
    """
    from ray._private import services

    popen, kept = services.ConsolePopen, signal.getsignal(signal.SIGTERM)

    def start_apart(*arguments: Any, **options: Any) -> Any:
        process = popen(*arguments, **options, start_new_session=True)
        tell(process.pid)
        return process

    try:
        with _replaced(services, "ConsolePopen", start_apart):
            yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, kept)


@contextlib.contextmanager
def beside_the_main_thread() -> Iterator[None]:
    """The Ray that is started meanwhile does not say that it sets no handler of SIGTERM."""
    logger = logging.getLogger("ray._private.worker")
    logger.addFilter(_is_worth_telling)
    try:
        yield
    finally:
        logger.removeFilter(_is_worth_telling)


def _is_worth_telling(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith("SIGTERM handler is not set")


def shut_down() -> None:
    """Ends Ray, with our handlers of signals also while it waits for the end of its processes."""
    import ray
    from ray._private import worker

    if (node := worker._global_node) is not None:
        kill = node.kill_all_processes

        def kill_all(*arguments: Any, **options: Any) -> None:
            ours_again()
            kill(*arguments, **options)

        node.kill_all_processes = kill_all
    try:
        ray.shutdown()
    finally:
        ours_again()


def on_loopback() -> contextlib.AbstractContextManager[None]:
    """The Ray that is started meanwhile listens on the loopback interface, as it does on macOS.

    Ray puts the machine's outer address in the place of a loopback one that it is given.
    """
    from ray._private import ray_constants

    return _replaced(ray_constants, "ENABLE_RAY_CLUSTER", False)


@contextlib.contextmanager
def few_processes() -> Iterator[None]:
    """The Ray that is started meanwhile has no dashboard, and no monitors of logs and load.

    Nobody asks them anything here, and they take two seconds to start and one to end.
    """
    from ray._private import node, parameter

    without: Any = {"no_monitor": True, "include_log_monitor": False}
    few = functools.partial(parameter.RayParams, **without)
    with (
        _replaced(parameter, "RayParams", few),
        _replaced(node.Node, "start_api_server", lambda self, **options: None),
    ):
        yield


def seen_at_once() -> contextlib.AbstractContextManager[None]:
    """The Ray that is started meanwhile is used as soon as its node is up."""
    from ray._private import services
    from ray._raylet import GcsClient  # type: ignore[attr-defined]  # a compiled module

    get_node = services.get_node

    def get_node_at_once(gcs_address: str, node_id: str) -> Any:
        deadline = time.monotonic() + START_S
        with contextlib.suppress(Exception):  # Ray itself says what is wrong
            client = GcsClient(gcs_address)
            while node_id not in {key.hex() for key in client.get_all_node_info()}:
                if time.monotonic() > deadline:
                    break
                time.sleep(POLL_S)
        return get_node(gcs_address, node_id)

    return _replaced(services, "get_node", get_node_at_once)


@contextlib.contextmanager
def same_environment() -> Iterator[None]:
    """Trials that Tune starts meanwhile run in the workers that a Ray of our own starts with.

    Tune gives its workers variables that they have already, as Ray's processes have those of this
    one. Ray would end the workers that it has and start others with the same variables.
    """
    from ray.tune.execution import class_cache

    with (
        _replaced(class_cache, "DEFAULT_ENV_VARS", {}),
        _replaced(class_cache, "ENV_VARS_TO_PROPAGATE", frozenset()),
    ):
        yield
