"""A Ray of this process's own, which only its user can reach, and which ends with it."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sweepbook.tune.cluster import guard

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
    import ray
    from ray._common.utils import get_default_system_temp_dir

    closing = contextlib.ExitStack()
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir=get_default_system_temp_dir()))
    closing.enter_context(_token(folder / "auth_token"))
    tell = closing.enter_context(_guarded(folder))
    try:
        with _apart(tell), _on_loopback():
            ray.init(address="local", include_dashboard=False, _temp_dir=f"{folder}/r", **options)
    except BaseException as error:  # Ray raises all kinds; Ctrl-C
        if is_interrupted := not isinstance(error, Exception):
            ray.shutdown()
        else:
            tell("keep")
        closing.close()
        if is_interrupted:
            raise
        raise OSError(
            f"Ray does not start: {error} (see its logs in {folder}/r/session_latest/logs)"
        ) from error
    closing.callback(ray.shutdown)
    return closing


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


@contextlib.contextmanager
def _apart(tell: Callable[[object], None]) -> Iterator[None]:
    """The Ray that is started meanwhile lives in sessions of its own, and so do its workers.

    So no signal to this process's group ends it before the study has ended. Its servers still die
    with this process, by Linux's parent-death signal. Ray's own handler of SIGTERM, which it sets
    when it starts, kills it without a word to the study: ours stays.
    """
    from ray._private import services

    popen, kept = services.ConsolePopen, signal.getsignal(signal.SIGTERM)

    def start_apart(*arguments: Any, **options: Any) -> Any:
        process = popen(*arguments, **options, start_new_session=True)
        tell(process.pid)
        return process

    vars(services)["ConsolePopen"] = start_apart
    try:
        yield
    finally:
        vars(services)["ConsolePopen"] = popen
        signal.signal(signal.SIGTERM, kept)


@contextlib.contextmanager
def _on_loopback() -> Iterator[None]:
    """The Ray that is started meanwhile listens on the loopback interface, as it does on macOS.

    Ray puts the machine's outer address in the place of a loopback one that it is given.
    """
    from ray._private import ray_constants

    constants = vars(ray_constants)
    before = constants["ENABLE_RAY_CLUSTER"]
    constants["ENABLE_RAY_CLUSTER"] = False
    try:
        yield
    finally:
        constants["ENABLE_RAY_CLUSTER"] = before
