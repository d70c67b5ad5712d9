"""The pixels of test images: from a record's artifact, or else from the data that it names.

Only the latter imports the data's module.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from analysis.figures.picture_rows import chosen_rows
from sweepbook.aggregates.models import Model
from sweepbook.aggregates.nothing import NothingToDraw
from sweepbook.record.load import CONFIG, Record

PICTURES = "pictures"  # the artifact
_KIND = "analysis.figures.pictures:draw_pictures"
_SIZE = 224  # pixels to which a folder's images are brought where no trial says a size
Pictures = tuple[list[Any], list[str]]  # uint8 (H, W, 3) each, and the file names


def pictures_of(record: Record, model: Model, row_ids: Sequence[int]) -> Pictures:
    """The images and file names of test rows, as a model sees them.

    Raises:
        NothingToDraw: the record has not kept them, and the data are not there any more, or are
            not the record's.
    """
    kept = record.artifact(PICTURES)
    if kept is not None:
        own = kept[kept["trial_id"] == model.trial_id].set_index("row_id")
        if set(row_ids) <= set(own.index):
            rows = own.loc[list(row_ids)]
            return [_pixels(png) for png in rows["png"]], rows["file"].tolist()
    return _read(record, model, row_ids)


def picture_table(record: Record) -> pd.DataFrame:
    """The artifact: one row per image that a figure of the study shows.

    Columns trial_id (of the best model, whose size the images have), row_id, file, png (bytes).

    Raises NothingToDraw (a ValueError) where there is none, or the data cannot be read.
    """
    parts = []
    for spec in record.manifest.study.figures:
        if spec.get("kind") == _KIND:
            chosen = chosen_rows(record, dict(spec))
            row_ids = chosen.shown["row_id"].tolist()
            pixels, files = _read(record, chosen.best, row_ids)
            own = pd.DataFrame({"row_id": row_ids, "file": files, "png": map(_png, pixels)})
            parts.append(own.assign(trial_id=chosen.best.trial_id))
    if not parts:
        raise NothingToDraw("no figure of the study shows pictures")
    return pd.concat(parts).drop_duplicates(["trial_id", "row_id"], ignore_index=True)


def _png(pixels: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(pixels)).save(buffer, format="png")
    return buffer.getvalue()


def _pixels(png: bytes) -> Any:
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image)


def _read(record: Record, model: Model, row_ids: Sequence[int]) -> Pictures:
    """The images and file names of test rows, as the record's data hold them.

    Raises:
        NothingToDraw: the data are not there any more, or are not the record's.
    """
    from trainables.pictures.images import describe_images, load_images

    data = record.manifest.data
    trial = model.trial
    place = str(trial.get(CONFIG + "data") or data.path or "embedded")
    skip = bool(trial.get(CONFIG + "skip_corrupt") or False)
    try:
        found = describe_images(place, skip_corrupt=skip)["sha256"]
        if found != data.sha256:
            raise NothingToDraw(f"the pictures in {place} are not those of the record any more")
        size = trial.get(CONFIG + "size")
        side = None if data.path is None else int(size if size == size and size else _SIZE)
        test = load_images(place, size=side, crop=side, skip_corrupt=skip).test
    except (ValueError, OSError) as error:
        if isinstance(error, NothingToDraw):
            raise
        raise NothingToDraw(f"the pictures cannot be read any more: {error}") from error
    places = {int(row_id): i for i, row_id in enumerate(test.row_id)}
    return (
        [np.asarray(test.pixels[places[row_id]]) for row_id in row_ids],
        [test.files[places[row_id]] for row_id in row_ids],
    )
