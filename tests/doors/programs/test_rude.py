"""Programs that write and end as they like; none of them, nor what they start, lives on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sweepbook.doors.programs import process
from sweepbook.doors.programs.process import Process

HOLDS = """
import os, signal, sys, time
def keep(name):
    with open(name + "~", "w") as file:
        file.write(str(os.getpid()))
    os.rename(name + "~", name)
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    {escape}
    keep("child")
    while True:
        time.sleep(0.01)
{ignore}
keep("parent")
while not os.path.exists("child"):
    time.sleep(0.001)
for i in (1, 2, 3):
    print(f"epoch={{i}} val_loss=1")
{after}
"""
IGNORES = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"


FLOOD = """
import os
if os.fork() == 0:
    os.setsid()
    while True:
        os.write(2, b"x" * 999)
print("a")
"""


def is_alive(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def pids(folder):
    return [int((folder / name).read_text()) for name in ("parent", "child")]


@pytest.fixture
def started(tmp_path):
    """started(script) gives a running program; nothing of it is alive after the test."""
    made = []

    def start(script, **options):
        (tmp_path / "own").mkdir(exist_ok=True)
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        words = [sys.executable, "-c", script]
        made.append(Process(words, tmp_path, environment, own_folder=tmp_path / "own", **options))
        return made[-1]

    yield start
    for one in made:
        one.end()


@pytest.mark.parametrize("ignore", ["", IGNORES])
@pytest.mark.parametrize("escape", ["", "os.setpgid(0, 0)", "os.setsid()"])
@pytest.mark.parametrize("after", ["time.sleep(0.5)", "time.sleep(60)"])
def test_nothing_lives_on_after_a_stop(started, tmp_path, monkeypatch, ignore, escape, after):
    monkeypatch.setattr(process, "GRACE_S", 0.2)
    program = started(HOLDS.format(ignore=ignore, escape=escape, after=after))
    assert program.next_line().text == "epoch=1 val_loss=1"
    program.stand_still()
    parent, child = pids(tmp_path)
    assert is_alive(parent) and is_alive(child)
    program.end()
    assert not is_alive(parent) and not is_alive(child)


def test_a_trial_that_is_stopped_ends_its_programs(assigned, tmp_path, monkeypatch):
    from sweepbook.tune.worker.run import reports

    monkeypatch.setattr(process, "GRACE_S", 0.2)
    script = HOLDS.format(ignore=IGNORES, escape="", after="time.sleep(60)")
    made = reports(assigned(script=script))
    assert next(made)["rows"]
    alive = pids(tmp_path)
    assert all(map(is_alive, alive))
    made.close()
    assert not any(map(is_alive, alive))


@pytest.mark.parametrize("escape", ["", "os.setsid()"])
def test_what_a_program_leaves_running_is_ended_with_it(rows_of, tmp_path, escape):
    script = HOLDS.format(ignore="", escape=escape, after="sys.exit()")
    assert len(rows_of(script=script)) == 3
    assert not any(map(is_alive, pids(tmp_path)))


def test_it_stands_still_with_its_children_between_its_steps(started, tmp_path):
    program = started(HOLDS.format(ignore="", escape="", after="time.sleep(0.5)"))
    program.next_line()
    program.stand_still()
    time.sleep(0.02)
    assert [state_of(pid) for pid in pids(tmp_path)] == ["T", "T"]
    rest = []
    while line := program.next_line():
        rest.append(line.text)
    assert rest == ["epoch=2 val_loss=1", "epoch=3 val_loss=1"] and program.exit_code == 0


def test_it_writes_nothing_while_it_stands(started):
    program = started("import time\nwhile True:\n    print('x')\n    time.sleep(0.001)")
    program.next_line()
    program.stand_still()
    program.lines.clear()
    time.sleep(0.05)
    program._drain()
    assert not program.lines


def test_ten_megabytes_at_once(started, capfd):
    program = started("print('x' * 6_000_000)\nprint(('y' * 99 + '\\n') * 50_000)\nprint('end')")
    last = None
    while line := program.next_line():
        last = line.text
    assert last == "end" and program.exit_code == 0
    assert len(capfd.readouterr().out) > 11_000_000


@pytest.mark.parametrize(
    "script, texts",
    [
        ("import sys; sys.stdout.write('a\\nb')", ["a", "b"]),
        ("import sys, os; sys.stdout.write('a\\nb'); sys.stdout.flush(); os.abort()", ["a"]),
        ("import os; os.write(1, b'\\xff\\xfe=1\\na\\n')", ["\ufffd\ufffd=1", "a"]),
        ("import os; os.write(1, b'\\r 9%|#|\\r99%|##|\\r     \\ra=1\\n')", ["a=1"]),
        ("import os, time; print('a'); os.close(1); os.close(2); time.sleep(0.1)", ["a"]),
        ("import os; os.write(1, b'a\\0b\\n')", ["a\0b"]),
        ("import os, time\nif os.fork() == 0: time.sleep(60)\nprint('a')", ["a"]),
        (FLOOD, ["a"]),
    ],
)
def test_odd_output(started, script, texts):
    program, found = started(script), []
    while line := program.next_line():
        found.append(line.text)
    assert found == texts


def test_a_program_whose_output_is_a_bar_has_its_steps(rows_of):
    script = (
        "import sys\nfor i in (1, 2, 3):\n    for b in range(50):\n"
        "        sys.stderr.write(f'\\r{b}%|##| val_loss=9')\n"
        "        sys.stdout.write(f'\\r{b}%|##| val_loss=9')\n"
        "    print(f'\\r        \\repoch={i} val_loss={i}')\n"
    )
    assert [row["val_loss"] for row in rows_of(script=script)] == [1, 2, 3]


WORKER = """
import os, sys
from sweepbook.doors.programs.process import Process
program = Process([sys.executable, "-u", "program.py"], os.getcwd(), os.environ,
                  own_folder=os.path.abspath("own"))  # nobody else has that mark
program.next_line()
program.stand_still()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("escape", ["", "os.setsid()"])
def test_nothing_lives_on_after_a_worker_that_was_killed(tmp_path, escape):
    script = HOLDS.format(ignore=IGNORES, escape=escape, after="time.sleep(60)")
    (tmp_path / "program.py").write_text(script)
    (tmp_path / "own").mkdir()
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER], cwd=tmp_path, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    with worker:
        while b"ready" not in worker.stdout.readline():
            assert worker.poll() is None
        alive = pids(tmp_path)
        assert all(map(is_alive, alive))
        os.killpg(worker.pid, signal.SIGKILL)
    deadline, own = time.monotonic() + 10, tmp_path / "own"
    while (any(map(is_alive, alive)) or own.exists()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(is_alive, alive)) and not own.exists()
