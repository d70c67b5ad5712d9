"""The device that is measured: what it is, what it does at best, and how to time on it."""

import gc
import os
import platform
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import torch
from torch import Tensor

from benchmarks.gpu_report import Report
from benchmarks.measure import Timing

GIB = 2**30


@dataclass(frozen=True)
class Peaks:
    """What large calls reach here: operations/s of a float32 matrix product, bytes/s of a copy."""

    operations_per_s: float
    bytes_per_s: float


@dataclass
class Bench:
    """What the sections share: where they run and print, and what the goals are read from."""

    device: torch.device
    quick: bool  # in a short form, whose figures mean nothing
    report: Report
    peaks: Peaks | None = None
    most_gib: float = 0.0  # GPU memory held at once in this section, before the last `forget_peak`
    # Relative differences from the CPU by dtype, NaN where a comparison failed.
    differences: dict[str, list[float]] = field(default_factory=dict)
    step_s: dict[tuple[str, int], float] = field(default_factory=dict)  # by way and models
    images_per_s: dict[tuple[str, int], float] = field(default_factory=dict)  # by way and pixels

    @property
    def on_gpu(self) -> bool:
        return self.device.type == "cuda"

    def sync(self) -> None:
        """Waits until the device has done all that was asked of it."""
        if self.on_gpu:
            torch.cuda.synchronize(self.device)

    def timed(self, call: Callable[[], object], repeats: int, warm_up: int = 2) -> Timing:
        """Wall seconds of each of `repeats` calls, synchronised, after `warm_up` untimed ones."""
        for _ in range(warm_up):
            call()
        seconds = []
        for _ in range(repeats):
            self.sync()
            start = time.perf_counter()
            call()
            self.sync()
            seconds.append(time.perf_counter() - start)
        return Timing(tuple(seconds))

    def pinned(self, tensor: Tensor) -> Tensor:
        """The tensor in page-locked memory, which a GPU reads by itself; as it is without one."""
        return tensor.pin_memory() if self.on_gpu else tensor


def n_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def peak_gib(bench: Bench) -> float | None:
    """Most GPU memory held by tensors since `forget_peak`, in GiB; None without a GPU."""
    return torch.cuda.max_memory_allocated(bench.device) / GIB if bench.on_gpu else None


def held_gib(bench: Bench) -> float | None:
    """GPU memory held by tensors now, in GiB; None without a GPU."""
    return torch.cuda.memory_allocated(bench.device) / GIB if bench.on_gpu else None


def forget_peak(bench: Bench) -> None:
    """Counts the most memory held from here on; the section's `most_gib` remembers."""
    if bench.on_gpu:
        bench.most_gib = max(bench.most_gib, peak_gib(bench) or 0.0)
        torch.cuda.reset_peak_memory_stats(bench.device)


def free_memory(bench: Bench) -> None:
    """Gives back what no tensor needs, cuBLAS's working space included."""
    gc.collect()
    if bench.on_gpu:
        bench.sync()
        clear = getattr(torch._C, "_cuda_clearCublasWorkspaces", None)  # no public name for it
        if clear is not None:
            clear()
        torch.cuda.empty_cache()


def measure_card(bench: Bench) -> None:
    """Says what is there and measures its peaks, which the other sections' floors rest on."""
    report = bench.report
    report.table("fact", "value")
    with report.attempt("facts"):
        for name, value in _facts(bench).items():
            report.row(name, value)
    report.end_table()
    side, n = (512, 2**22) if bench.quick else (8192, 2**28)  # elements a side, of a copy
    report.table("at best", "measured", "unit")
    with torch.no_grad():
        operations = _product(bench, side, torch.float32)
        report.row(
            f"matrix product, {side} a side, float32 without TF32", operations / 1e12, "T/s"
        )
        moved = _copy(bench, n)
        report.row(
            f"copy of {n * 4 / GIB:.3g} GiB on the device, read + written", moved / 1e9, "GB/s"
        )
        bench.peaks = Peaks(operations, moved)
        with report.attempt("matrix product, bfloat16"):
            brain = _product(bench, side, torch.bfloat16)
            report.row(f"matrix product, {side} a side, bfloat16", brain / 1e12, "T/s")
        with report.attempt("copy to the device"):
            report.row(
                "copy from pinned memory to the device", _upload(bench, n // 4) / 1e9, "GB/s"
            )
    report.end_table()
    report.note("T/s: 10^12 operations a second, a multiplication and an addition counted as two.")


def _facts(bench: Bench) -> dict[str, Any]:
    facts: dict[str, Any] = {"date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"}
    if bench.on_gpu:
        card = torch.cuda.get_device_properties(bench.device)
        facts |= {
            "card": card.name,
            "its memory, GiB": card.total_memory / GIB,
            "its multiprocessors": card.multi_processor_count,
            "its compute capability": f"{card.major}.{card.minor}",
        }
    else:
        facts["card"] = "none: the CPU in its place"
    return facts | {
        "torch": torch.__version__,
        "CUDA of torch": str(torch.version.cuda),
        "float32 matrix products": torch.get_float32_matmul_precision(),  # highest: no TF32
        "TF32 in convolutions": str(torch.backends.cudnn.allow_tf32),
        "Python": platform.python_version(),
        "cores": n_cores(),
        "free in /dev/shm, GiB": _free_gib("/dev/shm"),
        "form": "short: the figures mean nothing" if bench.quick else "whole",
    }


def _free_gib(folder: str) -> float | None:
    return shutil.disk_usage(folder).free / GIB if os.path.isdir(folder) else None


def _product(bench: Bench, side: int, dtype: torch.dtype) -> float:
    """Operations a second of a square matrix product, on random numbers."""
    a, b = (torch.randn(side, side, device=bench.device).to(dtype) for _ in range(2))
    out = torch.empty_like(a)
    timing = bench.timed(lambda: torch.mm(a, b, out=out), repeats=7)
    return 2.0 * side**3 / timing.median


def _copy(bench: Bench, n: int) -> float:
    """Bytes a second, read and written, of a copy of n float32 numbers on the device."""
    source = torch.randn(n, device=bench.device)
    target = torch.empty_like(source)
    timing = bench.timed(lambda: [target.copy_(source) for _ in range(4)], repeats=7)
    return 4 * 2 * 4.0 * n / timing.median


def _upload(bench: Bench, n: int) -> float:
    """Bytes a second of a copy of n float32 numbers from pinned memory to the device."""
    source = bench.pinned(torch.ones(n))
    target = torch.empty(n, device=bench.device)
    timing = bench.timed(lambda: target.copy_(source, non_blocking=True), repeats=5)
    return 4.0 * n / timing.median
