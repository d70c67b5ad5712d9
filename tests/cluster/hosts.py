"""Hosts on this one machine: each has network, processes, home, /tmp and an sshd of its own.

They are namespaces of the kernel, hung on a bridge in a namespace of its own, the desk's, from
which `ray up` is called. All of it ends with the process that made it, however that ends.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HOME = pwd.getpwuid(os.getuid()).pw_dir
VENV = Path(sys.prefix).resolve()
ADDRESSES = {
    "desk": "10.77.0.1",
    "head": "10.77.0.10",
    "worker1": "10.77.0.11",
    "worker2": "10.77.0.12",
    "cloud": "10.77.0.20",
}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
COMMANDS = {
    "/usr/sbin/sshd": "openssh-server",
    "ssh": "openssh-client",
    "rsync": "rsync",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "unshare": "util-linux",
}
# ended with the thread that started them; --kill-child: and all their processes with them
NAMESPACES = (
    "setpriv --pdeathsig KILL unshare --pid --mount --uts --fork --kill-child=KILL --mount-proc"
).split()
SSHD = """
PermitRootLogin prohibit-password
PasswordAuthentication no
AuthorizedKeysFile {home}/.ssh/authorized_keys
StrictModes no
UsePAM no
PrintMotd no
PidFile none
SetEnv RAY_raylet_start_wait_time_s=120
"""


def lacking() -> list[str]:
    """Returns what this machine or this user lacks to be several hosts."""
    found = [
        f"the Debian package {package} (no {command})"
        for command, package in COMMANDS.items()
        if shutil.which(command) is None
    ]
    if os.getuid() != 0:
        return [*found, "the rights of root"]
    if not found:
        trial = [
            *NAMESPACES,
            "--net",
            "sh",
            "-c",
            "ip link add name switch type bridge && mount -t tmpfs tmpfs /mnt",
        ]
        made = subprocess.run(trial, capture_output=True, text=True)
        if made.returncode:
            found.append(f"the right to make namespaces and bridges ({made.stderr.strip()})")
    return found


def wait_for(what: str, look: Callable[[], Any], seconds: float) -> Any:
    """Returns the first true answer of `look`; TimeoutError after so many seconds without one."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.2)
    raise TimeoutError(f"no {what} within {seconds:g} s")


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is gone afterwards; those that killed processes have left go, too."""
    prefix = "sweepbook-hosts-"
    for left in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        if not Path("/proc", left.name.removeprefix(prefix).partition("-")[0]).exists():
            shutil.rmtree(left)
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


class Hosts:
    """The desk and the hosts that were booted; /mnt/shared on all of them is `shared` here."""

    root = ROOT

    def __init__(self, folder: Path) -> None:
        self.folder, self.shared = folder, folder / "shared"
        self.log = folder / "calls.log"
        self.pids: dict[str, int] = {}  # of each host's PID 1, as seen from here
        self._started: list[subprocess.Popen[bytes]] = []
        self.shared.mkdir()
        ssh = self.home("desk") / ".ssh"
        ssh.mkdir(parents=True)
        for key in ("id_ed25519", "host_key"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", ssh / key], check=True
            )
        token = self.home("desk") / ".ray" / "auth_token"
        token.parent.mkdir()
        token.write_text(secrets.token_hex(32))
        self._start("desk", ADDRESSES["desk"], [VENV, Path(sys.base_prefix), ROOT])

    def home(self, name: str) -> Path:
        """The home folder of a host, as it is seen from here."""
        return self.folder / name

    def boot(self, name: str) -> None:
        """Starts a host, one that was killed with its old disk.

        The .venv of its project is the one of these tests.
        """
        ssh, desk = self.home(name) / ".ssh", self.home("desk") / ".ssh"
        if not ssh.exists():
            ssh.mkdir(parents=True)
            shutil.copy(desk / "host_key", ssh)
            shutil.copy(desk / "id_ed25519.pub", ssh / "authorized_keys")
            (ssh / "sshd_config").write_text(SSHD.format(home=HOME))
            (self.home(name) / "sweepbook").mkdir()
            (self.home(name) / "sweepbook" / ".venv").symlink_to(VENV)
        (self.home(name) / "up").unlink(missing_ok=True)
        self._start(name, ADDRESSES[name], [VENV, Path(sys.base_prefix)])

    def _start(self, name: str, address: str, kept: list[Path]) -> None:
        net = [] if name == "fresh" else ["--net"]
        script = ["bash", Path(__file__).with_name("host.sh"), name, address]
        with (self.folder / f"{name}.log").open("ab") as log:
            started = subprocess.Popen(
                [*NAMESPACES, *net, *script, self.home(name), self.shared, *kept],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": PATH, "HOME": HOME},
            )
        self._started.append(started)
        children = Path(f"/proc/{started.pid}/task/{started.pid}/children")
        self.pids[name] = int(wait_for(f"{name}: PID 1", children.read_text, 10))
        if name not in ("desk", "fresh"):
            self._switch(f"ip link delete {name} 2> /dev/null || true")  # of a killed one
            link = f"ip link add {name} type veth peer name eth0 netns {self.pids[name]}"
            self._switch(f"{link} && ip link set {name} master switch up")
        wait_for(f"{name}: sshd", (self.home(name) / "up").exists, 10)

    def boot_fresh(self) -> None:
        """Starts a host with nothing but Python, in the network of this machine, to install."""
        bin_folder = self.home("fresh") / ".local" / "bin"
        bin_folder.mkdir(parents=True)
        python = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
        (bin_folder / python.name).symlink_to(python)
        self._start("fresh", "127.0.0.1", [Path(sys.base_prefix)])

    def _switch(self, command: str) -> None:
        desk = ["nsenter", "--net", "--target", str(self.pids["desk"])]
        subprocess.run([*desk, "sh", "-c", command], check=True)

    def kill(self, name: str) -> None:
        """Ends a host at once: its PID 1 is killed, and with it everything there."""
        os.kill(self.pids.pop(name), signal.SIGKILL)

    def plug(self, name: str, state: str) -> None:
        """Pulls a host's cable out of the switch ("down"), or puts it in ("up")."""
        self._switch(f"ip link set {name} {state}")

    def call(self, command: str, name: str = "desk", **variables: str) -> subprocess.Popen[bytes]:
        """Starts a shell command on the desk, in the project's folder; output in calls.log.

        Args:
            name: of another host, which has no folder of the project.
            variables: of its environment.
        """
        enter = ["nsenter", "--all", "--target", str(self.pids[name])]
        environment = {"PATH": f"{VENV}/bin:{PATH}", "HOME": HOME, "RAY_AUTH_MODE": "token"}
        with self.log.open("ab") as log:
            log.write(f"\n{name}$ {command}\n".encode())
            log.flush()
            called = subprocess.Popen(
                [*enter, "bash", "-c", f"cd '{ROOT}' && {command}" if name == "desk" else command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment | variables,
            )
        self._started.append(called)
        return called

    def ssh(self, name: str, command: str) -> str:
        """The desk's command that calls a command, without quotes ', on another host."""
        known = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
        return f"ssh -q {known} {ADDRESSES[name]} '{command}'"

    def run(self, command: str, seconds: float = 120) -> None:
        """Runs a shell command on the desk; an exit code other than 0 is an error."""
        assert self.call(command).wait(seconds) == 0, self.said()

    def said(self) -> str:
        """The end of what the commands have put out."""
        return self.log.read_text(errors="replace")[-6000:]

    def processes(self, name: str, title: str) -> list[int]:
        """The processes of a host whose command line begins so."""
        space = os.readlink(f"/proc/{self.pids[name]}/ns/pid")
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if os.readlink(folder / "ns" / "pid") == space and command.startswith(title):
                    found.append(int(folder.name))
        return found

    def wait_for(self, what: str, look: Callable[[], Any], seconds: float) -> Any:
        """As `wait_for`, with what the commands have said where it did not come."""
        try:
            return wait_for(what, look, seconds)
        except TimeoutError as error:
            raise TimeoutError(f"{error}: {self.said()}") from None

    def close(self) -> None:
        """Ends all hosts; returns when their last process is gone."""
        for pid in self.pids.values():
            os.kill(pid, signal.SIGKILL)
        for started in self._started:
            started.wait()
