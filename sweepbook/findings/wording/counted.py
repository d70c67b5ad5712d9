"""What is counted, or found of gradients, in short sentences without the verdict."""

from __future__ import annotations

import math

from sweepbook.aggregates.labels import count, metric_name
from sweepbook.findings.amounts import interval, level
from sweepbook.stats.shares import Share


def mixture_sentences(
    label: str, metric: str, share: Share, threshold: float, steps: str
) -> list[str]:
    """How many replicates stay at chance, and what that means."""
    bounds = interval(f"{100 * share.low:.0f}", f"{100 * share.high:.0f} %")
    return [
        f"{share.k} of {count(share.n, 'replicate')} of {label} stay at chance (exact {bounds} of "
        "the seeds)",
        f"at chance means a {metric_name(metric)} ({steps}) of at most {level(threshold, True)}, "
        "the largest class's share and a margin",
    ]


def gradient_sentences(label: str, step: str, found: dict[str, float | str]) -> list[str]:
    """What the gradients of a net do from layer to layer, and what that is called."""
    slope, low, high = (float(found[key]) for key in ("slope", "low", "high"))
    vanished, n = int(found["n_vanished"]), int(found["n"])
    share = f"{100 * float(found['zero_share']):.0f} % of the layers"
    zero = f"a gradient of exactly zero is found in {share}"
    if 0 < vanished < n:
        zero += f" (in more than a tenth of them in {vanished} of {n} replicates)"
    fit = "too few layers are left to say how the magnitude changes from layer to layer"
    if math.isfinite(slope):
        ends = interval(signed(low), signed(high)) if math.isfinite(low) else ""
        bounds = f" ({ends})" if ends else ""
        fit = f"log10 of the magnitude changes by {signed(slope)} per layer{bounds}"
    return [
        f"gradients of {label} ({step}) are {found['class']}",
        fit,
        *([growth(slope)] if math.isfinite(slope) else []),
        zero,
    ]


def growth(slope: float) -> str:
    """What a slope of log10 per layer means: by which factor, and towards which end."""
    factor = 10 ** min(abs(slope), 300.0)
    if factor < 1.005:
        return "the magnitude is about the same in all layers"
    end = "first" if slope < 0 else "last"
    return f"the magnitude grows {factor:.3g}-fold per layer towards the {end} layers"


def signed(value: float) -> str:
    """Three decimals with a sign; "0" without one."""
    text = f"{value:+.3f}"
    return "0" if float(text) == 0 else text
