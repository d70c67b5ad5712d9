"""Checks and measures training on a GPU: `python benchmarks/gpu.py`, within four minutes.

Needs torch alone. Prints markdown as it goes; a section that fails or takes too long is said, and
the next one begins. `--device cpu` runs every section without a GPU, in a short form that measures
nothing.
"""

import argparse
import faulthandler
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.gpu_card import Bench

ROOT = Path(__file__).resolve().parents[1]
RESERVE_S = 12.0  # of the whole limit, for what comes after the last section
LEAST_S = 3.0  # a section is not begun with less
Section = tuple[str, float, Callable[["Bench"], None]]  # title, limit in seconds, what it does


def main() -> int:
    """Returns 0, or 1 where a section failed or was stopped, or 2 where there is no device."""
    start = time.perf_counter()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--device", default="cuda", help="cuda (default), cuda:N; cpu implies --quick"
    )
    parser.add_argument("--quick", action="store_true", help="a short form that measures nothing")
    parser.add_argument("--limit", type=float, default=240, help="seconds for all (default 240)")
    parser.add_argument("--out", type=Path, help="also write each row to this file, as JSON")
    args = parser.parse_args()
    faulthandler.dump_traceback_later(args.limit, exit=True)  # where a library hangs, to the end
    # The script's own folder leaves the path: records, replay, ... are no top-level modules.
    ours = (ROOT, ROOT / "benchmarks")
    sys.path[:] = [str(ROOT), *(p for p in sys.path if Path(p or ".").resolve() not in ours)]
    try:
        import torch
    except ImportError as error:
        print(f"torch is needed, and cannot be imported: {error}")
        return 2
    from benchmarks.gpu_card import Bench
    from benchmarks.gpu_report import Report

    device = torch.device(args.device)
    if device.type == "cuda":
        if not torch.cuda.is_available():
            print("torch sees no GPU here: --device cpu runs the sections without one")
            return 2
        device = torch.device("cuda", device.index or 0)
        torch.cuda.set_device(device)
        torch.zeros((), device=device)  # starts CUDA: its memory cannot be counted before
    else:
        args.quick = True  # the whole form takes too long, and shows nothing more
        torch.set_num_threads(1)  # nothing is measured, and the machine may be busy
    bench = Bench(device, args.quick, Report(args.out))
    run(bench, _sections(args.quick), start + args.limit - RESERVE_S)
    bench.report.section("The whole")
    bench.report.note(f"{time.perf_counter() - start:.0f} s of at most {args.limit:.0f} s.")
    for failure in bench.report.failures:
        bench.report.note(f"FAILED: {failure}")
    bench.report.close()
    return 1 if bench.report.failures else 0


def run(bench: "Bench", sections: list[Section], until: float) -> None:
    """Runs the sections within their limits and before `until`, of time.perf_counter.

    Then says which memory they held, and which goals are reached.
    """
    from benchmarks.gpu_card import forget_peak, free_memory, held_gib, peak_gib
    from benchmarks.gpu_goals import say_goals
    from benchmarks.gpu_report import TimeUp, at_most

    memory = []
    for title, limit_s, measure in sections:
        bench.report.section(title)
        start = time.perf_counter()
        try:
            forget_peak(bench)
            bench.most_gib = 0.0
            if until - start < LEAST_S:
                raise TimeUp("left out: no time was left")
            with at_most(min(limit_s, until - start)):
                measure(bench)
        except (Exception, TimeUp) as error:
            bench.report.failed("the section", error)
            bench.report.end_table()
        seconds, peak, held = time.perf_counter() - start, peak_gib(bench), held_gib(bench)
        most = None if peak is None else max(peak, bench.most_gib)
        with bench.report.attempt("freeing memory"):
            free_memory(bench)
        memory.append((title, seconds, most, held, held_gib(bench)))
    bench.report.section("Time, and GPU memory in GiB")
    bench.report.table("part", "seconds", "most held", "held at its end", "held when freed")
    for row in memory:
        bench.report.row(*row)
    bench.report.end_table()
    bench.report.section("Goals")
    with bench.report.attempt("the goals"):
        say_goals(bench)


def _sections(quick: bool) -> list[Section]:
    from benchmarks.gpu_card import measure_card
    from benchmarks.gpu_cnn import measure_cnn
    from benchmarks.gpu_equality import measure_equality
    from benchmarks.gpu_images import measure_images
    from benchmarks.gpu_stacks import measure_compiled, measure_stacks

    large, small = (48, 32) if quick else (224, 64)
    return [
        ("The card", 25, measure_card),
        ("Equality with the CPU", 30, measure_equality),
        ("Stacks of small nets", 60, measure_stacks),
        (f"ResNet-18 at {large} px", 80, partial(measure_images, side=large)),
        (f"ResNet-18 at {small} px", 80, partial(measure_images, side=small)),
        ("sweepbook.stack", 20, measure_cnn),
        ("torch.compile", 90, measure_compiled),  # late: a compiler that hangs ends the script
    ]


if __name__ == "__main__":
    sys.exit(main())
