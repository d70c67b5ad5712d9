"""Measures everything and writes benchmarks/results.md; about twenty minutes on two cores."""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from benchmarks.compiled import measure_compile
from benchmarks.gradient_tracking import measure_tracking
from benchmarks.loops import measure_loops
from benchmarks.ours import measure_command
from benchmarks.peer import measure_peer
from benchmarks.records import measure_load
from benchmarks.report_row import measure_report, report_goal, with_row
from benchmarks.results import Measured, goals, results_page
from benchmarks.stack import measure_stack
from benchmarks.start import measure_start
from benchmarks.trials import measure_trials
from benchmarks.vision import measure_vision
from benchmarks.vision_epochs import SIZE, measure_epochs
from benchmarks.vision_page import epochs_goals, vision_goals
from trainables.pictures.images import load_images

STACKS = (5, 8, 16)
N_REPLICATES = 8
RECORDS = ((1000, 100, 5), (10_000, 5, 5))  # trials, epochs, replicates
SHORT_TRIALS = (200, 1000)
T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--epochs", type=int, default=50, help="of our study (default 50)")
    parser.add_argument("--repeats", type=int, default=7, help="of each timing (default 7)")
    parser.add_argument("--stacks", type=int, nargs="*", default=STACKS, help="sizes to compile")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("results.md"))
    parser.add_argument(
        "--only",
        choices=["vision", "epochs", "report"],
        help="measure and print just this; of report, write its row, too",
    )
    parser.add_argument("--records", type=Path, nargs="*", default=[], help="of the report's row")
    parser.add_argument("--images", type=Path, help="of --only epochs: DIR/{train,val,test}/CLASS")
    parser.add_argument("--size", type=int, default=SIZE, help="their side in pixels (default 64)")
    args = parser.parse_args()
    if args.only:
        _print_only(args)
        return
    load, stacks = os.getloadavg()[0], args.stacks
    with tempfile.TemporaryDirectory() as folder:
        storage = Path(folder)
        short = _step("our command, 1 epoch", lambda: measure_command(N_REPLICATES, 1, storage))
        whole = _step(
            f"our command, {args.epochs} epochs",
            lambda: measure_command(N_REPLICATES, args.epochs, storage),
        )
    measured = Measured(
        n_replicates=N_REPLICATES,
        n_epochs=args.epochs,
        short=short,
        whole=whole,
        peer=_step("the usual way", lambda: measure_peer(n_epochs=2, n_seeds=2)),
        loops=_step("loops in one process", lambda: measure_loops(args.repeats)),
        tracking=_step("gradient tracking", lambda: measure_tracking(args.repeats // 2 + 1)),
        compiled=[
            _step(f"torch.compile, {n} models", partial(measure_compile, n)) for n in stacks
        ],
        loading={
            shape: _step(
                f"loading a record of {shape}", partial(measure_load, *shape, args.repeats)
            )
            for shape in RECORDS
        },
        trials={
            (side, n): _step(f"{n} short trials, {side}", partial(measure_trials, side, n))
            for n in SHORT_TRIALS
            for side in ("bare", "ours")
        },
        start=_step("the start of commands", lambda: measure_start(args.repeats // 2 + 1)),
        nets=_step("stacks of any net", lambda: measure_stack(args.repeats)),
        vision=_step("images", lambda: measure_vision(args.repeats)),
        report=_step("report", lambda: measure_report(args.records)),
        n_records=len(args.records),
        load=(load, os.getloadavg()[0]),
    )
    args.out.write_text(results_page(measured))
    for goal in goals(measured):
        print(f"{goal.ratio:8.2f}  {goal.what}")
    print(args.out)


def _print_only(args: argparse.Namespace) -> None:
    """Measures a part and prints its rows; writes only the report's."""
    if args.only == "report":
        report = _step("report", lambda: measure_report(args.records))
        rows = [report_goal(report, len(args.records))]
        args.out.write_text(with_row(args.out.read_text(), rows[0]))
    elif args.only == "vision":
        vision = _step("images", lambda: measure_vision(args.repeats))
        rows = vision_goals(vision)
    else:
        if args.images is None:
            raise SystemExit("--only epochs needs --images DIR")
        load_images(str(args.images), size=args.size, crop=args.size)  # as a study's other trials
        epochs = _step("epochs", lambda: measure_epochs(args.images, args.repeats, args.size))
        rows = epochs_goals(epochs)
    print("\n".join(goal.row() for goal in rows))


def _step(name: str, measure: Callable[[], T]) -> T:
    """Says what is measured and how long that took."""
    print(f"{name} ... ", end="", flush=True)
    start = time.perf_counter()
    result = measure()
    print(f"{time.perf_counter() - start:.0f} s", flush=True)
    return result


if __name__ == "__main__":
    main()
