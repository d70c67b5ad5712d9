"""The generated images: the same everywhere, balanced, no region in two splits, no give-away."""

import hashlib
import multiprocessing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainables.pictures import upsampled_photos
from trainables.pictures.images import Images, describe_images, load_images
from trainables.pictures.signals import trivial_signals
from trainables.pictures.upsampled_photos import ROWS, phase_spread, up_convolved, up_sampled


@pytest.fixture(scope="module")
def images() -> Images:
    return load_images()


def digest_without_a_cache(folder: str) -> str:
    """Made anew: runs in a process of its own."""
    import os

    os.environ["SWEEPBOOK_CACHE"] = folder
    return digest(load_images())


def digest(images: Images) -> str:
    found = hashlib.sha256()
    for part in images.parts().values():
        found.update(part.pixels.tobytes() + "".join(part.files).encode())
    return found.hexdigest()


def test_sizes_and_balance(images: Images) -> None:
    for name, part in images.parts().items():
        assert part.pixels.shape == (ROWS[name], 64, 64, 3) and part.pixels.dtype == np.uint8
        assert np.bincount(part.label).tolist() == [ROWS[name] // 2] * 2
        assert len(set(part.files)) == len(part)
    assert images.skipped == ()


def test_another_process_makes_the_same_bytes(images: Images, tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(digest_without_a_cache, (str(tmp_path / "cache"),)) == digest(images)
        pool.close()
        pool.join()


def test_no_region_of_a_photograph_is_in_two_splits(images: Images) -> None:
    owner: dict[str, np.ndarray] = {}
    for number, part in enumerate(images.parts().values(), start=1):
        for file in part.files:
            _, photo, top, left = file.split("/")[2].rsplit("-", 3)
            cover = owner.setdefault(photo, np.zeros((2000, 2000), np.uint8))
            region = cover[int(top) : int(top) + 64, int(left) : int(left) + 64]
            assert np.isin(region, [0, number]).all(), file
            region[:] = number
    assert len(owner) == len(upsampled_photos.PHOTOS)
    for cover in owner.values():
        assert set(np.unique(cover)) == {0, 1, 2, 3}  # every photograph is in every split


def test_the_description_groups_test_images_by_their_region(images: Images) -> None:
    groups = describe_images()["test_groups"]["of"]
    assert len(groups) == ROWS["test"] and len(set(groups)) == 14
    photos = [file.rsplit("-", 2)[0].split("/")[2][5:] for file in images.test.files]
    assert len(set(zip(groups, photos, strict=True))) == 14, "a region is of one photograph"
    assert groups[:200] == groups[200:], "as many fake as real"


def test_each_region_gives_as_many_fake_as_real_images(images: Images) -> None:
    photos = [file.rsplit("-", 2)[0].split("/")[2] for file in images.train.files]
    fake, real = photos[:1000], photos[1000:]
    assert fake == real  # the same number and photograph, place by place


def test_a_second_load_makes_nothing(images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upsampled_photos, "_make", None)
    again = load_images()
    assert digest(again) == digest(images) and isinstance(again.train.pixels, np.memmap)


def test_another_recipe_is_another_data_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upsampled_photos, "ROWS", {"train": 20, "val": 20, "test": 20})
    recipe = upsampled_photos.Recipe(gain=0.0, noise=0.0, detail=1.0)
    arrays, facts = upsampled_photos.generated(recipe)
    file = str(facts.name[facts.split == "test"][-1])
    place, top, left = file.rsplit("-", 2)
    (path,) = (
        upsampled_photos._path(package, name)
        for package, name, _ in upsampled_photos.PHOTOS
        if Path(name).stem == place.split("/")[2][5:]
    )
    photo = np.asarray(Image.open(path).convert("RGB"))
    cut = photo[int(top) : int(top) + 64, int(left) : int(left) + 64]
    assert np.array_equal(arrays["test"][-1], cut)  # a real one without noise is the photograph


def test_no_trivial_signal_gives_a_class_away(images: Images) -> None:
    facts = upsampled_photos.generated()[1]
    for name, one in trivial_signals(facts).items():
        assert one["accuracy"] is None or one["ci95_low"] <= 0.5, name


def test_the_description_says_what_it_is() -> None:
    data = describe_images()
    assert data["name"] == "upsampled-photos" and data["path"] is None
    assert data["rows"] == {"train": 2000, "validation": 400, "test": 400}
    assert "no faces" in data["card"]["notes"][0]
    credits = " ".join(data["card"]["photographs"])
    assert "china (danielbuechele on Flickr, CC BY 2.0)" in credits and "motorcycle" not in credits
    assert data["card"]["warnings"] == [] and describe_images() == data


def test_another_size_is_torchvisions_resize_and_its_own_size_nothing(images: Images) -> None:
    from torchvision.transforms import CenterCrop, Compose, Resize

    larger, cut = load_images(size=224), load_images(size=96, crop=80)
    for got, side, expected in (
        (larger, 224, Resize(224)),
        (cut, 80, Compose([Resize(96), CenterCrop(80)])),
    ):
        assert got.val.files == images.val.files
        assert got.val.pixels.shape == (ROWS["val"], side, side, 3)
        for row in (0, 399):
            image = Image.fromarray(np.asarray(images.val.pixels[row]))
            assert np.array_equal(got.val.pixels[row], np.asarray(expected(image)))
    own = load_images(size=64, crop=64)
    assert own.train.pixels.filename == images.train.pixels.filename


def test_a_crop_beyond_the_image_is_refused() -> None:
    with pytest.raises(ValueError, match="64 x 64 pixels, smaller than crop=65"):
        load_images(crop=65)


def test_up_convolution_equals_torchs_transposed_one() -> None:
    import torch

    rng = np.random.default_rng(0)
    images, kernel = rng.random((2, 5, 6, 3)), rng.random((4, 4))
    padded = torch.from_numpy(np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge"))
    weight = torch.from_numpy(kernel).expand(3, 1, 4, 4)
    expected = torch.nn.functional.conv_transpose2d(
        padded.permute(0, 3, 1, 2), weight, stride=2, padding=3, groups=3
    )
    assert np.allclose(up_convolved(images, kernel), expected.permute(0, 2, 3, 1).numpy())


def test_a_plain_surface_shows_the_phases_in_proportion_to_its_brightness() -> None:
    rng = np.random.default_rng(0)
    kernel = upsampled_photos._kernel(0.2, rng)
    plain = np.stack([np.full((8, 8, 3), level) for level in (0.0, 50.0, 200.0)])
    dark, middle, bright = up_sampled(plain, kernel, upsampled_photos.Recipe(), rng)
    assert (dark == 0).all() and np.allclose(bright, 4 * middle)
    assert np.isclose(bright.mean(), 200.0)
    assert np.isclose((bright / 200).std(), phase_spread(kernel))
