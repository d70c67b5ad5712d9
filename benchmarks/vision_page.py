"""What the benchmarks' page says about images."""

import statistics

from benchmarks.goal import Goal
from benchmarks.measure import ratios
from benchmarks.vision import LEARNING_RATES, N_THREADS, SEEDS, SIDE, VisionTimes


def vision_goals(v: VisionTimes) -> list[Goal]:
    """The rows of the main table."""
    faster = ratios(v.epochs["plain"], v.epochs["ours"])
    n_probes = len(LEARNING_RATES) * len(SEEDS)
    decode = v.decode["first"], v.decode["second"]
    return [
        Goal(
            f"ResNet-18, the first epoch at {SIDE} px with validation and test, {N_THREADS} "
            "threads, beside DataLoader over ImageFolder with default settings; wall seconds; "
            "ratio peer / ours",
            str(v.epochs["ours"]),
            str(v.epochs["plain"]),
            faster.median,
            str(faster),
            at_least=1.3,
        ),
        Goal(
            f"probes at {len(LEARNING_RATES)} learning rates x {len(SEEDS)} seeds, features once "
            f"and nothing cached before, beside {n_probes} times through the body; wall seconds; "
            "ratio peer / ours",
            f"{v.study_s:.1f} s",
            f"{n_probes} x {v.probe_s}",
            n_probes * v.probe_s.median / v.study_s,
            f"one probe {v.probe_s}",
            at_least=5,
        ),
        Goal(
            "decoded images: the second call beside the first, wall seconds; ratio first / second",
            f"{decode[1]:.3f} s",
            f"{decode[0]:.3f} s",
            decode[0] / decode[1],
            "one call each",
        ),
    ]


def vision_section(v: VisionTimes) -> list[str]:
    """What belongs to the goals: accuracies and threads."""
    shown = {
        name: f"{statistics.mean(values):.3f} "
        f"(sd {statistics.pstdev(values):.3f}, n {len(values)})"
        for name, values in v.test_acc.items()
    }
    return [
        "## Images",
        "",
        f"Test accuracy after the timed epochs, means over seeds: ours {shown['ours']}, the plain "
        f"loop {shown['plain']}. Two epochs of ResNet-18 on two cores take "
        f"{v.threads['1 x 2']:.1f} s one after another with 2 threads, and "
        f"{v.threads['2 x 1']:.1f} s side by side with 1 thread each.",
    ]
