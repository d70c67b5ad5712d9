"""The data card of images: sizes, near-duplicates across splits, what trivial signals tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from trainables.image_facts import THUMB, Facts
from trainables.image_folder import CLASSES

SPLIT_NAMES = {"train": "train", "val": "validation", "test": "test"}
NEAR_BITS = 25  # of 256: images whose difference hashes differ in so few bits may be duplicates
NEAR_LEVELS = 6.0  # grey levels: mean difference of their thumbnails, which confirms it
_MOST_PAIRS = 200_000_000  # compared per two splits, some seconds; beyond, images are sampled
_CHUNK = 2_000_000  # pairs at once: 16 MB per word of a hash
_PENALTIES = (0.01, 1.0, 100.0)  # C of the logistic regression, chosen by cross-validation
_FOLDS = 5

Bits = npt.NDArray[np.uint64]


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


# --- near-duplicates ----------------------------------------------------------------------------


def near_duplicates(facts: Facts) -> tuple[dict[str, dict[str, int]], dict[str, str]]:
    """Held-out images that another split has (nearly) too, with an example of each case.

    A near-duplicate: of the 256 signs of differences between neighbouring pixels of the 17 x 16
    thumbnail (dHash) at most 25 differ, and the thumbnails by at most 6 grey levels on average;
    as it is or mirrored. The second condition keeps plain surfaces of different colour apart.

    Returns:
        "test in train" -> images, identical (of all of them), near, compared; and -> "one file
        and other file" where there is one, of the identical ones if there are such.
    """
    counts: dict[str, dict[str, int]] = {}
    examples: dict[str, str] = {}
    for held_out, other in (("val", "train"), ("test", "train"), ("test", "val")):
        ours, theirs = (facts.take(facts.split == split) for split in (held_out, other))
        rows = _sample(len(ours), _MOST_PAIRS // (2 * len(theirs)))
        match = _matches(ours.take(rows).thumb, theirs.thumb)
        near = np.flatnonzero(match >= 0)
        same = np.flatnonzero(np.isin(ours.sha256, theirs.sha256))
        key = f"{SPLIT_NAMES[held_out]} in {SPLIT_NAMES[other]}"
        counts[key] = {
            "images": len(ours),
            "identical": len(same),
            "near": len(near),
            "compared": len(rows),
        }
        if len(same):
            other_row = np.flatnonzero(theirs.sha256 == ours.sha256[same[0]])[0]
            examples[key] = f"{ours.name[same[0]]} and {theirs.name[other_row]}"
        elif len(near):
            first = near[0]
            examples[key] = f"{ours.name[rows[first]]} and {theirs.name[match[first]]}"
    return counts, examples


def _sample(n: int, most: int) -> npt.NDArray[np.int64]:
    """Positions of at most `most` (and at least one) of n, in order."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, max(most, 1), replace=False))


def _matches(
    thumbs: npt.NDArray[np.uint8], others: npt.NDArray[np.uint8]
) -> npt.NDArray[np.int64]:
    """int64 (n,): the first near-duplicate's position in others, -1 where there is none."""
    found = np.full(len(thumbs), -1)
    theirs = _hashes(others)
    step = max(1, _CHUNK // len(others))
    for form in (thumbs, thumbs[:, :, ::-1]):
        ours = _hashes(form)
        for start in range(0, len(ours), step):
            part = ours[start : start + step]
            bits = sum(
                np.bitwise_count(part[:, None, word] ^ theirs[None, :, word]).astype(np.uint16)
                for word in range(ours.shape[1])
            )
            one, other = np.nonzero(bits <= NEAR_BITS)
            gap = form[start + one].astype(np.int16) - others[other]
            close = np.abs(gap).mean(axis=(1, 2)) <= NEAR_LEVELS
            for i, j in zip(one[close][::-1], other[close][::-1], strict=True):
                found[start + i] = j
    return found


def _hashes(thumbs: npt.NDArray[np.uint8]) -> Bits:
    """uint64 (n, 4): 256 bits, set where a pixel is brighter than its left neighbour."""
    signs = thumbs[:, :, 1:] > thumbs[:, :, :-1]
    return np.packbits(signs.reshape(len(thumbs), -1), axis=1).view(np.uint64)


# --- trivial signals ----------------------------------------------------------------------------


def trivial_signals(facts: Facts) -> dict[str, dict[str, Any]]:
    """How far signals that need no look at the picture tell fake from real.

    A logistic regression on the signal and its squares and products (its penalty chosen by
    5-fold cross-validation) is fitted on train and judged on validation.

    Returns:
        signal -> accuracy, ci95_low, ci95_high (Wilson; None where the signal is the same for
        all training images), chance (the larger class's share of validation), n, and verdict:
        it tells the classes apart where ci95_low is above chance.
    """
    signals = {
        "file size": np.log(facts.n_bytes)[:, None],
        "image size": np.log(np.column_stack([facts.width, facts.height])),
        "mean colour": facts.colour,
    }
    signals["all of these"] = np.hstack(list(signals.values()))
    return {name: _judged(facts, values) for name, values in signals.items()}


def _judged(facts: Facts, values: npt.NDArray[np.float64]) -> dict[str, Any]:
    from scipy.stats import binomtest

    train, val = facts.split == "train", facts.split == "val"
    label, n = facts.label[val], int(val.sum())
    out: dict[str, Any] = {"accuracy": None, "ci95_low": None, "ci95_high": None}
    out |= {"chance": float(max(label.mean(), 1 - label.mean())), "n": n}
    if (np.ptp(values[train], axis=0) == 0).all():
        return {**out, "verdict": "the same for all training images"}
    predicted = _predicted(values[train], facts.label[train], values[val])
    right = int((predicted == label).sum())
    low, high = binomtest(right, n).proportion_ci(method="wilson")
    verdict = "tells the classes apart" if low > out["chance"] else "does not tell them apart"
    interval = {"ci95_low": float(low), "ci95_high": float(high)}
    return {**out, "accuracy": right / n, **interval, "verdict": verdict}


def _predicted(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.int64], new: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    # Here because it takes a second, which loading images should not pay.
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    model = make_pipeline(
        StandardScaler(),
        PolynomialFeatures(2, include_bias=False),
        LogisticRegression(max_iter=1000),
    )
    folds = min(_FOLDS, int(np.bincount(y).min()))
    if folds >= 2:
        penalties = {"logisticregression__C": list(_PENALTIES)}
        model = GridSearchCV(model, penalties, cv=folds)
    predicted: npt.NDArray[np.int64] = model.fit(x, y).predict(new)
    return predicted


# --- sentences ----------------------------------------------------------------------------------


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
