"""Images of two classes, fake (0) and real (1): a folder or the generated set, decoded once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainables.cache import cached, cached_arrays
from trainables.pictures.card import image_card
from trainables.pictures.facts import Facts, folder_facts, short_hash
from trainables.pictures.folder import CLASSES, SPLIT_NAMES, SPLITS
from trainables.pictures.pixels import final_shape, write_pixels, write_resized

__all__ = ["CLASSES", "EMBEDDED", "ImageSplit", "Images", "describe_images", "load_images"]

EMBEDDED = "embedded"
_CARD = 2  # counted up where the data card would say otherwise
_MOST_PIXELS = 4096  # of a side: more is a slip of the pen


@dataclass(frozen=True, eq=False)
class ImageSplit:
    """Images in a fixed order: fake ones before real ones, each by name.

    pixels: uint8 (n, H, W, 3), RGB; read-only, as a rule a map of a file that all processes of
        the machine share. Indexing with an array of rows copies just these.
    label: int64 (n,), 0 fake, 1 real; a position in CLASSES.
    row_id: int64 (n,), the position among the images of all three splits.
    files: "split/class/..." of each, or for the generated set where it is cut from.
    """

    pixels: npt.NDArray[np.uint8]
    label: npt.NDArray[np.int64]
    row_id: npt.NDArray[np.int64]
    files: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.label)


@dataclass(frozen=True, eq=False)
class Images:
    """The three splits, and "file: what is wrong with it" for each file that is left out."""

    train: ImageSplit
    val: ImageSplit
    test: ImageSplit
    skipped: tuple[str, ...] = ()

    def parts(self) -> dict[str, ImageSplit]:
        """The splits by name, in the order train, val, test."""
        return {"train": self.train, "val": self.val, "test": self.test}


def load_images(
    data: str = EMBEDDED,
    *,
    size: int | None = None,
    crop: int | None = None,
    skip_corrupt: bool = False,
) -> Images:
    """Train, validation and test images, all of one size.

    Args:
        data: "embedded" for the generated set `upsampled-photos` (made at 64 x 64, see
            `upsampled_photos`), or a folder DIR/{train,val,test}/{fake,real}.
        size: pixels of the shorter side after resizing, as torchvision's Resize(size) of a
            Pillow image; None leaves the size. 1..4096.
        crop: pixels of the square cut from the middle, as torchvision's CenterCrop(crop); None
            keeps all. 1..4096.
        skip_corrupt: leave out files that are damaged or of another mode than RGB.

    Returns:
        Images. They are decoded and resized once per machine and (content, size, crop, versions
        of the decoders); later calls map the cached arrays.

    Raises:
        ValueError: size or crop is out of range; the folder is not as it should be (see
            `list_images`); a file is damaged or not RGB and skip_corrupt is False; sizes differ,
            or an image is smaller than the crop. The message names file, value and what to do,
            and no pixels are written.
        OSError: a file cannot be read.

    Side effects: writes into the cache folder (see `cached_arrays`).
    """
    for name, value in (("size", size), ("crop", crop)):
        if value is not None and not 1 <= value <= _MOST_PIXELS:
            raise ValueError(f"{name} must be None or 1..{_MOST_PIXELS} pixels, got {value!r}")
    if data == EMBEDDED:
        return _embedded(size, crop)
    folder = _folder(data)
    facts, skipped = checked_facts(folder, skip_corrupt)
    shape = final_shape(folder, facts, size, crop)
    key = short_hash([content_sha256(facts), size, crop])
    arrays = cached_arrays(
        f"images/{key}", lambda to: write_pixels(folder, facts, shape, size, to)
    )
    return _images(arrays, facts, skipped)


def _embedded(size: int | None, crop: int | None) -> Images:
    from trainables.pictures.upsampled_photos import NAME, SIZE, generated

    arrays, facts = generated()
    shape = final_shape(Path(NAME), facts, size, crop)
    if (size or SIZE, shape) != (SIZE, (SIZE, SIZE)):
        made, key = arrays, short_hash([content_sha256(facts), size, crop])
        arrays = cached_arrays(f"images/{key}", lambda to: write_resized(made, shape, size, to))
    return _images(arrays, facts, ())


def _folder(data: str) -> Path:
    if not str(data):
        raise ValueError(f"data must be {EMBEDDED!r} or a folder of images, got {data!r}")
    return Path(data).expanduser().resolve()


def _images(arrays: dict[str, npt.NDArray[Any]], facts: Facts, skipped: tuple[str, ...]) -> Images:
    parts = {}
    for split in SPLITS:
        row_id = np.flatnonzero(facts.split == split).astype(np.int64)
        label = facts.label[row_id]
        for array in (row_id, label):
            array.setflags(write=False)
        parts[split] = ImageSplit(arrays[split], label, row_id, tuple(facts.name[row_id].tolist()))
    return Images(**parts, skipped=skipped)


def checked_facts(folder: Path, skip_corrupt: bool) -> tuple[Facts, tuple[str, ...]]:
    """The facts of the good files, and "file: problem" of the others.

    Raises:
        ValueError: there are others and skip_corrupt is False, or a class has no good file.
    """
    facts = folder_facts(folder)
    good = facts.problem == ""
    bad = [
        f"{name}: {problem}"
        for name, problem in zip(facts.name[~good], facts.problem[~good], strict=True)
    ]
    if bad and not skip_corrupt:
        more = f" ({len(bad)} such files, next {bad[1]})" if len(bad) > 1 else ""
        raise ValueError(
            f"{folder}/{bad[0]}{more}; replace or remove it, or leave such files out with "
            "--skip-corrupt (skip_corrupt=True)"
        )
    kept = facts.take(good)
    for split in SPLITS:
        for label, name in enumerate(CLASSES):
            if not ((kept.split == split) & (kept.label == label)).any():
                raise ValueError(
                    f"{folder / split / name}: no good image is left in it; first of those "
                    f"left out: {bad[0]}"
                )
    return kept, tuple(bad)


def content_sha256(facts: Facts) -> str:
    """Hash of the names and the files' bytes; the same wherever the folder is."""
    lines = [f"{sha} {name}\n" for sha, name in zip(facts.sha256, facts.name, strict=True)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def describe_images(data: str = EMBEDDED, skip_corrupt: bool = False) -> dict[str, Any]:
    """What the manifest says about the images; JSON-able, and checked: bad data raises here.

    Returns:
        name, path (absolute; None for embedded), sha256 (of the files' names and bytes), rows
        per split, splits, paired, class_names by label as text, and the card (see `image_card`;
        the embedded set's has notes and credits too). Made once per machine and content. For the
        embedded set also test_groups: what the images are grouped by (`name`), and the group of
        each test image, by row_id (`of`): those of one group are not independent.

    Raises:
        ValueError, OSError: as `load_images` without size and crop, but sizes may differ.
    """
    if data == EMBEDDED:
        from trainables.pictures.upsampled_photos import NAME, about, generated

        arrays, facts = generated()
        regions = arrays["region"][facts.split == "test"].tolist()
        groups = {"name": "region of a photograph", "of": regions}
        return _description(NAME, None, facts, (), about()) | {"test_groups": groups}
    folder = _folder(data)
    return _description("images", str(folder), *checked_facts(folder, skip_corrupt), {})


def _description(
    name: str, path: str | None, facts: Facts, skipped: tuple[str, ...], extra: dict[str, Any]
) -> dict[str, Any]:
    sha256 = content_sha256(facts)
    card = _card(facts, skipped, sha256)
    card["notes"] = [*extra.pop("notes", []), *card["notes"]]
    return {
        "name": name,
        "path": path,
        "sha256": sha256,
        "rows": {SPLIT_NAMES[split]: int((facts.split == split).sum()) for split in SPLITS},
        "splits": "given",
        "paired": True,
        "class_names": {str(label): text for label, text in enumerate(CLASSES)},
        "card": {**extra, **card},
    }


def _card(facts: Facts, skipped: tuple[str, ...], sha256: str) -> dict[str, Any]:
    """The card from the cache where it is there: it takes seconds to make."""
    key = short_hash([sha256, skipped, version("scikit-learn"), _CARD])

    def make(to: Path) -> None:
        (to / "card.json").write_text(json.dumps(image_card(facts, skipped)))

    def read(folder: Path, kept: bool) -> dict[str, Any]:
        card: dict[str, Any] = json.loads((folder / "card.json").read_text())
        return card

    return cached(f"images/card-{key}", make, read)
