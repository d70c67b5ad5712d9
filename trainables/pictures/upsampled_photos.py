"""The generated set `upsampled-photos`: crops of photographs, and such crops up-sampled.

Not faces and not a benchmark: it lets everything about images go on with no download. The
photographs are those that come inside scikit-image and scikit-learn; PHOTOS names each with its
author and licence, and so does the data card.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import asdict, dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from trainables.cache import cached_arrays
from trainables.pictures.facts import Facts, gather, measure, short_hash
from trainables.pictures.folder import CLASSES, SPLITS, Decoded, Found

NAME = "upsampled-photos"
SIZE = 64  # pixels of a side
ROWS = {"train": 2000, "val": 400, "test": 400}  # half of each is fake
# package, file, author and licence. Left out: the stereo pair (licence unclear), drawings, masks.
PHOTOS = (
    ("skimage", "data/astronaut.png", "NASA, public domain"),
    ("skimage", "data/chelsea.png", "Stefan van der Walt, CC0"),
    ("skimage", "data/coffee.png", "Rachel Michetti, CC0"),
    ("skimage", "data/hubble_deep_field.jpg", "NASA, public domain"),
    ("skimage", "data/rocket.jpg", "SpaceX, public domain"),
    ("sklearn", "datasets/images/china.jpg", "danielbuechele on Flickr, CC BY 2.0"),
    ("sklearn", "datasets/images/flower.jpg", "vultilion on Flickr, CC BY 2.0"),
)
_CELL = 128  # pixels: a cell of a photograph belongs to one split
_LAYOUT = 2  # of what is kept, counted up where it changes
_MOST_CELLS = 24  # of one photograph, so that a large one does not outweigh the others

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Recipe:
    """What decides how hard the fakes are to tell; another recipe is another data set.

    invented and cover are set so that file sizes are alike in both classes, gain so that five
    models differ on validation images and none tells nearly all (docs/images.md).

    gain: spread of the random changes to the up-sampling kernel's 16 weights, as a share.
    detail: share of the detail lost by pooling that comes back right; the rest comes back with
        random signs, invented. invented: factor of the part with the wrong sign.
    cover: spread of the real crops' changes, as a multiple of that of the phases; as with the
        fakes, each image gets a share of it.
    noise: sensor-like noise on all images, standard deviation in grey levels.
    seed: of the cells' splits, places of the crops, kernel and noise.
    """

    gain: float = 0.3
    detail: float = 0.2
    invented: float = 0.7
    cover: float = 0.8
    noise: float = 1.0
    seed: int = 1


@dataclass(frozen=True)
class Cell:
    """A region of a photograph: rows top..bottom - 1, columns left..right - 1."""

    photo: int
    top: int
    left: int
    bottom: int
    right: int


def generated(recipe: Recipe | None = None) -> tuple[dict[str, npt.NDArray[Any]], Facts]:
    """Arrays and the facts of all images.

    The arrays: pixels by split (train, val, test), uint8 (n, 64, 64, 3); "region", int64, the
    number of the region that each image is cut from, in the order of the facts.

    Real (1) are crops of photographs. Fake (0) are other crops from the same regions, pooled
    2 x 2 and up-sampled again by a 4 x 4 kernel of stride 2 whose four phases differ, as in a
    generator's up-convolution. That changes brightness by a share that depends on the phase; real
    crops get random changes of a like spread, and fake ones as much detail as they lost, so that
    neither contrast nor file size gives a class away. Each image gets a share of its change drawn
    from 0..1: some fakes are nearly photographs, so no model can tell them all. A region of a
    photograph belongs to one split and gives as many fake as real crops. A name is
    "split/class/NNNN-PHOTO-TOP-LEFT".

    Randomness: the recipe's seed alone, by numpy's default_rng. Made in seconds, then cached.
    Source: Zhang, Karaman and Chang 2019 (AutoGAN): up-convolution leaves periodic spectra. The
        recipe is ours.
    """
    recipe = recipe or Recipe()
    files = [_path(package, file).read_bytes() for package, file, _ in PHOTOS]
    hashes = [hashlib.sha256(content).hexdigest() for content in files]
    sizes = [_LAYOUT, SIZE, ROWS, _CELL, _MOST_CELLS]
    key = short_hash([asdict(recipe), *sizes, hashes, np.__version__])
    kept = cached_arrays(f"images/{NAME}-{key}", lambda to: _make(recipe, files, to))
    facts = Facts(**{field.name: kept[field.name] for field in fields(Facts)})
    return {name: kept[name] for name in (*SPLITS, "region")}, facts


def about() -> dict[str, Any]:
    """What the data card says of the set besides what is measured: notes, credits."""
    return {
        "notes": [
            f"Generated, and no faces: real images are {SIZE} x {SIZE} crops of photographs with "
            "fresh noise, fake ones such crops after pooling and an up-convolution as in a "
            "generator, each by a share from 0 to 1: some fakes are nearly photographs. "
            "File sizes are those of the images as PNG. Intervals of trivial signals take the "
            "crops of one region of a photograph as independent, and are too short."
        ],
        "photographs": [f"{Path(file).stem} ({credit})" for _, file, credit in PHOTOS],
    }


def _path(package: str, file: str) -> Path:
    """Without importing the package, which takes a second."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ValueError(f"the package {package} is missing, install it for its photographs")
    return Path(spec.origin).parent / file


def _make(recipe: Recipe, files: list[bytes], to: Path) -> None:
    photos = [np.asarray(Image.open(io.BytesIO(content)).convert("RGB")) for content in files]
    rng = np.random.default_rng(recipe.seed)
    cells = split_cells(photos, rng)
    kernel = _kernel(recipe.gain, rng)
    found, measured = [], []
    regions: list[int] = []
    n_cells = 0
    for split in SPLITS:
        n_fake, spread = ROWS[split] // 2, recipe.cover * phase_spread(kernel)
        pixels, names, cut_from = _crops(photos, cells[split], n_fake, rng)
        regions += [n_cells + cell for cell in cut_from]
        n_cells += len(cells[split])
        change = up_sampled(pixels[:n_fake], kernel, recipe, rng) - pixels[:n_fake]
        pixels[:n_fake] += rng.random((n_fake, 1, 1, 1)) * change
        share = spread * rng.random((n_fake, 1, 1, 1))
        pixels[n_fake:] *= 1 + share * rng.standard_normal((n_fake, SIZE, SIZE, 1))
        pixels += recipe.noise * rng.standard_normal(pixels.shape)
        whole = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
        np.save(to / f"{split}.npy", whole)
        for position, (image, name) in enumerate(zip(whole, names, strict=True)):
            label = int(position >= n_fake)
            found.append(Found(split, label, f"{split}/{CLASSES[label]}/{name}"))
            measured.append(measure(_as_file(image)))
    np.save(to / "region.npy", np.array(regions, dtype=np.int64))
    gather(found, measured).save(to)


def _as_file(pixels: Pixels) -> Decoded:
    """As if it had been read from a PNG file."""
    image, content = Image.fromarray(pixels), io.BytesIO()
    image.save(content, "PNG")
    return Decoded(content.getvalue(), image)


def split_cells(photos: list[Pixels], rng: np.random.Generator) -> dict[str, list[Cell]]:
    """Cells by split: of each photograph's at most 24, about 1/7 to val and to test each."""
    cells: dict[str, list[Cell]] = {split: [] for split in SPLITS}
    for photo, pixels in enumerate(photos):
        height, width = pixels.shape[:2]
        rows, columns = height // _CELL, width // _CELL
        grid = [
            Cell(
                photo,
                row * height // rows,
                column * width // columns,
                (row + 1) * height // rows,
                (column + 1) * width // columns,
            )
            for row in range(rows)
            for column in range(columns)
        ]
        order = [grid[i] for i in rng.permutation(len(grid))[:_MOST_CELLS]]
        held_out = max(1, round(len(order) / 7))
        cells["val"] += order[:held_out]
        cells["test"] += order[held_out : 2 * held_out]
        cells["train"] += order[2 * held_out :]
    return cells


def _crops(
    photos: list[Pixels], cells: list[Cell], n: int, rng: np.random.Generator
) -> tuple[Floats, list[str], list[int]]:
    """2 n crops, names and positions of their cells: n from the cells in turn, then n more."""
    pixels, names = np.empty((2 * n, SIZE, SIZE, 3)), []
    cut_from = [position % n % len(cells) for position in range(2 * n)]
    for position, of in enumerate(cut_from):
        cell = cells[of]
        top = int(rng.integers(cell.top, cell.bottom - SIZE, endpoint=True))
        left = int(rng.integers(cell.left, cell.right - SIZE, endpoint=True))
        pixels[position] = photos[cell.photo][top : top + SIZE, left : left + SIZE]
        stem = Path(PHOTOS[cell.photo][1]).stem
        names.append(f"{position % n:04d}-{stem}-{top}-{left}")
    return pixels, names, cut_from


_BILINEAR = np.outer([0.25, 0.75, 0.75, 0.25], [0.25, 0.75, 0.75, 0.25])


def _kernel(gain: float, rng: np.random.Generator) -> Floats:
    """(4, 4), its weights' sum 4 as the bilinear one's, so that mean brightness stays."""
    kernel = _BILINEAR * (1 + gain * rng.standard_normal((4, 4)))
    return np.asarray(kernel * (4 / kernel.sum()))


def phase_spread(kernel: Floats) -> float:
    """Root mean square of the share by which the four phases change a plain surface."""
    phases = kernel.reshape(2, 2, 2, 2).sum(axis=(0, 2))  # weights of even, odd rows and columns
    return float(np.sqrt(((phases - 1) ** 2).mean()))


def up_sampled(images: Floats, kernel: Floats, recipe: Recipe, rng: np.random.Generator) -> Floats:
    """(n, H, W, 3) pooled 2 x 2, up-sampled by `kernel`, with the lost detail partly invented."""
    pooled = images[:, ::2, ::2] + images[:, 1::2, ::2] + images[:, ::2, 1::2]
    pooled = (pooled + images[:, 1::2, 1::2]) / 4
    lost = images - up_convolved(pooled, _BILINEAR)
    right = rng.random((*images.shape[:3], 1)) < (1 + recipe.detail) / 2
    return up_convolved(pooled, kernel) + np.where(right, 1.0, -recipe.invented) * lost


def up_convolved(images: Floats, kernel: Floats) -> Floats:
    """Transposed convolution of (n, h, w, 3) by a (4, 4) kernel, stride 2: (n, 2 h, 2 w, 3)."""
    n, height, width, channels = images.shape
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    out = np.zeros((n, 2 * height + 6, 2 * width + 6, channels))
    for row in range(4):
        for column in range(4):
            rows = slice(row, row + 2 * (height + 2), 2)
            columns = slice(column, column + 2 * (width + 2), 2)
            out[:, rows, columns] += kernel[row, column] * padded
    return out[:, 3 : 3 + 2 * height, 3 : 3 + 2 * width]
