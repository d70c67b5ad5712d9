"""What ASHA saves a search of a real net: the same search with it and without, by the command.

python -m benchmarks.asha_saving writes benchmarks/asha-saving.md. The 6x16 cell of
tuned-architecture on the embedded cities at 0.3 of the epochs (and of the first rung), one
trial at a time. The search with ASHA gets three times the trials, so that it spends about the
same epochs; what lies beyond them is cut off.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.courses import Course, median, paired, reaching
from sweepbook.record.load import Record, load_record
from sweepbook.replay.table import Setting, replay_table
from sweepbook.replay.virtual import arrivals, full_curves
from sweepbook.stats.intervals import t_interval

CELL = ("--set", "depth=6", "--set", "width=16")
SCALE, N_TRIALS, TIMES, SEEDS = 0.3, 12, 3, 5
GRACES, FACTORS, N_ORDERS = (1, 2, 6), (2, 3, 4), 1000
OUT = Path(__file__).with_name("asha-saving.md")


def main() -> None:
    """Runs the searches that the storage does not hold yet, and writes the results."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.asha_saving",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, default=SEEDS, help="repetitions (default 5)")
    parser.add_argument("--storage", type=Path, help="keeps the records; an ended one is taken")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        storage = args.storage or Path(folder)
        pairs = [
            (
                searched(storage, seed, f"with-{seed}", "--trials", str(TIMES * N_TRIALS)),
                searched(storage, seed, f"without-{seed}", "--no-scheduler"),
            )
            for seed in range(args.seeds)
        ]
        OUT.write_text(page(pairs))
    print(OUT.read_text())


def searched(storage: Path, seed: int, name: str, *options: str) -> Record:
    """The record of one search by the command line; an ended one of that name is taken."""
    folder = storage / name
    if not folder.exists():
        command = [
            *(str(Path(sys.executable).with_name("sweepbook")), "run", "tuned-architecture"),
            *(*CELL, "--scale", str(SCALE), "--trials", str(N_TRIALS), "--seed", str(seed)),
            *("--max-concurrent", "1", "--storage", str(storage), "--name", name, *options),
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    record = load_record(folder)
    if record.manifest.status != "complete":
        raise RuntimeError(f"{folder} is {record.manifest.status}: resume or delete it")
    return record


def course(record: Record) -> Course:
    """The search's course, in validation error: 1 - val_acc."""
    trials = in_order(record)
    whole = trials["status"] == "finished"
    error = (1.0 - trials[f"{record.metric}_last"]).where(whole, np.inf).fillna(np.inf)
    return Course(trials["last_fidelity"].cumsum().to_numpy(), error.cummin().to_numpy())


def in_order(record: Record) -> pd.DataFrame:
    """The trials as they were suggested, one after another."""
    return record.trials.sort_values("number")


def page(pairs: list[tuple[Record, Record]]) -> str:
    """Returns the results as markdown."""
    with_asha, without = [[course(pair[i]) for pair in pairs] for i in (0, 1)]
    budget = int(without[0].spent[-1])
    study, metric = pairs[0][0].manifest.study, pairs[0][0].metric
    asha, seeds = study.scheduler, [pair[0].manifest.seed for pair in pairs]
    short = [c.spent.max() < budget for c in with_asha]
    lines = [
        "# ASHA's saving on a real net",
        "",
        "Written by `python -m benchmarks.asha_saving`. `sweepbook run tuned-architecture "
        f"{' '.join(CELL)} --scale {SCALE}`, one trial at a time, on the embedded cities, with "
        f"`--trials {N_TRIALS} --no-scheduler` and with `--trials {TIMES * N_TRIALS}` under ASHA "
        f"(grace period {asha.grace_period}, reduction factor {asha.reduction_factor}, "
        f"{asha.max_t} epochs). {len(pairs)} repetitions (search and study seeds {seeds}); a "
        "repetition's searches share space, first points, seeds and data split. Validation "
        f"error is 1 - {metric} at the last epoch of a trial trained to its end, one replicate: "
        "the best of many is selected on it and flatters, the more of them there are. Medians "
        "have intervals by order statistics, means by the t distribution, 95 % each.",
        "",
        f"## The same number of trials: {N_TRIALS}",
        *_same_trials(pairs),
        "",
        f"## The same epochs: {budget}",
        *(f"(The search with ASHA spent less in {sum(short)}.)" for _ in [0] if any(short)),
        "",
        "| epochs | with ASHA | without | pair by pair |",
        "|---|---|---|---|",
        *(_row(at, with_asha, without) for at in (budget // 4, budget // 2, budget)),
        "",
        "## Epochs to the same best value",
        *_to_the_same(with_asha, without, budget),
        "",
        *_replays([pair[1] for pair in pairs]),
    ]
    return "\n".join([*lines, ""])


def _same_trials(pairs: list[tuple[Record, Record]]) -> list[str]:
    firsts = [(in_order(a).head(N_TRIALS), in_order(b)) for a, b in pairs]
    epochs = [a["last_fidelity"].sum() / b["last_fidelity"].sum() for a, b in firsts]
    bests = [[float(course(r).best[N_TRIALS - 1]) for r in pair] for pair in pairs]
    with_asha, without = zip(*bests, strict=True)
    return [
        f"ASHA spent {_mean(epochs)} of the epochs. Best validation error: "
        f"{median(with_asha)} with ASHA, {median(without)} without; "
        f"{paired('ASHA', with_asha, without)}."
    ]


def _mean(values: list[float]) -> str:
    mean, low, high, _ = t_interval(values)
    return f"{mean:.2f} ({low:.2f} to {high:.2f})"


def _row(at: int, with_asha: list[Course], without: list[Course]) -> str:
    values = [[course.at(at) for course in group] for group in (with_asha, without)]
    return f"| {at} | {median(values[0])} | {median(values[1])} | {paired('ASHA', *values)} |"


def _to_the_same(with_asha: list[Course], without: list[Course], budget: int) -> list[str]:
    found, common = reaching(with_asha, without, budget)
    back, _ = reaching(without, with_asha, budget)
    return [
        f"- With ASHA the best of the search without was reached in {found} times the epochs.",
        f"- Without ASHA the best of the search with it was reached in {back} times the epochs.",
        "- To the worse of the two bests, which both reached, ASHA took this many times the "
        f"epochs: {common}.",
    ]


def _replays(records: list[Record]) -> list[str]:
    """ASHA's settings on the full curves of the searches without it, in random orders."""
    settings = [
        Setting(grace_period=grace, reduction_factor=factor, n_workers=1)
        for grace in GRACES
        for factor in FACTORS
    ]
    curves = [full_curves(record, equal_times=True) for record in records]
    tables = [replay_table(own, settings, arrivals(len(own), N_ORDERS, 0)) for own in curves]
    table = pd.concat(tables).groupby(["grace_period", "reduction_factor"])
    rows = [
        f"| {grace} | {factor} | {_mean(list(own['share']))} | {_mean(list(own['kept']))} | "
        f"{own['regret'].mean():.4f} |"
        for (grace, factor), own in table
    ]
    return [
        "## The same curves, replayed",
        f"The full curves of each search without ASHA, {N_ORDERS} random orders on one worker: "
        "the sampler's own order plays no part here. Means over the searches.",
        "",
        "| grace period | reduction factor | share of epochs | kept the winner | regret |",
        "|---|---|---|---|---|",
        *rows,
    ]


if __name__ == "__main__":
    main()
