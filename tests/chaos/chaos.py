"""Kills what belongs to a study at random, again and again, until it has ended all the same.

    python tests/chaos/chaos.py [--kills 20] [--studies grid,search] [--seed 0] [--folder FOLDER]

An undisturbed study comes first. Then the same study is started again, and at random moments it is
hit: one of its workers, its driver or the driver's whole process group gets a SIGKILL, or the
driver two signals in a row (SIGINT, SIGTERM or SIGHUP). An ended driver is followed by
`run --resume`. Exit code 0 where both records have the same digest, no process that a driver had
started was alive 15 s after its end, and nothing was shown as a traceback.
"""

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from sweepbook.record.load import load_record

STUDY = """
import time
from sweepbook import Fidelity, Metric, Search, Study

def train(config, state=None):
    at, value = state or (0, config["seed"] % 97)
    for n in range(at + 1, config["rounds"] + 1):
        time.sleep(config["pause_s"])
        cell = int(1000 * config["cell"])
        value = (value * 31 + cell + n) % 1009  # only a whole history gives it
        yield {"round": n, "val_acc": float(value), "state": lambda s=(n, value): s}

def space():
    from ray import tune
    return {"cell": tune.uniform(0.0, 1.0)}

CHAOS = Study(
    name="chaos", question="?", trainable="chaos_study:train", replicates=2,
    metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"),
    fixed={"rounds": ROUNDS, "pause_s": 0.02}, OF_KIND
)
"""
OF_KIND = {
    "grid": 'grid={"cell": list(range(CELLS))},',
    "search": 'search=Search(space="chaos_study:space", n_trials=CELLS, n_random=CELLS // 2),',
}
KILLS = ("worker", "driver", "group", "pair")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ALIVE_S = 15.0  # at most, after the end of their driver
FILE = "chaos_study.py"
RETRIES = 1000  # a trial may be hit any number of times
GIVE_UP_S = 600.0  # without the end of an undisturbed study, or a worker to kill


def run(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Starts a command of sweepbook in a folder, its output in output.txt."""
    command = [sys.executable, "-m", "sweepbook", "run", *arguments]
    command += ["--max-concurrent", "1"] if "search=" in (folder / FILE).read_text() else []
    with (folder / "output.txt").open("ab") as output:
        return subprocess.Popen(
            [*command, "--max-failures", str(RETRIES)],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )


def below(driver: int) -> dict[int, str]:
    """PID -> command line of all processes that a driver has started, directly or not."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True)
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    children: dict[int, list[int]] = {}
    for pid, parent, *_ in rows:
        children.setdefault(int(parent), []).append(int(pid))
    names = {int(pid): " ".join(args) for pid, _, *args in rows}
    found: dict[int, str] = {}
    new = [driver]
    while new:
        new = [child for parent in new for child in children.get(parent, [])]
        found |= {pid: names[pid] for pid in new}
    return found


def trial_workers(driver: int) -> list[int]:
    """The processes of the driver's Ray that train a trial."""
    return sorted(pid for pid, name in below(driver).items() if name.startswith("ray::Implicit"))


def alive(pids: dict[int, str]) -> dict[int, str]:
    """Those that still run the same command: a PID may be another process's by now."""
    listed = subprocess.run(["ps", "-eo", "pid=,stat=,args="], capture_output=True, text=True)
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    there = {int(pid): " ".join(args) for pid, state, *args in rows if "Z" not in state}
    return {pid: name for pid, name in pids.items() if pid in there and _same(name, there[pid])}


def _same(before: str, now: str) -> bool:
    """Ray's workers change their command line with what they do."""
    return before == now or (before.startswith("ray::") and now.startswith("ray::"))


@dataclass
class Outcome:
    """What came of some kills: those that hit, and the longest life after a driver's end."""

    digest: str = ""
    hit: list[str] = field(default_factory=list)
    longest_s: float = 0.0
    left: list[str] = field(default_factory=list)


def undisturbed(folder: Path) -> str:
    """The digest of the study where nobody kills anything."""
    driver = run(folder, FILE, "--name", "calm", "--no-cache")
    try:
        failed = driver.wait(GIVE_UP_S)
    except subprocess.TimeoutExpired:
        driver.kill()
        raise
    if failed:
        raise SystemExit((folder / "output.txt").read_text())
    return str(load_record(folder / "records" / "calm").manifest.record_digest)


def disturbed(folder: Path, kills: list[str], rng: random.Random) -> Outcome:
    """Runs the study, hit by these kills."""
    record, outcome = folder / "records" / "wild", Outcome()
    driver = run(folder, FILE, "--name", "wild", "--no-cache")
    for kill in kills:
        if not wait_for_workers(driver):
            break  # the study has ended
        time.sleep(rng.uniform(0.1, 1.5))
        if kill == "worker":
            victims = trial_workers(driver.pid)
            if not victims:
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(victims), signal.SIGKILL)
        else:
            started = below(driver.pid)
            end(driver, kill, rng)
            watch(started, outcome)
            driver = run(folder, "--resume", str(record))
        outcome.hit.append(kill)
        print(f"kill {len(outcome.hit)}: {kill}", flush=True)
    code = driver.wait(GIVE_UP_S)
    output = (folder / "output.txt").read_text()
    if code or "Traceback" in output:
        raise SystemExit(f"exit code {code}\n{output}")
    outcome.digest = str(load_record(record).manifest.record_digest)
    return outcome


def end(driver: subprocess.Popen[bytes], kill: str, rng: random.Random) -> None:
    """Ends a driver; after two signals its record must say that it was interrupted."""
    with contextlib.suppress(ProcessLookupError):
        if kill == "pair":
            driver.send_signal(rng.choice(SIGNALS))
            time.sleep(rng.uniform(0.0, 1.0))
            driver.send_signal(rng.choice(SIGNALS))
        elif kill == "group":
            os.killpg(driver.pid, signal.SIGKILL)
        else:
            driver.kill()
    code = driver.wait(GIVE_UP_S)
    if kill == "pair" and code not in (0, 1):
        raise SystemExit(f"two signals ended the driver with {code}")


def watch(started: dict[int, str], outcome: Outcome) -> None:
    """Waits until the processes of a driver that has ended are gone, for 15 s at most."""
    begin = time.monotonic()
    while (there := alive(started)) and time.monotonic() - begin < ALIVE_S:
        time.sleep(0.2)
    outcome.longest_s = max(outcome.longest_s, time.monotonic() - begin)
    outcome.left += there.values()


def wait_for_workers(driver: subprocess.Popen[bytes]) -> list[int]:
    """The driver's workers as soon as it has some; none where it has ended."""
    deadline = time.monotonic() + GIVE_UP_S
    while driver.poll() is None and time.monotonic() < deadline:
        if workers := trial_workers(driver.pid):
            return workers
        time.sleep(0.1)
    return []


def write_study(folder: Path, cells: int, rounds: int, kind: str = "grid") -> None:
    """Writes the study's file: so many trials of 0.04 s a round."""
    text = STUDY.replace("OF_KIND", OF_KIND[kind])
    text = text.replace("CELLS", str(cells)).replace("ROUNDS", str(rounds))
    (folder / FILE).write_text(text)


def chaos(folder: Path, kind: str, kills: list[str], seed: int) -> bool:
    """Runs the study calm and wild; returns whether both say the same after all the kills."""
    folder.mkdir(parents=True, exist_ok=True)
    write_study(folder, cells=12, rounds=60 + 8 * len(kills), kind=kind)
    calm = undisturbed(folder)
    wild = disturbed(folder, kills, random.Random(seed))
    retries = load_record(folder / "records" / "wild").trials["n_retries"].sum()
    hit = {name: wild.hit.count(name) for name in KILLS}
    print(f"{kind}: {len(wild.hit)} of {len(kills)} kills hit {hit}, {retries} attempts were lost")
    print(f"longest life of a process after its driver's end: {wild.longest_s:.1f} s")
    print(f"undisturbed {calm}\ndisturbed   {wild.digest}", flush=True)
    if wild.left:
        print(f"alive after {ALIVE_S:g} s: {wild.left}")
    return calm == wild.digest and wild.hit == kills and not wild.left


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20, help="in all studies together")
    parser.add_argument("--studies", default="grid,search")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="kept; default: a temporary one")
    given = parser.parse_args()
    rng, kinds = random.Random(given.seed), given.studies.split(",")
    with contextlib.ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        same = []
        for i, kind in enumerate(kinds):
            n = given.kills // len(kinds) + (i < given.kills % len(kinds))
            kills = [rng.choice(KILLS) for _ in range(n)]
            same.append(chaos(folder / kind, kind, kills, given.seed))
    raise SystemExit(0 if all(same) else 1)


if __name__ == "__main__":
    main()
