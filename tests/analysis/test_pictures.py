"""Example pictures: the record keeps their pixels, so that a figure needs no data later."""

import io

import numpy as np
import pytest

import trainables.pictures.images
from analysis.figures.picture_data import picture_table
from analysis.figures.pictures import draw_pictures
from search_spaces import STUDIES
from sweepbook.aggregates.nothing import NothingToDraw
from sweepbook.figures.style import look
from sweepbook.record.artifacts import WRITTEN, write_artifact
from sweepbook.record.load import load_record
from tests.records import with_manifest
from trainables.pictures.images import Images, ImageSplit

KIND = "analysis.figures.pictures:draw_pictures"
MODELS = [{"label": name, "where": {"model": name}} for name in ("good", "bad")]
FIGURES = [{"kind": KIND, "name": f"few-{n}", "models": MODELS, "count": n} for n in (2, 40)]


@pytest.fixture
def record(models_record):
    """Six test images, of which one model gets all right and another only the last."""
    good = {"model": "good", "hits": [[1] * 6], "val_acc": [0.9], "p": 0.9}
    bad = {"model": "bad", "hits": [[0] * 5 + [1]], "val_acc": [0.4], "p": 0.6}
    return models_record([good, bad], figures=FIGURES)


@pytest.fixture
def reads(monkeypatch):
    """How often the images are read: six of 8 x 8 pixels with the record's row ids."""
    pixels = np.random.default_rng(0).integers(0, 255, (6, 8, 8, 3), dtype=np.uint8)
    files = tuple(f"test/{i}.png" for i in range(6))
    split = ImageSplit(pixels, np.arange(6) % 2, 100 + np.arange(6), files)
    found = []

    def load_images(data, **rest):
        found.append(data)
        return Images(split, split, split)

    describe = {"sha256": "ab" * 32}
    monkeypatch.setattr(trainables.pictures.images, "load_images", load_images)
    monkeypatch.setattr(
        trainables.pictures.images, "describe_images", lambda data, **rest: describe
    )
    return found


def with_pictures(record, table):
    write_artifact(record.path, "pictures", table)
    return with_manifest(record, artifacts={"pictures": WRITTEN})


def svg(drawn):
    buffer = io.BytesIO()
    with look():
        drawn.figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def test_pictures_of_the_artifact_are_those_of_the_data(record, reads):
    computed = [draw_pictures(spec, record) for spec in FIGURES]
    record = with_pictures(record, picture_table(record))
    n_read = len(reads)
    kept = [draw_pictures(spec, record) for spec in FIGURES]
    assert len(reads) == n_read
    assert [svg(drawn) for drawn in kept] == [svg(drawn) for drawn in computed]
    assert kept[1].numbers["file"].tolist() == [f"test/{i}.png" for i in range(5)]
    assert STUDIES["vision-baselines"].artifacts.keys() == {"pictures"}


def test_every_picture_is_kept_once_and_what_is_not_kept_is_read(record, reads):
    table = picture_table(record)
    assert table["row_id"].tolist() == [100, 101, 102, 103, 104]
    record = with_pictures(record, table.head(2))
    draw_pictures(FIGURES[0], record)
    assert len(reads) == len(FIGURES)
    draw_pictures(FIGURES[1], record)
    assert len(reads) == len(FIGURES) + 1


def test_a_study_without_pictures_has_none_to_keep(make_record):
    with pytest.raises(NothingToDraw, match="no figure of the study shows pictures"):
        picture_table(load_record(make_record([{"lr": 0.1}])))
