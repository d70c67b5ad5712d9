"""A Ray of this process's own, which only its user can reach, and which ends with it."""

import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sweepbook.tune.cluster import guard, services
from sweepbook.tune.failures.signals import ours_again

VARIABLES = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")


def start(options: dict[str, Any]) -> contextlib.ExitStack:
    """Starts a Ray on this machine; returns what ends it when it is closed.

    Its services listen on the loopback interface alone; its files and sockets lie in a new folder
    that only this user can enter, and whoever connects must know the token in there. Its processes
    and the folder are gone a few seconds after this process has ended, however that ends.

    Args:
        options: further ones of `ray.init`.

    Raises:
        OSError: it does not start; the message names the folder of Ray's logs, which is kept.
    """
    from ray._common.utils import get_default_system_temp_dir

    closing = contextlib.ExitStack()
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir=get_default_system_temp_dir()))
    closing.enter_context(_token(folder / "auth_token"))
    tell = closing.enter_context(_guarded(folder))
    options = {
        "address": "local",
        "include_dashboard": False,
        "_temp_dir": f"{folder}/r",
    } | options
    starting = _Start(options, tell)
    closing.callback(starting.may_end.set)
    closing.callback(services.shut_down)
    closing.callback(starting.wait)  # also after Ctrl-C: then it can be ended
    try:
        starting.start()

        starting.wait()
        ours_again()
        closing.enter_context(services.same_environment())
    except BaseException:
        closing.close()
        raise
    if starting.error is not None:
        logs = f"{folder}/r/session_latest/logs"
        tell("keep")
        closing.close()
        raise OSError(
            f"Ray does not start: {starting.error} (see its logs in {logs})"
        ) from starting.error
    return closing


class _Start(threading.Thread):
    """Starts Ray beside the main thread, which imports meanwhile what it needs next.

    It goes on as long as Ray does: Linux ends a process when the thread ends that started it.
    """

    def __init__(self, options: dict[str, Any], tell: Callable[[object], None]) -> None:
        # what `ray.init` imports: two threads must not import the same modules at once
        import ray._common.usage.usage_lib
        import ray._private.runtime_env.uv_runtime_env_hook
        import ray._private.thirdparty.pynvml
        import ray.autoscaler._private.util

        super().__init__(name="ray", daemon=True)
        self._init, self._options, self._tell = ray.init, options, tell
        self.error: BaseException | None = None
        self.is_over, self.may_end = threading.Event(), threading.Event()

    def run(self) -> None:
        try:
            with (
                services.apart(self._tell),
                services.beside_the_main_thread(),
                services.on_loopback(),
                services.few_processes(),
                services.seen_at_once(),
            ):
                self._init(**self._options)
        except BaseException as error:  # Ray raises all kinds
            self.error = error
        self.is_over.set()
        self.may_end.wait()

    def wait(self) -> None:
        """Waits until Ray has started, or has not; where that has begun."""
        if self.ident is not None:
            self.is_over.wait()


@contextlib.contextmanager
def _token(path: Path) -> Iterator[None]:
    """Makes a new token, which Ray asks for until the end, whatever it asked for before."""
    from ray._private.authentication.authentication_token_setup import _enable_token_auth
    from ray._raylet import (  # type: ignore[attr-defined]  # a compiled module
        AuthenticationTokenLoader,
        Config,
    )

    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(32))
    before = {name: os.environ.pop(name, None) for name in VARIABLES}
    os.environ["RAY_AUTH_TOKEN_PATH"] = str(path)
    _enable_token_auth()  # also where Ray was imported earlier: it reads the mode then
    AuthenticationTokenLoader.instance().reset_cache()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        Config.initialize("")
        AuthenticationTokenLoader.instance().reset_cache()


@contextlib.contextmanager
def _guarded(folder: Path) -> Iterator[Callable[[object], None]]:
    """Starts the process that ends what is left; yields what sends it a line."""
    command = [sys.executable, "-I", "-S", guard.__file__, str(folder)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd="/",
        start_new_session=True,
    )
    assert process.stdin is not None
    with process.stdin as lines:
        process.wait()  # its child goes on
        yield lambda line: print(line, file=lines, flush=True)
