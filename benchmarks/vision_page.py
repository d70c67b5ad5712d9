"""What the benchmarks' page says about images."""

import statistics

from benchmarks.goal import Goal
from benchmarks.measure import Timing, ratios
from benchmarks.vision import LEARNING_RATES, SEEDS, VisionTimes
from benchmarks.vision_epochs import SIZE, Epochs

PRETEXT_S = 120  # seconds that pretraining may take on two cores


def vision_goals(v: VisionTimes) -> list[Goal]:
    """The rows of the main table."""
    n_probes = len(LEARNING_RATES) * len(SEEDS)
    return [
        *epochs_goals(v.epochs),
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
        _faster(
            "decoded images: the first call, with an empty cache, beside the second as another "
            "process makes it; wall seconds; ratio first / second",
            v.decode["second"],
            v.decode["first"],
            at_least=10,
        ),
        Goal(
            f"pretraining without labels (`--weights pretext`) at {SIZE} px, 1 thread as a "
            f"study's worker has, beside the {PRETEXT_S} s that it may take; wall seconds; "
            "ratio ours / allowed",
            f"{v.pretext_s:.1f} s",
            f"{PRETEXT_S} s",
            v.pretext_s / PRETEXT_S,
            "once",
            at_most=1,
        ),
    ]


def epochs_goals(epochs: Epochs) -> list[Goal]:
    """The rows of the epochs alone."""
    seconds, cpu_seconds = epochs.seconds, epochs.cpu_seconds
    return [
        _faster(
            f"first epochs of two ResNet-18 at {epochs.size} px on two cores, each with one "
            "validation and one test; ours as a study trains them: side by side with 1 thread "
            "each, images decoded before; the peer one after another with 2 threads: DataLoader "
            "over ImageFolder with default settings, default Adam, `.item()` per step; wall "
            "seconds without imports; ratio peer / ours",
            seconds["ours", "at once"],
            seconds["plain", "in turn"],
            at_least=1.3,
        ),
        _faster(
            "these in CPU seconds of all processes and threads, which depend less on what else "
            "the machine does",
            cpu_seconds["ours", "at once"],
            cpu_seconds["plain", "in turn"],
        ),
        _faster(
            "both side by side with 1 thread each: what the loop alone gains, not the order",
            seconds["ours", "at once"],
            seconds["plain", "at once"],
        ),
        _faster(
            "both one after another with 2 threads",
            seconds["ours", "in turn"],
            seconds["plain", "in turn"],
        ),
        _as_accurate(epochs),
    ]


def _as_accurate(epochs: Epochs) -> Goal:
    """Whether the nets of both sides are equally good, as far as the seeds tell."""
    ours, plain = epochs.test_acc["ours"], epochs.test_acc["plain"]
    shown = [
        f"{statistics.mean(values):.3f} (sd {statistics.stdev(values):.3f}, n {len(values)})"
        for values in (ours, plain)
    ]
    difference = statistics.mean(ours) - statistics.mean(plain)
    error = sum(statistics.variance(values) / len(values) for values in (ours, plain)) ** 0.5
    return Goal(
        "test accuracies after these epochs, means over seeds; ratio: size of the difference / "
        "its standard error, within the noise of the seeds up to 2",
        *shown,
        abs(difference) / error if difference else 0.0,
        f"difference {difference:+.3f}, standard error {error:.3f}",
        at_most=2,
    )


def _faster(what: str, ours: Timing, peer: Timing, at_least: float | None = None) -> Goal:
    """A row of timings in turn; its ratio is how many times faster ours is."""
    ratio = ratios(peer, ours)
    return Goal(what, str(ours), str(peer), ratio.median, str(ratio), at_least=at_least)
