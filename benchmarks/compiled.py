"""What torch.compile costs and gains; each size in a process and a compile cache of its own.

`python -m benchmarks.compiled N` measures N stacked models and prints JSON.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

N_EPOCHS = 4  # of each kind; the first of them compiles


@dataclass(frozen=True)
class CompileTimes:
    """Seconds of epochs of `n` stacked 6x16 models with batch norm, first ones included."""

    n: int
    eager_s: tuple[float, ...]
    compiled_s: tuple[float, ...]

    @property
    def eager_epoch_s(self) -> float:
        return min(self.eager_s[1:])

    @property
    def compiled_epoch_s(self) -> float:
        return min(self.compiled_s[1:])

    @property
    def first_call_s(self) -> float:
        """What compiling takes: the excess of the first epoch over the later ones."""
        return self.compiled_s[0] - self.compiled_epoch_s

    @property
    def pays_after_epochs(self) -> float:
        gain = self.eager_epoch_s - self.compiled_epoch_s
        return self.first_call_s / gain if gain > 0 else float("inf")


def measure_compile(n: int) -> CompileTimes:
    """Measures in a new process, with nothing compiled before."""
    with tempfile.TemporaryDirectory() as cache:
        environ = os.environ | {"TORCHINDUCTOR_CACHE_DIR": cache, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "benchmarks.compiled", str(n)]
        ended = subprocess.run(command, env=environ, capture_output=True, text=True)
    if ended.returncode != 0:
        raise RuntimeError(f"torch.compile failed:\n{ended.stderr[-2000:]}")
    times = json.loads(ended.stdout.splitlines()[-1])
    return CompileTimes(n, tuple(times["eager"]), tuple(times["compiled"]))


def _epochs(n: int, compiled: bool) -> list[float]:
    from benchmarks.loops import stack_epochs

    epochs = stack_epochs(replicates=n, batch_norm=True, compile=compiled)
    seconds = []
    for _ in range(N_EPOCHS):
        start = time.perf_counter()
        next(epochs)
        seconds.append(time.perf_counter() - start)
    return seconds


if __name__ == "__main__":
    size = int(sys.argv[1])
    print(json.dumps({"eager": _epochs(size, False), "compiled": _epochs(size, True)}))
