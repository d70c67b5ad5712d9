"""What it saves to train configs in one stack: the command with --fuse and with --no-fuse.

python -m benchmarks.fused writes benchmarks/fused.md, in about half an hour on two idle cores.
The floor is arithmetic: the operations of forward and backward passes at the rate of a large
matrix product on one core, on both cores.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks.goal import Goal
from benchmarks.measure import Timing, ratios
from benchmarks.ours import measure_command
from benchmarks.peer import measure_peer
from trainables.cities.europe import load_splits
from trainables.mlp_config import MLPConfig
from trainables.mlp_data import N_CLASSES

OUT = Path(__file__).with_name("fused.md")
STUDIES = "benchmarks/fused_studies.py"
N_CORES, N_REPLICATES, N_EPOCHS = 2, 8, 50
SIDE, PRODUCTS = 1024, 20  # of the matrix product, and how many are timed


def main() -> None:
    """Measures, and writes the page."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fused",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--epochs", type=int, help="of every study; to see that it runs")
    parser.add_argument("--data", help="of the fused studies: a folder; to see that it runs")
    parser.add_argument("--repeats", type=int, default=3, help="of each timing (default 3)")
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = goals(args.repeats, args.epochs, args.data, Path(folder))
    args.out.write_text(page(rows))
    print(args.out.read_text())


def goals(repeats: int, epochs: int | None, data: str | None, storage: Path) -> list[Goal]:
    """Returns the rows of the page; `epochs` replaces the length of every study."""
    given = [*(("--epochs", str(epochs)) if epochs else ()), *(("--data", data) if data else ())]
    peer = measure_peer(n_epochs=min(3, epochs or 3), n_seeds=2)
    n_trials, length = 4 * N_REPLICATES, epochs or N_EPOCHS  # of the peer: one per seed
    usual_s = peer.per_replicate_epoch_s(n_trials, length)
    ours = [
        measure_command(N_REPLICATES, length, storage / f"learning-rate-{n}")
        for n in range(repeats)
    ]
    each = Timing(tuple(one.per_replicate_epoch_s for one in ours))
    faster = Timing(tuple(usual_s / s for s in each.values), unit="")
    grid = _in_turn("RATES", repeats, given, storage)
    n_epochs = 32 * 5 * (epochs or 20)
    floor = floor_s(n_epochs)
    over = Timing(tuple(s / floor for s in grid["--fuse"].values), unit="")
    asha = _in_turn("STOPPED", repeats, given, storage)
    less, less_asha = (ratios(one["--fuse"], one["--no-fuse"]) for one in (grid, asha))
    what = "32 learning rates x 5 replicates"
    return [
        Goal(
            "the learning-rate study, per replicate-epoch; the usual way / ours",
            *(str(each), f"{usual_s:.3g} s", faster.median, str(faster)),
            at_least=14,
        ),
        Goal(
            f"{what}: fused against not",
            *(str(grid["--fuse"]), str(grid["--no-fuse"]), less.median, str(less)),
            at_most=2 / 3,
        ),
        Goal(
            f"{what}: fused against the arithmetic floor",
            *(str(grid["--fuse"]), f"{floor:.3g} s", over.median, str(over)),
            at_most=3.5,
        ),
        Goal(
            "64 learning rates under ASHA: fused against not",
            *(str(asha["--fuse"]), str(asha["--no-fuse"]), less_asha.median, str(less_asha)),
            at_most=0.77,
        ),
    ]


def floor_s(n_model_epochs: int) -> float:
    """Returns the seconds that the arithmetic of the published net's epochs takes at least.

    A product (m, k) x (k, n) is 2 m k n operations; the backward pass has two of them per layer,
    the first layer's one, for the inputs need no gradient.
    """
    config, splits = MLPConfig(), load_splits()
    sizes = [2, *[config.width] * config.depth, N_CLASSES]
    layers = [n_in * n_out for n_in, n_out in zip(sizes, sizes[1:], strict=False)]
    forward = 2 * sum(layers)
    step = forward + 2 * forward - 2 * layers[0]
    n_evaluated = len(splits.validation.y) + len(splits.test.y)
    per_epoch = len(splits.train.y) * step + n_evaluated * forward
    return n_model_epochs * per_epoch / _operations_per_s() / N_CORES


def _operations_per_s() -> float:
    """The rate of one core in a large product of float32 matrices, the best of some."""
    torch.set_num_threads(1)
    one, other = torch.rand(2, SIDE, SIDE)
    seconds = []
    for _ in range(PRODUCTS):
        start = time.perf_counter()
        one @ other
        seconds.append(time.perf_counter() - start)
    return 2 * SIDE**3 / min(seconds)


def _in_turn(study: str, repeats: int, given: Sequence[str], storage: Path) -> dict[str, Timing]:
    """Wall seconds of the whole command with --fuse and with --no-fuse, in turn."""
    seconds: dict[str, list[float]] = {"--fuse": [], "--no-fuse": []}
    for number in range(repeats):
        for option, values in seconds.items():
            name = f"{study}{option}-{number}"
            command = [
                *(str(Path(sys.executable).with_name("sweepbook")), "run", f"{STUDIES}:{study}"),
                *("--no-cache", option, "--storage", str(storage), "--name", name),
                *given,
            ]
            start = time.perf_counter()
            ended = subprocess.run(command, capture_output=True, text=True)
            values.append(time.perf_counter() - start)
            if ended.returncode != 0:
                raise RuntimeError(f"{' '.join(command)} failed:\n{ended.stdout}\n{ended.stderr}")
    return {option: Timing(tuple(values)) for option, values in seconds.items()}


def page(rows: list[Goal]) -> str:
    """Returns the results as markdown."""
    lines = [
        "# Fused trials",
        "",
        "Written by `python -m benchmarks.fused`: whole commands, from their start to their "
        "record, on two cores. Medians, with the range of the repetitions.",
        "",
        "| what | ours | beside it | ratio | spread | goal | met |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(row.row() for row in rows), ""])


if __name__ == "__main__":
    main()
