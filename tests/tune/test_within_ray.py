"""What Ray brings into a worker is kept from what a trainable starts."""

import subprocess
import sys

# a worker of Ray has a handler of SIGTERM that is written in Python
WORKER = """
import os, signal, sys, time
from sweepbook.tune.worker.within_ray import end_children_at_sigterm

signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
end_children_at_sigterm()
for _ in range(50):
    child = os.fork()
    if child == 0:
        time.sleep(0.5)
        os._exit(0)
    os.kill(child, signal.SIGTERM)
    _, status = os.waitpid(child, 0)
    print(os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGTERM)
print(signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ()))
os.kill(os.getpid(), signal.SIGTERM)
"""


def test_a_forked_process_ends_at_a_signal_that_comes_at_once():
    ran = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True)
    *ended, is_blocked = ran.stdout.split()
    assert ended == ["True"] * 50 and is_blocked == "False", ran.stderr
    assert ran.returncode == 1, "the worker's own handler is as it was"
