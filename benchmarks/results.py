"""benchmarks/results.md: every number in it comes from the measurements it is given."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.compiled import CompileTimes
from benchmarks.goal import Goal
from benchmarks.measure import Timing, ratios
from benchmarks.ours import CommandTimes
from benchmarks.peer import PeerTimes
from benchmarks.report_row import report_goal
from benchmarks.stack import stack_table
from benchmarks.start import Start, start_rows
from benchmarks.trials import SHORT_STEPS, TrialCost
from benchmarks.vision import VisionTimes
from benchmarks.vision_page import vision_goals

MOST_S_PER_TRIAL, MOST_KB_PER_TRIAL = 0.1, 50
PACKAGES = ("torch", "torchvision", "ray", "numpy", "pandas")


@dataclass(frozen=True)
class Measured:
    """Everything that one call of the benchmarks has measured."""

    n_replicates: int
    n_epochs: int
    short: CommandTimes  # the same command for one epoch
    whole: CommandTimes
    peer: PeerTimes
    loops: Mapping[str, Timing]
    tracking: Mapping[str, Timing]
    compiled: Sequence[CompileTimes]
    loading: Mapping[tuple[int, int, int], Timing]  # trials, epochs, replicates of a record
    trials: Mapping[tuple[str, int], TrialCost]  # side, number of trials
    start: Mapping[str, Start]
    nets: Mapping[str, Mapping[str, Timing]]  # net, side
    vision: VisionTimes
    report: Timing
    n_records: int  # whose report it is; 0: the made-up one
    load: tuple[float, float]  # 1-minute load average before and after


def goals(m: Measured) -> list[Goal]:
    """The rows of the main table."""
    n_trials = m.whole.n_replicate_epochs // m.n_epochs  # of the peer: one per seed
    ours_s, peer_s = (
        m.whole.per_replicate_epoch_s,
        m.peer.per_replicate_epoch_s(n_trials, m.n_epochs),
    )
    loop, loop_norm = m.loops["loop"], m.loops["loop, batch norm"]
    stack_norm = m.loops["8 stacked, batch norm"]
    shares = ratios(stack_norm, loop_norm)
    overhead = ratios(m.tracking["tracked"], m.tracking["untracked"])
    return [
        Goal(
            f"learning-rate study, {m.n_replicates} replicates, {m.n_epochs} epochs, end to end: "
            "wall seconds per replicate-epoch; ratio peer / ours",
            f"{ours_s:.4f} s",
            f"{peer_s:.4f} s, the usual way",
            peer_s / ours_s,
            f"peer's epochs {Timing(m.peer.epoch_s)}",
            at_least=10,
        ),
        Goal(
            "the same, beside the in-memory loop with fused Adam in CPU seconds, as if one model "
            "per core ran undisturbed, without Ray, start-up or records; ratio peer / ours",
            f"{ours_s:.4f} s",
            f"{loop.median / m.peer.n_cores:.4f} s",
            loop.median / m.peer.n_cores / ours_s,
            f"peer's epochs {loop}",
        ),
        Goal(
            "epoch of one trial with 8 replicates of 6x16 with batch norm, eager, one thread, "
            "beside the in-memory fused-Adam loop of one such model; ratio ours / peer",
            str(stack_norm),
            str(loop_norm),
            shares.median,
            str(shares),
            at_most=3,
        ),
        Goal(
            "epoch with gradients tracked beside one without, depth 100 x width 4 with batch "
            "norm, 5 replicates, one thread; ratio",
            str(m.tracking["tracked"]),
            str(m.tracking["untracked"]),
            overhead.median,
            str(overhead),
            at_most=1.15,
        ),
        *vision_goals(m.vision),
        report_goal(m.report, m.n_records),
    ]


def results_page(m: Measured) -> str:
    """The page as markdown."""
    rows = [goal.row() for goal in goals(m)]
    return "\n".join(
        [
            "# Measured against the usual way",
            "",
            f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d} ({_machine()}; load average "
            f"{m.load[0]:.1f} before and {m.load[1]:.1f} after). Embedded europe data, net 6x16, "
            "batch size 256. Values are medians, in brackets the range of the repetitions; sides "
            "of a ratio are timed in turn within one process, in CPU seconds; the two studies "
            "one after another, in seconds of the wall clock.",
            "",
            "| what | ours | peer | ratio | range | goal | met |",
            "|---|---|---|---|---|---|---|",
            *rows,
            "",
            *_start_up(m),
            "",
            *_stacks(m),
            "",
            *_nets(m),
            "",
            *_compile(m),
            "",
            *_loading(m),
            "",
            *_trials(m),
            "",
        ]
    )


def _start_up(m: Measured) -> list[str]:
    n_cores = m.peer.n_cores
    start_s = m.short.wall_s - m.short.training_s / n_cores
    busy = m.whole.training_s / (m.whole.wall_s * n_cores)
    return [
        "## Start-up",
        "",
        f"Our whole command takes {m.whole.wall_s:.1f} s; with 1 epoch instead of {m.n_epochs} "
        f"it takes {m.short.wall_s:.1f} s, of which {start_s:.1f} s are not training: start-up "
        f"(Python, Ray, data, checks) and end are {start_s / m.whole.wall_s:.0%} of it. Of the "
        f"{n_cores} cores' time, {busy:.0%} went into epochs.",
        "",
        f"The peer is one Ray Tune function trial per seed with a fresh actor, DataLoader over "
        f"TensorDataset, default Adam and `.item()` per batch; it validates each epoch, and does "
        f"not test. It was measured on {len(m.peer.epoch_s)} epochs of 4 learning rates: an epoch "
        f"{Timing(m.peer.epoch_s)}, the start and end of a trial {m.peer.start_s:.1f} s of one "
        f"core, Ray's own start {m.peer.ray_s:.1f} s. Start-up is spread over {m.n_epochs} epochs "
        "in the table above.",
        "",
        "Commands, and the parts that they start with, in turn, each in a process of its own:",
        "",
        *start_rows(m.start),
    ]


def _stacks(m: Measured) -> list[str]:
    per_model = {"loop": 1, "loop, batch norm": 1, "1 stacked, batch norm": 1}
    lines = [
        f"| {name} | {timing} | {timing.median / per_model.get(name, 8):.3f} s |"
        for name, timing in m.loops.items()
    ]
    return [
        "## Epochs in one process, one thread, eager",
        "",
        "| loop | epoch with validation and test | per model |",
        "|---|---|---|",
        *lines,
    ]


def _nets(m: Measured) -> list[str]:
    return [
        "## Stacks of any net (`sweepbook.stack`)",
        "",
        "A step of 8 nets, one thread, float32: CPU milliseconds of the plain loop over the nets "
        "with torch.optim.Adam, and how many times faster the others are, timed in turn within "
        "one process. The stacks use fused Adam and sweepbook.stack.cross_entropy.",
        "",
        *stack_table(m.nets),
    ]


def _compile(m: Measured) -> list[str]:
    lines = [
        f"| {c.n} | {c.eager_epoch_s:.2f} s | {c.compiled_epoch_s:.2f} s | "
        f"{c.eager_epoch_s / c.compiled_epoch_s:.2f} | {c.first_call_s:.0f} s | "
        f"{c.pays_after_epochs:.0f} |"
        for c in m.compiled
    ]
    return [
        "## torch.compile (`--set compile=true`), 6x16 with batch norm",
        "",
        "Median epoch after the first in CPU seconds, timed in turn, one thread; the first "
        "call's wall seconds, nothing compiled before, are the excess of the first epoch. A trial "
        "with fewer epochs than the last column is faster without.",
        "",
        "| stacked models | eager epoch | compiled epoch | times faster | first call | "
        "pays after epochs |",
        "|---|---|---|---|---|---|",
        *lines,
    ]


def _loading(m: Measured) -> list[str]:
    rows = [
        f"| {trials:,} | {epochs} | {replicates} | {trials * epochs * replicates:,} | {seconds} |"
        for (trials, epochs, replicates), seconds in m.loading.items()
    ]
    return [
        "## Loading a record (`sweepbook.load_record`, wall seconds)",
        "",
        "| trials | epochs | replicates | report rows | seconds |",
        "|---|---|---|---|---|",
        *rows,
    ]


def _trials(m: Measured) -> list[str]:
    rows = [
        f"| {n:,} | {side} | {cost.wall_s:.1f} s | {cost.s_per_trial:.3f} s | "
        f"{cost.further_s:.3f} s | {cost.kb_per_trial:.0f} KB | {_met(side, cost)} |"
        for (side, n), cost in m.trials.items()
    ]
    return [
        "## Many short trials",
        "",
        f"Trials of {SHORT_STEPS} reports and no work. Whole: the study with Ray's import, start "
        "and end, and the record's; per trial: its share of the whole; each "
        "further: from the first trial's ending to the last one's. "
        "Bare: Tune alone with reused workers and no loggers. Memory is the slope of the driver's "
        "resident memory over the trials that had ended. The goal for ours is less than "
        f"{MOST_S_PER_TRIAL} s and {MOST_KB_PER_TRIAL} KB a trial.",
        "",
        "| trials | side | whole | per trial | each further | driver's memory each | goal met |",
        "|---|---|---|---|---|---|---|",
        *rows,
    ]


def _met(side: str, cost: TrialCost) -> str:
    if side != "ours":
        return ""
    small = cost.s_per_trial < MOST_S_PER_TRIAL and cost.kb_per_trial < MOST_KB_PER_TRIAL
    return "yes" if small else "NO"


def _machine() -> str:
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].partition(":")[2].strip() if names else cpu
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"{cpu}, {os.cpu_count()} cores; Python {platform.python_version()}, {versions}"
