"""Kills workers and the driver of a grid study at random, until it has ended all the same.

    python tests/chaos/chaos.py [--kills 20] [--seed 0] [--folder FOLDER]

An undisturbed study comes first. Then the same study is started again, and at random moments one
of its workers or its driver gets a SIGKILL; a killed driver is followed by `run --resume`. Exit
code 0 where both records have the same digest.
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
from pathlib import Path

from sweepbook.record.load import load_record

STUDY = """
import time
from sweepbook import Fidelity, Metric, Study

def train(config, state=None):
    at, value = state or (0, config["seed"] % 97)
    for n in range(at + 1, config["rounds"] + 1):
        time.sleep(config["pause_s"])
        value = (value * 31 + config["cell"] + n) % 1009  # only a whole history gives it
        yield {"round": n, "val_acc": float(value), "state": lambda s=(n, value): s}

CHAOS = Study(
    name="chaos", question="?", trainable="chaos_study:train", replicates=2,
    metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"),
    grid={"cell": list(range(CELLS))}, fixed={"rounds": ROUNDS, "pause_s": 0.02},
)
"""
RETRIES = 1000  # a trial may be hit any number of times
GIVE_UP_S = 600.0  # without the end of an undisturbed study, or a worker to kill


def run(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Starts a command of sweepbook in a folder, its output in output.txt."""
    command = [sys.executable, "-m", "sweepbook", "run", *arguments]
    with (folder / "output.txt").open("ab") as output:
        return subprocess.Popen(
            [*command, "--max-failures", str(RETRIES)],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )


def trial_workers(driver: int) -> list[int]:
    """The processes of the driver's Ray that train a trial."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True)
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    children: dict[int, list[int]] = {}
    for pid, parent, *_ in rows:
        children.setdefault(int(parent), []).append(int(pid))
    names = {int(pid): " ".join(args) for pid, _, *args in rows}
    below, found = [driver], []
    while below:
        below = [child for parent in below for child in children.get(parent, [])]
        found += [pid for pid in below if names[pid].startswith("ray::ImplicitFunc")]
    return sorted(found)


def undisturbed(folder: Path) -> str:
    """The digest of the study where nobody kills anything."""
    driver = run(folder, "chaos_study.py", "--name", "calm", "--no-cache")
    try:
        failed = driver.wait(GIVE_UP_S)
    except subprocess.TimeoutExpired:
        driver.kill()
        raise
    if failed:
        raise SystemExit((folder / "output.txt").read_text())
    return str(load_record(folder / "records" / "calm").manifest.record_digest)


def disturbed(folder: Path, kills: list[str], rng: random.Random) -> tuple[str, list[str]]:
    """The digest of the study after the kills, and those that hit: "worker" or "driver"."""
    record = folder / "records" / "wild"
    driver = run(folder, "chaos_study.py", "--name", "wild", "--no-cache")
    hit = []
    for kill in kills:
        workers = wait_for_workers(driver)
        if not workers:
            break  # the study has ended
        time.sleep(rng.uniform(0.1, 1.5))
        if kill == "worker":
            victims = trial_workers(driver.pid)
            if not victims:
                break
            victim = rng.choice(victims)
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
            print(f"kill {len(hit) + 1}: worker {victim}", flush=True)
        else:
            driver.kill()
            driver.wait()
            print(f"kill {len(hit) + 1}: driver {driver.pid}; resumed", flush=True)
            driver = run(folder, "--resume", str(record))
        hit.append(kill)
    code = driver.wait(GIVE_UP_S)
    if code:
        raise SystemExit(f"exit code {code}\n" + (folder / "output.txt").read_text())
    return str(load_record(record).manifest.record_digest), hit


def wait_for_workers(driver: subprocess.Popen[bytes]) -> list[int]:
    """The driver's workers as soon as it has some; none where it has ended."""
    deadline = time.monotonic() + GIVE_UP_S
    while driver.poll() is None and time.monotonic() < deadline:
        if workers := trial_workers(driver.pid):
            return workers
        time.sleep(0.1)
    return []


def write_study(folder: Path, cells: int, rounds: int) -> None:
    """Writes the study's file: so many trials of 0.04 s a round."""
    text = STUDY.replace("CELLS", str(cells)).replace("ROUNDS", str(rounds))
    (folder / "chaos_study.py").write_text(text)


def chaos(folder: Path, kills: list[str], seed: int) -> bool:
    """Runs the study calm and wild; returns whether both say the same after all the kills."""
    write_study(folder, cells=12, rounds=60 + 8 * len(kills))
    calm = undisturbed(folder)
    wild, hit = disturbed(folder, kills, random.Random(seed))
    retries = load_record(folder / "records" / "wild").trials["n_retries"].sum()
    print(f"{len(hit)} of {len(kills)} kills hit, {retries} attempts at trials were lost")
    print(f"undisturbed {calm}\ndisturbed   {wild}", flush=True)
    return calm == wild and hit == kills


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="kept; default: a temporary one")
    given = parser.parse_args()
    rng = random.Random(given.seed)
    kills = [rng.choice(["worker", "worker", "driver"]) for _ in range(given.kills)]
    with contextlib.ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        same = chaos(folder, kills, given.seed)
    raise SystemExit(0 if same else 1)


if __name__ == "__main__":
    main()
