"""What is known of each image besides its pixels: hash, sizes, mean colour, a thumbnail."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL import __version__ as pillow_version
from PIL import features as pillow_features

from trainables.cache import cached_arrays
from trainables.pictures.folder import Decoded, Found, decode_all, list_images, read_image

THUMB = (17, 16)  # columns, rows of grey levels: 16 x 16 differences between neighbours
_SETTLED_S = 2.0  # a file that changed later than this may change again within one clock tick
_LAYOUT = 2  # of the files in the cache: count up when what is stored changes


class Measured(NamedTuple):
    """The part of an image's facts that its file gives."""

    sha256: str
    problem: str
    n_bytes: int
    width: int
    height: int
    colour: npt.NDArray[np.float64]
    thumb: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Facts:
    """One entry per image, in the order of `list_images`.

    split: "train", "val", "test". label: int64, 0 fake, 1 real. name: "split/class/...".
    sha256: of the file. problem: "" for a good file; the numbers of a bad one are 0.
    n_bytes, width, height: int64. colour: float64 (n, 3), mean red, green, blue, 0..255.
    thumb: uint8 (n, 16, 17), grey.
    """

    split: npt.NDArray[np.str_]
    label: npt.NDArray[np.int64]
    name: npt.NDArray[np.str_]
    sha256: npt.NDArray[np.str_]
    problem: npt.NDArray[np.str_]
    n_bytes: npt.NDArray[np.int64]
    width: npt.NDArray[np.int64]
    height: npt.NDArray[np.int64]
    colour: npt.NDArray[np.float64]
    thumb: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.label)

    def take(self, rows: npt.NDArray[Any]) -> Facts:
        """The entries at `rows` (positions or a mask)."""
        return Facts(**{name: array[rows] for name, array in self.arrays().items()})

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The fields by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def save(self, folder: Path) -> None:
        """Writes one .npy per field into `folder`."""
        for name, array in self.arrays().items():
            np.save(folder / f"{name}.npy", array)


def gather(found: Iterable[Found], measured: Iterable[Measured]) -> Facts:
    """The facts of images whose places and measures come in the same order."""
    images, columns = list(found), list(zip(*measured, strict=True))
    sha256, problem, n_bytes, width, height, colour, thumb = columns
    return Facts(
        split=np.array([one.split for one in images]),
        label=np.array([one.label for one in images], dtype=np.int64),
        name=np.array([one.name for one in images]),
        sha256=np.array(sha256),
        problem=np.array(problem),
        n_bytes=np.array(n_bytes, dtype=np.int64),
        width=np.array(width, dtype=np.int64),
        height=np.array(height, dtype=np.int64),
        colour=np.array(colour),
        thumb=np.array(thumb),
    )


def measure(decoded: Decoded) -> Measured:
    """What one file gives."""
    sha256, n_bytes = hashlib.sha256(decoded.content).hexdigest(), len(decoded.content)
    if decoded.image is None:
        empty = np.zeros(THUMB[::-1], np.uint8)
        return Measured(sha256, decoded.problem, n_bytes, 0, 0, np.zeros(3), empty)
    image = decoded.image
    colour = np.asarray(image).reshape(-1, 3).mean(axis=0)
    grey = image.convert("L").resize(THUMB, Image.Resampling.BOX)
    return Measured(sha256, "", n_bytes, image.width, image.height, colour, np.asarray(grey))


def folder_facts(folder: Path) -> Facts:
    """The facts of all image files of `folder` (see `list_images`), the bad ones too.

    Every file is decoded once per machine: what was found is kept in the cache folder under the
    names and hashes of all files. The hashes are kept as well, under the names, sizes, times and
    inodes of all files, and used while none of them changes. Where a file changed in the last 2
    seconds they are not kept, as its next change might not show: all files are read and hashed
    again, but none is decoded.

    Raises:
        ValueError: see `list_images`; a file changed meanwhile. OSError: a file cannot be read.
    """
    found = list_images(folder)
    sha256 = _hashes(folder, found)
    return _kept(folder, tuple(found), sha256)


def forget() -> None:
    """Drops what this process keeps in memory, as if it had just begun."""
    _kept.cache_clear()


def _hashes(folder: Path, found: Sequence[Found]) -> tuple[str, ...]:
    """SHA-256 of each file, from the cache where nothing shows a change."""
    stats = [_stat(folder / one.name) for one in found]
    if max(stat.st_ctime for stat in stats) > time.time() - _SETTLED_S:
        return tuple(_read_hashes(folder, found).tolist())
    stamps = [[s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino] for s in stats]
    key = short_hash([str(folder), stamps, [one.name for one in found]])

    def make(to: Path) -> None:
        np.save(to / "sha256.npy", _read_hashes(folder, found))

    kept = cached_arrays(f"images/hashes-{key}", make, mapped=False)
    return tuple(kept["sha256"].tolist())


def _stat(path: Path) -> os.stat_result:
    """Of the file; of the link where it leads nowhere."""
    try:
        return os.stat(path)
    except OSError:
        return os.lstat(path)


def _read_hashes(folder: Path, found: Sequence[Found]) -> npt.NDArray[np.str_]:
    return np.array([hashlib.sha256(read_image(folder / one.name)).hexdigest() for one in found])


@lru_cache(maxsize=2)
def _kept(folder: Path, found: tuple[Found, ...], sha256: tuple[str, ...]) -> Facts:
    def make(to: Path) -> None:
        images = decode_all(folder, found, lambda _, decoded: measure(decoded))
        facts = gather(found, images)
        if changed := np.flatnonzero(facts.sha256 != np.array(sha256)).tolist():
            raise ValueError(
                f"{folder / found[changed[0]].name}: changed while it was read; try again"
            )
        facts.save(to)

    key = short_hash([[one.name, sha] for one, sha in zip(found, sha256, strict=True)])
    return Facts(**cached_arrays(f"images/facts-{key}", make, mapped=False))


def short_hash(content: Any) -> str:
    """20 hexadecimal digits for JSON-able content and everything here that decides pixels."""
    codecs = {name: pillow_features.version(name) for name in ("jpg", "webp", "libtiff")}
    codecs["turbo"] = pillow_features.version("libjpeg_turbo")
    text = json.dumps([_LAYOUT, pillow_version, codecs, content], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:20]
