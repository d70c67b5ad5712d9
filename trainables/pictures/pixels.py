"""Decoded images as arrays of one size: torchvision's Resize and CenterCrop, with Pillow alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from trainables.pictures.facts import Facts
from trainables.pictures.folder import SPLITS, Decoded, Found, decode_all


def write_pixels(
    folder: Path, facts: Facts, shape: tuple[int, int], size: int | None, to: Path
) -> None:
    """Writes train.npy, val.npy and test.npy into `to`: uint8 (n, H, W, 3), in facts' order.

    Args:
        facts: of the files to decode, all good. shape: (H, W), see `final_shape`.

    Raises:
        ValueError: a file is another than the one that facts tell of. OSError: one cannot be read.
    """
    for split in SPLITS:
        part = facts.take(facts.split == split)
        pixels = _new_file(to, split, len(part), shape)
        _fill(pixels, folder, part, size)
        pixels.flush()


def write_resized(
    made: Mapping[str, npt.NDArray[np.uint8]], shape: tuple[int, int], size: int | None, to: Path
) -> None:
    """As `write_pixels`, of images that are no files: uint8 (n, H, W, 3) by split."""
    for split in SPLITS:
        pixels = _new_file(to, split, len(made[split]), shape)
        for position, image in enumerate(made[split]):
            pixels[position] = np.asarray(_cut(Image.fromarray(image), size, shape))
        pixels.flush()


def _new_file(to: Path, split: str, n: int, shape: tuple[int, int]) -> np.memmap[Any, Any]:
    """A split's pixels, to be written: uint8 (n, H, W, 3)."""
    return np.lib.format.open_memmap(to / f"{split}.npy", "w+", np.uint8, (n, *shape, 3))


def _fill(pixels: npt.NDArray[np.uint8], folder: Path, part: Facts, size: int | None) -> None:
    found = [Found("", 0, name) for name in part.name.tolist()]

    def use(position: int, decoded: Decoded) -> None:
        sha256 = hashlib.sha256(decoded.content).hexdigest()
        if decoded.image is None or sha256 != part.sha256[position]:
            raise ValueError(
                f"{folder / found[position].name}: changed while it was read; try again"
            )
        pixels[position] = np.asarray(_cut(decoded.image, size, pixels.shape[1:3]))

    for _ in decode_all(folder, found, use):
        pass


def _cut(image: Image.Image, size: int | None, shape: tuple[int, ...]) -> Image.Image:
    width, height = image.size
    if size is not None and min(image.size) != size:
        widths, heights = resized(np.array([width]), np.array([height]), size)
        width, height = int(widths[0]), int(heights[0])
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    left, top = round((width - shape[1]) / 2), round((height - shape[0]) / 2)
    return image.crop((left, top, left + shape[1], top + shape[0]))


def final_shape(folder: Path, facts: Facts, size: int | None, crop: int | None) -> tuple[int, int]:
    """(H, W) that every image has after resizing and cropping.

    Raises:
        ValueError: they differ, or an image is smaller than the crop (torchvision would pad it).
    """
    width, height = resized(facts.width, facts.height, size)
    if crop is not None:
        small = np.flatnonzero(np.minimum(width, height) < crop)
        if len(small):
            raise ValueError(
                f"{folder / facts.name[small[0]]}: {width[small[0]]} x {height[small[0]]} pixels"
                f"{' after resizing' if size else ''}, smaller than crop={crop} ({len(small)} "
                "such): give a smaller crop or a larger size"
            )
        return crop, crop
    other = np.flatnonzero((width != width[0]) | (height != height[0]))
    if len(other):
        raise ValueError(
            f"{folder / facts.name[other[0]]}: {width[other[0]]} x {height[other[0]]} pixels"
            f"{' after resizing' if size else ''}, {facts.name[0]} has {width[0]} x {height[0]} "
            f"({len(other)} of {len(facts)} images differ from it): give crop, and size where "
            "images are small"
        )
    return int(height[0]), int(width[0])


def resized(
    width: npt.NDArray[np.int64], height: npt.NDArray[np.int64], size: int | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Widths and heights after the shorter side became `size`, rounded as torchvision does."""
    if size is None:
        return width, height
    short, long = np.minimum(width, height), np.maximum(width, height)
    longer = (size * long / short).astype(np.int64)  # torchvision: int(size * long / short)
    shorter = np.full_like(longer, size)
    return np.where(width <= height, shorter, longer), np.where(width <= height, longer, shorter)
