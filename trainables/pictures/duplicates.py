"""Images that occur in two splits, as they are or nearly: a leak between training and judging."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trainables.pictures.facts import Facts
from trainables.pictures.folder import SPLIT_NAMES

NEAR_BITS = 25  # of 256: images whose difference hashes differ in so few bits may be duplicates
NEAR_LEVELS = 6.0  # grey levels: mean difference of their thumbnails, which confirms it
_MOST_PAIRS = 200_000_000  # compared per two splits, some seconds; beyond, images are sampled
_CHUNK = 2_000_000  # pairs at once: 16 MB per word of a hash

Bits = npt.NDArray[np.uint64]


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
