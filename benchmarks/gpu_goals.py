"""The goals on a GPU, and whether this run has reached them; what was not measured is said too."""

import math

from benchmarks.gpu_card import Bench
from benchmarks.gpu_equality import LIMITS
from benchmarks.gpu_images import BOTH, FP32, OURS, PLAIN

SMALL, LARGE, AT_MOST = 8, 512, 3.0  # models; the step of many beside that of few
SHORT = "This was the short form: it shows that every section runs, and it measures nothing."
WITHOUT_GPU = (
    "No GPU was used. So this run cannot show whether a GPU and the CPU give the same numbers, "
    "how long a step takes, what CUDA graphs and torch.compile gain, or how much memory is held."
)
SIDE, AT_LEAST = 224, 1.5  # pixels; our images a second beside the plain loop's


def say_goals(bench: Bench) -> None:
    """One row per goal and way: reached, NOT reached, or not measured."""
    report = bench.report
    report.table("goal", "to reach", "measured", "verdict")
    for dtype, limit in LIMITS.items():
        name = f"like the CPU after 20 steps, {dtype}, largest relative difference"
        found = bench.differences.get(dtype)
        # max() is not to be trusted with a NaN, which a failed comparison leaves
        worst = None if not found else math.nan if any(map(math.isnan, found)) else max(found)
        _say(bench, name, f"<= {limit:g}", worst, worst is not None and worst <= limit)
    ways = {way for way, n in bench.step_s if n == LARGE and (way, SMALL) in bench.step_s}
    for way in sorted(ways) or ["any way"]:
        name = f"step of {LARGE} nets, times that of {SMALL}: {way}"
        steps = bench.step_s.get((way, LARGE)), bench.step_s.get((way, SMALL))
        ratio = steps[0] / steps[1] if steps[0] and steps[1] else None
        _say(bench, name, f"<= {AT_MOST:g}", ratio, ratio is not None and ratio <= AT_MOST)
    ratio = _faster(bench, f"{OURS}, {BOTH.name}", f"{PLAIN}, {FP32.name}")
    name = f"ResNet-18 at {SIDE} px, images / s, {OURS} ({BOTH.name}), times the {PLAIN} (fp32)"
    _say(bench, name, f">= {AT_LEAST:g}", ratio, ratio is not None and ratio >= AT_LEAST)
    for numbers in (FP32, BOTH):  # what the preparation on the device gains by itself
        ratio = _faster(bench, f"{OURS}, {numbers.name}", f"{PLAIN}, {numbers.name}")
        report.row(f"the same, both sides with {numbers.name}", "no goal", ratio, None)
    report.end_table()
    if bench.quick:
        report.note(SHORT if bench.on_gpu else f"{SHORT} {WITHOUT_GPU}")


def _faster(bench: Bench, ours: str, peer: str) -> float | None:
    rates = bench.images_per_s.get((ours, SIDE)), bench.images_per_s.get((peer, SIDE))
    return rates[0] / rates[1] if rates[0] and rates[1] else None


def _say(bench: Bench, name: str, goal: str, value: float | None, reached: bool) -> None:
    if bench.quick:
        value = None
    verdict = "not measured" if value is None else "reached" if reached else "NOT reached"
    bench.report.row(name, goal, value, verdict)
