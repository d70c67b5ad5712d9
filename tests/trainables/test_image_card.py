"""The card of images: what it counts, and that it finds planted leaks and planted signals."""

import io
import json
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageFilter

from trainables.pictures.card import image_card
from trainables.pictures.duplicates import _sample, near_duplicates
from trainables.pictures.facts import Facts, Measured, gather, measure
from trainables.pictures.folder import Decoded, Found
from trainables.pictures.signals import trivial_signals

PARTS = {"train": 60, "val": 40, "test": 40}


def pictures(n: int, seed: int) -> list[Image.Image]:
    """n smooth random pictures of 48 x 40 pixels, all different."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (n, 8, 9, 3), dtype=np.uint8)
    return [Image.fromarray(one).resize((48, 40), Image.Resampling.BICUBIC) for one in coarse]


def measured(image: Image.Image, kind: str = "PNG", quality: int = 90) -> Measured:
    content = io.BytesIO()
    image.save(content, kind, quality=quality)
    image = Image.open(io.BytesIO(content.getvalue()))
    image.load()
    return measure(Decoded(content.getvalue(), image))


@pytest.fixture
def rows() -> list[tuple[Found, Measured]]:
    """Both classes alike: nothing tells them apart, and nothing is there twice."""
    images = pictures(sum(PARTS.values()), seed=0)
    places = [
        Found(split, i % 2, f"{split}/{'fake' if i % 2 == 0 else 'real'}/{i}.png")
        for split, n in PARTS.items()
        for i in range(n)
    ]
    return [(place, measured(image)) for place, image in zip(places, images, strict=True)]


def facts_of(rows: list[tuple[Found, Measured]]) -> Facts:
    return gather([place for place, _ in rows], [one for _, one in rows])


def test_the_card_of_sound_images(rows: list[tuple[Found, Measured]]) -> None:
    card = image_card(facts_of(rows), ())
    assert json.loads(json.dumps(card)) == card
    assert card["classes"] == {"train": 2, "validation": 2, "test": 2}
    assert card["class_shares"]["validation"] == {"0": 0.5, "1": 0.5}
    assert card["largest_class"] == {"label": 0, "name": "fake", "share": 0.5}
    assert card["image_sizes"] == "48 x 40 pixels, all"
    assert card["warnings"] == [] and card["skipped_files"] == []


def again(image: Image.Image) -> Image.Image:
    return image.copy()


def mirrored(image: Image.Image) -> Image.Image:
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def smaller(image: Image.Image) -> Image.Image:
    return image.resize((36, 30))


def blurred(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(1))


@pytest.mark.parametrize("change", [again, mirrored, smaller, blurred])
def test_a_planted_copy_is_found_and_nothing_else(
    change: Callable[[Image.Image], Image.Image], rows: list[tuple[Found, Measured]]
) -> None:
    image = pictures(sum(PARTS.values()), seed=0)[7]  # of train
    place = rows[100 + 3][0]
    rows[100 + 3] = (place, measured(change(image), "JPEG"))
    counts, examples = near_duplicates(facts_of(rows))
    assert counts["test in train"] == {"images": 40, "identical": 0, "near": 1, "compared": 40}
    assert counts["validation in train"]["near"] == counts["test in validation"]["near"] == 0
    assert examples == {"test in train": f"{place.name} and train/real/7.png"}
    (warning,) = image_card(facts_of(rows), ())["warnings"]
    assert warning.startswith("Leak: 1 of 40 test images compared") and place.name in warning


def test_identical_files_are_counted(rows: list[tuple[Found, Measured]]) -> None:
    rows[60] = (rows[60][0], rows[3][1])
    counts, examples = near_duplicates(facts_of(rows))
    assert counts["validation in train"]["identical"] == 1
    assert examples == {"validation in train": f"{rows[60][0].name} and {rows[3][0].name}"}
    (warning,) = image_card(facts_of(rows), ())["warnings"]
    assert warning == (
        "Leak: 1 of 40 validation images compared are near-duplicates of a train image; 1 of all "
        "40 validation images are the same file as a train image, such as "
        f"{rows[60][0].name} and {rows[3][0].name}."
    )


def test_an_identical_file_is_warned_of_where_the_sample_misses_it(
    rows: list[tuple[Found, Measured]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "trainables.pictures.duplicates._MOST_PAIRS", 2 * 60 * 1
    )  # one image of test
    (compared,) = _sample(40, 1)
    missed = 100 + (int(compared) + 1) % 40
    rows[missed] = (rows[missed][0], rows[3][1])
    facts = facts_of(rows)
    counts, _ = near_duplicates(facts)
    assert counts["test in train"] == {"images": 40, "identical": 1, "near": 0, "compared": 1}
    (warning,) = image_card(facts, ())["warnings"]
    assert warning == (
        "Leak: 1 of all 40 test images are the same file as a train image, such as "
        f"{rows[missed][0].name} and {rows[3][0].name}."
    )


def test_plain_surfaces_of_other_colours_are_no_duplicates() -> None:
    rows = []
    for i, split in enumerate(PARTS):
        for label in (0, 1):
            level = 40 * (2 * i + label)
            image = Image.new("RGB", (32, 32), (level, level, level))
            rows.append((Found(split, label, f"{split}/{label}"), measured(image)))
    counts, _ = near_duplicates(facts_of(rows))
    assert all(one["near"] == 0 for one in counts.values())


def test_large_sets_are_sampled_and_say_so(
    rows: list[tuple[Found, Measured]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainables.pictures.duplicates._MOST_PAIRS", 2 * 60 * 10)
    monkeypatch.setattr("trainables.pictures.duplicates._CHUNK", 180)  # three images at a time
    rows[101:140] = [(place, rows[3][1]) for place, _ in rows[101:140]]
    counts, _ = near_duplicates(facts_of(rows))
    assert counts["test in train"]["compared"] == 10 and counts["test in train"]["near"] >= 9
    assert counts["test in train"]["identical"] == 39  # these are always all compared


def test_nothing_trivial_tells_equal_classes_apart(rows: list[tuple[Found, Measured]]) -> None:
    signals = trivial_signals(facts_of(rows))
    assert list(signals) == ["file size", "image size", "mean colour", "all of these"]
    assert signals["image size"]["accuracy"] is None
    assert signals["image size"]["verdict"] == "the same for all training images"
    for name in ("file size", "mean colour", "all of these"):
        one = signals[name]
        assert one["ci95_low"] <= one["chance"] == 0.5 and one["n"] == 40
        assert one["verdict"] == "does not tell them apart"


def larger_file(one: Measured) -> Measured:
    return one._replace(n_bytes=one.n_bytes * 3)


def redder(one: Measured) -> Measured:
    return one._replace(colour=one.colour + [60, 0, 0])


def wider(one: Measured) -> Measured:
    return one._replace(width=one.width + 8)


@pytest.mark.parametrize(
    "signal, change",
    [("file size", larger_file), ("mean colour", redder), ("image size", wider)],
)
def test_a_planted_signal_is_found(
    signal: str, change: Callable[[Measured], Measured], rows: list[tuple[Found, Measured]]
) -> None:
    rows = [(place, change(one) if place.label else one) for place, one in rows]
    facts = facts_of(rows)
    signals = trivial_signals(facts)
    told = {name for name, one in signals.items() if one["verdict"] == "tells the classes apart"}
    assert told == {signal, "all of these"}
    (warning,) = image_card(facts, ())["warnings"]
    assert warning.startswith("Trivial signals tell the classes apart: ") and signal in warning


def test_left_out_files_are_listed_and_warned_of(rows: list[tuple[Found, Measured]]) -> None:
    card = image_card(facts_of(rows), ("a: damaged", "b: mode L instead of RGB"))
    assert card["skipped_files"] == ["a: damaged", "b: mode L instead of RGB"]
    assert card["warnings"] == ["2 files are left out as damaged or not RGB; first: a: damaged."]


def test_one_image_per_class_is_enough() -> None:
    images = pictures(6, seed=1)
    places = [Found(s, k, f"{s}/{k}") for s in PARTS for k in (0, 1)]
    facts = gather(places, [measured(image) for image in images])
    assert image_card(facts, ())["trivial_signals"]["file size"]["n"] == 2
