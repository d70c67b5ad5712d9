"""The data card of images: sizes, near-duplicates across splits, what trivial signals tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from trainables.pictures.duplicates import NEAR_BITS, NEAR_LEVELS, near_duplicates
from trainables.pictures.facts import THUMB, Facts
from trainables.pictures.folder import CLASSES, SPLIT_NAMES
from trainables.pictures.signals import trivial_signals


def image_card(facts: Facts, skipped: tuple[str, ...]) -> dict[str, Any]:
    """What a reader needs before trusting an accuracy; JSON-able, and pure.

    classes: per split, how many occur. class_shares: split -> label (text) -> share, 0..1.
    largest_class: label, name and share (of the training images) of train's largest class.
    image_sizes, file_sizes: texts: one size or lowest to highest; median, lowest, highest.
    near_duplicates: "test in train" -> images, identical (the same bytes), near (see
        `near_duplicates`), compared (fewer than images where sampled).
    trivial_signals: see `trivial_signals`.
    skipped_files: "file: problem" of each file that is left out.
    notes: how the two were found, as sentences.
    warnings: sentences that stand beside every result on this data.

    Randomness: none, but for a fixed sample where splits are too large to compare all pairs.
    """
    duplicates, examples = near_duplicates(facts)
    signals = trivial_signals(facts)
    shares = {
        name: _shares(facts.label[facts.split == split]) for split, name in SPLIT_NAMES.items()
    }
    largest = max(shares["train"], key=lambda label: shares["train"][label])
    return {
        "classes": {name: len(part) for name, part in shares.items()},
        "class_shares": shares,
        "largest_class": {
            "label": int(largest),
            "name": CLASSES[int(largest)],
            "share": shares["train"][largest],
        },
        "image_sizes": _image_sizes(facts),
        "file_sizes": _file_sizes(facts),
        "near_duplicates": duplicates,
        "trivial_signals": signals,
        "skipped_files": list(skipped),
        "notes": [
            f"Near duplicates: at most {NEAR_BITS} of the {THUMB[1] * (THUMB[0] - 1)} signs of "
            "differences between neighbouring pixels of a thumbnail differ, and thumbnails by at "
            f"most {NEAR_LEVELS:g} grey levels on average, as they are or mirrored.",
            "Trivial signals: a logistic regression that sees no picture, fitted on train and "
            "judged on validation, with 95 % Wilson intervals.",
        ],
        "warnings": [*_told(signals), *_leaks(duplicates, examples), *_left_out(skipped)],
    }


def _shares(label: npt.NDArray[np.int64]) -> dict[str, float]:
    counts = np.bincount(label, minlength=len(CLASSES))
    return {str(k): int(n) / len(label) for k, n in enumerate(counts) if n}


def _image_sizes(facts: Facts) -> str:
    sizes = {*zip(facts.width.tolist(), facts.height.tolist(), strict=True)}
    low, high = min(sizes, key=_area), max(sizes, key=_area)
    if len(sizes) == 1:
        return f"{low[0]} x {low[1]} pixels, all"
    return f"{low[0]} x {low[1]} to {high[0]} x {high[1]} pixels, {len(sizes)} sizes"


def _area(size: tuple[int, int]) -> tuple[int, int]:
    return size[0] * size[1], size[0]


def _file_sizes(facts: Facts) -> str:
    low, middle, high = np.quantile(facts.n_bytes, (0, 0.5, 1)) / 1024
    return f"median {middle:.1f} KiB, {low:.1f} to {high:.1f} KiB"


def _told(signals: dict[str, dict[str, Any]]) -> list[str]:
    told = [
        f"{name} ({100 * one['accuracy']:.1f} % right on {one['n']:,} validation images, 95 % "
        f"interval {100 * one['ci95_low']:.1f} to {100 * one['ci95_high']:.1f}, chance "
        f"{100 * one['chance']:.1f})"
        for name, one in signals.items()
        if one["ci95_low"] is not None and one["ci95_low"] > one["chance"]
    ]
    if not told:
        return []
    return [
        "Trivial signals tell the classes apart: a logistic regression that sees no picture, only "
        f"{'; '.join(told)}. A model may have learned these and nothing else."
    ]


def _leaks(duplicates: dict[str, dict[str, int]], examples: dict[str, str]) -> list[str]:
    told = []
    for key, example in examples.items():
        one, (held_out, other) = duplicates[key], key.split(" in ")
        parts = []
        if one["near"]:
            parts.append(
                f"{one['near']:,} of {one['compared']:,} {held_out} images compared are "
                f"near-duplicates of a {other} image"
            )
        if one["identical"]:
            parts.append(
                f"{one['identical']:,} of all {one['images']:,} {held_out} images are the same "
                f"file as a {other} image"
            )
        told.append(f"Leak: {'; '.join(parts)}, such as {example}.")
    return told


def _left_out(skipped: tuple[str, ...]) -> list[str]:
    if not skipped:
        return []
    verb = "file is" if len(skipped) == 1 else "files are"
    return [f"{len(skipped):,} {verb} left out as damaged or not RGB; first: {skipped[0]}."]
