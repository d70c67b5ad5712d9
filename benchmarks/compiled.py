"""What torch.compile costs and gains; each size in a process and a compile cache of its own.

`python -m benchmarks.compiled N` measures N stacked models and prints JSON.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Any

from benchmarks.measure import interleaved

N_EPOCHS = 5  # of each kind


@dataclass(frozen=True)
class CompileTimes:
    """Epochs of `n` stacked 6x16 models with batch norm.

    eager_s, compiled_s: CPU seconds of each epoch after the first.
    first_call_s: wall seconds of compiling: the excess of the first epoch over the next.
    """

    n: int
    eager_s: tuple[float, ...]
    compiled_s: tuple[float, ...]
    first_call_s: float

    @property
    def eager_epoch_s(self) -> float:
        return statistics.median(self.eager_s)

    @property
    def compiled_epoch_s(self) -> float:
        return statistics.median(self.compiled_s)

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
    return CompileTimes(n, tuple(times["eager"]), tuple(times["compiled"]), times["first"])


def _measure(n: int) -> dict[str, Any]:
    from benchmarks.loops import stack_epochs

    eager, compiled = (
        stack_epochs(replicates=n, batch_norm=True, compile=compiled) for compiled in (False, True)
    )
    next(eager)
    starts = [time.perf_counter()]
    for _ in range(2):  # the first compiles
        next(compiled)
        starts.append(time.perf_counter())
    timings = interleaved(
        {"eager": lambda: next(eager), "compiled": lambda: next(compiled)}, N_EPOCHS
    )
    first_s = (starts[1] - starts[0]) - (starts[2] - starts[1])
    return {name: timing.values for name, timing in timings.items()} | {"first": first_s}


if __name__ == "__main__":
    print(json.dumps(_measure(int(sys.argv[1]))))
