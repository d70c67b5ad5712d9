"""Reads torchvision's ImageFolder layout, DIR/{train,val,test}/{fake,real}: lists and decodes."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PIL import Image, UnidentifiedImageError

SPLITS = ("train", "val", "test")
SPLIT_NAMES = {"train": "train", "val": "validation", "test": "test"}
CLASSES = ("fake", "real")  # in label order: 0, 1
# torchvision's IMG_EXTENSIONS; a test holds the two together.
EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
_LAYOUT = "the folder must hold {train,val,test}/{fake,real}/ with images"
_MOST_THREADS = 16

T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """An image file: its split, label (0 fake, 1 real) and name, "split/class/..." with /."""

    split: str
    label: int
    name: str


@dataclass(frozen=True, eq=False)
class Decoded:
    """A file's bytes and its RGB image; the image is None where `problem` says what is wrong."""

    content: bytes
    image: Image.Image | None
    problem: str = ""


def list_images(folder: Path) -> list[Found]:
    """The image files of `folder`, by split (train, val, test), class (fake, real) and name.

    As torchvision's ImageFolder: files in subfolders of a class count, and links are followed;
    files of other kinds do not count. Neither do the ._ files that archives leave, which are no
    images. A link that leads nowhere counts as a file, so that nothing is lost without a word.

    Raises:
        ValueError: the folder, a split or a class is missing or empty, or there is a third class;
            a link leads back to a folder that it lies in; a name is not UTF-8.
        OSError: a folder cannot be read.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder; {_LAYOUT}, or give 'embedded'")
    found: list[Found] = []
    for split in SPLITS:
        _check_classes(folder, split)
        for label, name in enumerate(CLASSES):
            files = sorted(_files(folder / split / name))
            if not files:
                raise ValueError(
                    f"{folder / split / name}: no image in it; put at least one there "
                    f"({', '.join(EXTENSIONS)})"
                )
            found += [Found(split, label, f.relative_to(folder).as_posix()) for f in files]
    return found


def _check_classes(folder: Path, split: str) -> None:
    if not (folder / split).is_dir():
        raise ValueError(f"{folder / split}: no such folder; the split is missing: {_LAYOUT}")
    for name in CLASSES:
        if not (folder / split / name).is_dir():
            raise ValueError(
                f"{folder / split / name}: no such folder; the class is missing: {_LAYOUT}"
            )
    for path in sorted((folder / split).iterdir()):
        if path.is_dir() and path.name not in CLASSES and not path.name.startswith("."):
            raise ValueError(
                f"{path}: a third class; images are told apart as fake or real: move or remove it"
            )


def _files(folder: Path, within: tuple[str, ...] = ()) -> Iterator[Path]:
    """The image files in a folder that lies within others, given by their real paths."""
    real = os.path.realpath(folder)
    if real in within:
        raise ValueError(
            f"{folder}: a link back to {real}, which it lies in, so that its images would count "
            "again and again: remove the link"
        )
    for path in folder.iterdir():
        if path.is_dir():
            yield from _files(path, (*within, real))
        elif not path.name.startswith("._") and (
            path.name.lower().endswith(EXTENSIONS) or _leads_nowhere(path)
        ):
            _check_name(path)
            yield path


def _leads_nowhere(path: Path) -> bool:
    return path.is_symlink() and not path.exists()


def _check_name(path: Path) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        shown = str(path).encode(errors="backslashreplace").decode()
        raise ValueError(f"{shown}: its name is not UTF-8; rename it") from error


def read_image(path: Path) -> bytes:
    """The bytes of a file; of a link that leads nowhere, a text that says where it should."""
    if _leads_nowhere(path):
        return f"a link to {os.readlink(path)}, where there is no file".encode(errors="replace")
    return path.read_bytes()


def decode_all(
    folder: Path, found: Sequence[Found], use: Callable[[int, Decoded], T]
) -> Iterator[T]:
    """Yields use(position, decoded) for each file, in order; both work goes on in threads.

    Pillow lets other threads work while it decodes and resizes, so threads do: processes would
    have to import everything anew and to send the pixels back.

    Raises:
        OSError: a file cannot be read (one that is read and holds no RGB image has a `problem`).
    """

    def work(position: int) -> T:
        return use(position, _decode(folder / found[position].name))

    with ThreadPoolExecutor(min(len(os.sched_getaffinity(0)), _MOST_THREADS)) as pool:
        yield from pool.map(work, range(len(found)))


def _decode(path: Path) -> Decoded:
    content = read_image(path)
    if _leads_nowhere(path):
        return Decoded(content, None, content.decode())
    try:
        image = Image.open(io.BytesIO(content))
        image.load()
    except MemoryError:
        raise
    except Exception as error:  # Pillow's readers raise many kinds for a damaged file
        return Decoded(content, None, _damage(content, error))
    if image.mode != "RGB":
        return Decoded(content, None, f"mode {image.mode} instead of RGB")
    return Decoded(content, image)


def _damage(content: bytes, error: Exception) -> str:
    if not content:
        return "an empty file"
    if isinstance(error, UnidentifiedImageError):
        return "not an image, or damaged at its start"
    return f"damaged: {str(error).strip() or type(error).__name__}"
