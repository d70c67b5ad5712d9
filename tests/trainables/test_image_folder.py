"""Image folders: what is read, and what each kind of bad folder or file is told."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainables.pictures import facts as image_facts
from trainables.pictures import folder as image_folder
from trainables.pictures.folder import EXTENSIONS
from trainables.pictures.images import Images, describe_images, load_images

N = {"train": 3, "val": 2, "test": 2}  # per class


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own; files count as settled at once."""
    monkeypatch.setenv("SWEEPBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(image_facts, "_SETTLED_S", -3600.0)
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path, cache: Path) -> Path:
    """14 noise images of 20 x 16 pixels, free to be spoilt."""
    rng = np.random.default_rng(0)
    for split, n in N.items():
        for name in ("fake", "real"):
            (tmp_path / "data" / split / name).mkdir(parents=True)
            for i in range(n):
                pixels = rng.integers(0, 256, (16, 20, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(tmp_path / "data" / split / name / f"{i}.png")
    return tmp_path / "data"


def entries(cache: Path) -> list[str]:
    """What the cache holds."""
    return sorted(p.name for p in cache.rglob("*") if not p.name.startswith("."))


def test_a_folder_is_read_in_order(folder: Path) -> None:
    images = load_images(str(folder))
    assert images.skipped == ()
    assert {name: len(part) for name, part in images.parts().items()} == {
        "train": 6,
        "val": 4,
        "test": 4,
    }
    assert images.train.files[:4] == tuple(
        f"train/{name}" for name in ("fake/0.png", "fake/1.png", "fake/2.png", "real/0.png")
    )
    for part in images.parts().values():
        assert part.pixels.dtype == np.uint8 and part.label.dtype == part.row_id.dtype == np.int64
        assert [f.split("/")[1] == "real" for f in part.files] == part.label.tolist()
        for pixels, file in zip(part.pixels, part.files, strict=True):
            assert np.array_equal(pixels, np.asarray(Image.open(folder / file)))
    row_id = np.concatenate([part.row_id for part in images.parts().values()])
    assert row_id.tolist() == list(range(14))


def test_pixels_are_mapped_read_only_and_copies_are_free(folder: Path) -> None:
    pixels = load_images(str(folder)).train.pixels
    assert isinstance(pixels, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        pixels[0] = 0
    pixels[[2, 0]][0, 0, 0] = 7  # a copy


@pytest.mark.parametrize("size, crop", [(None, None), (12, None), (40, 9), (None, 15), (12, 12)])
def test_size_and_crop_are_those_of_torchvision(
    size: int | None, crop: int | None, folder: Path
) -> None:
    from torchvision.transforms import CenterCrop, Compose, Resize

    steps = ([Resize(size)] if size else []) + ([CenterCrop(crop)] if crop else [])
    images = load_images(str(folder), size=size, crop=crop)
    for pixels, file in zip(images.test.pixels, images.test.files, strict=True):
        assert np.array_equal(pixels, np.asarray(Compose(steps)(Image.open(folder / file))))


def test_odd_sizes_are_rounded_as_torchvision_does(folder: Path) -> None:
    from torchvision.transforms import CenterCrop, Compose, Resize

    sizes = [(17, 23), (23, 17), (31, 30), (19, 57)]
    for i, size in enumerate(sizes):
        Image.linear_gradient("L").resize(size).convert("RGB").save(folder / f"val/real/z{i}.png")
    images = load_images(str(folder), size=13, crop=10)
    for pixels, file in zip(images.val.pixels, images.val.files, strict=True):
        with Image.open(folder / file) as image:
            expected = np.asarray(Compose([Resize(13), CenterCrop(10)])(image))
        assert np.array_equal(pixels, expected), file


def test_the_extensions_are_those_of_torchvision() -> None:
    from torchvision.datasets.folder import IMG_EXTENSIONS

    assert set(EXTENSIONS) == set(IMG_EXTENSIONS)


def test_subfolders_count_and_other_or_hidden_files_do_not(folder: Path) -> None:
    (folder / "train/fake/deeper").mkdir()
    (folder / "train/fake/0.png").rename(folder / "train/fake/deeper/x.PNG")
    (folder / "train/fake/notes.txt").write_text("not an image")
    (folder / "train/fake/._1.png").write_bytes(b"left by an archive")
    (folder / "train/.hidden").mkdir()
    files = load_images(str(folder)).train.files
    assert files[:3] == ("train/fake/1.png", "train/fake/2.png", "train/fake/deeper/x.PNG")


def test_links_are_followed_as_torchvision_follows_them(folder: Path, tmp_path: Path) -> None:
    from torchvision.datasets import ImageFolder

    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "deeper").mkdir(parents=True)
    (folder / "train/real/0.png").rename(elsewhere / "0.png")
    (folder / "train/real/1.png").rename(elsewhere / "deeper/1.png")
    (folder / "train/real/2.png").rename(elsewhere / ".2.png")
    (folder / "train/real/more").symlink_to(elsewhere)
    (folder / "train/real/3.png").symlink_to(elsewhere / "0.png")
    (folder / "train/fake").rename(tmp_path / "fakes")
    (folder / "train/fake").symlink_to(tmp_path / "fakes")
    theirs = [Path(file) for file, _ in ImageFolder(folder / "train").samples]
    ours = load_images(str(folder)).train.files
    assert len(ours) == 7
    assert {*ours} == {file.relative_to(folder).as_posix() for file in theirs}


@pytest.mark.parametrize("above", [".", "..", "../.."])
def test_links_in_a_circle_are_named(above: str, folder: Path) -> None:
    (folder / "train/real/deeper").mkdir()
    (folder / "train/real/deeper/again").symlink_to(folder / "train/real" / above)
    with pytest.raises(ValueError, match="again.*: a link back to"):
        load_images(str(folder), skip_corrupt=True)


def test_a_name_that_is_not_utf_8_is_named(folder: Path) -> None:
    os.rename(folder / "val/fake/0.png", os.fsencode(folder / "val/fake") + b"/b\xfcd.png")
    with pytest.raises(ValueError, match=r"val/fake/b\\udcfcd.png: its name is not UTF-8"):
        load_images(str(folder))


def missing_folder(folder: Path) -> None:
    folder.rename(folder.parent / "elsewhere")


def missing_split(folder: Path) -> None:
    (folder / "val").rename(folder / "validation")


def missing_class(folder: Path) -> None:
    (folder / "test/real").rename(folder / "test/Real")


def third_class(folder: Path) -> None:
    (folder / "train/other").mkdir()


def empty_class(folder: Path) -> None:
    for path in (folder / "val/fake").iterdir():
        path.unlink()


@pytest.mark.parametrize(
    "spoil, message",
    [
        (missing_folder, r"data: no such folder; the folder must hold \{train,val,test\}"),
        (missing_split, r"data/val: no such folder; the split is missing: .*\{fake,real\}"),
        (missing_class, r"data/test/real: no such folder; the class is missing"),
        (third_class, r"data/train/other: a third class; .* move or remove it"),
        (empty_class, r"data/val/fake: no image in it; put at least one there \(\.jpg"),
    ],
)
@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("use", [load_images, describe_images])
def test_a_folder_of_another_layout_is_named(
    use: Callable[..., object],
    skip: bool,
    spoil: Callable[[Path], None],
    message: str,
    folder: Path,
    cache: Path,
) -> None:
    spoil(folder)
    with pytest.raises(ValueError, match=message):
        use(str(folder), skip_corrupt=skip)
    assert entries(cache) == []


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def garbage(path: Path) -> None:
    path.write_bytes(b"<html>404</html>")


def nothing(path: Path) -> None:
    path.write_bytes(b"")


def spoilt_checksum(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[60] ^= 255
    path.write_bytes(bytes(content))


def cut_jpeg(path: Path) -> None:
    Image.open(path).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:-100])


def grey(path: Path) -> None:
    Image.open(path).convert("L").save(path)


def palette(path: Path) -> None:
    Image.open(path).convert("P").save(path)


def alpha(path: Path) -> None:
    Image.open(path).convert("RGBA").save(path)


def cmyk(path: Path) -> None:
    Image.open(path).convert("CMYK").save(path, "JPEG")


def link_to_nothing(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "gone" / path.name)


def link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


BAD = [
    (link_to_nothing, "a link to .*gone/1.png, where there is no file"),
    (link_to_itself, "a link to .*1.png, where there is no file"),
    (cut, "damaged: .*truncated"),
    (cut_jpeg, "damaged: .*truncated"),
    (garbage, "not an image"),
    (nothing, "an empty file"),
    (spoilt_checksum, "damaged: "),
    (grey, "mode L instead of RGB"),
    (palette, "mode P instead of RGB"),
    (alpha, "mode RGBA instead of RGB"),
    (cmyk, "mode CMYK instead of RGB"),
]


@pytest.mark.parametrize("spoil, problem", BAD)
def test_a_bad_file_is_named_or_left_out(
    spoil: Callable[[Path], None], problem: str, folder: Path, cache: Path
) -> None:
    spoil(folder / "train/real/1.png")
    for use in (load_images, describe_images):
        with pytest.raises(ValueError, match=f"data/train/real/1.png: {problem}.*--skip-corrupt"):
            use(str(folder))
    assert [name for name in entries(cache) if name in ("train.npy", "val.npy")] == []

    images: Images = load_images(str(folder), skip_corrupt=True)
    assert len(images.skipped) == 1 and images.skipped[0].startswith("train/real/1.png: ")
    assert [f for f in images.train.files if "real" in f] == [
        "train/real/0.png",
        "train/real/2.png",
    ]
    with pytest.raises(ValueError, match="--skip-corrupt"):  # the cache does not hide it
        load_images(str(folder))


def test_a_link_to_a_folder_that_is_gone_is_named_as_well(folder: Path) -> None:
    (folder / "train/real/more").symlink_to(folder / "gone")
    with pytest.raises(ValueError, match="train/real/more: a link to .*gone"):
        load_images(str(folder))
    (skipped,) = load_images(str(folder), skip_corrupt=True).skipped
    assert skipped.startswith("train/real/more: ")


def test_leaving_out_equals_removing(folder: Path) -> None:
    garbage(folder / "val/fake/0.png")
    skipped = load_images(str(folder), skip_corrupt=True)
    sha256 = describe_images(str(folder), skip_corrupt=True)["sha256"]
    (folder / "val/fake/0.png").unlink()
    removed = load_images(str(folder))
    assert describe_images(str(folder))["sha256"] == sha256
    assert skipped.val.files == removed.val.files
    assert np.array_equal(skipped.val.pixels, removed.val.pixels)


def test_several_bad_files_are_counted_and_a_class_may_not_run_empty(folder: Path) -> None:
    for i in range(2):
        garbage(folder / f"test/real/{i}.png")
    with pytest.raises(ValueError, match=r"test/real/0.png: .*2 such files, next test/real/1.png"):
        load_images(str(folder))
    with pytest.raises(ValueError, match="test/real: no good image is left in it; .*0.png"):
        load_images(str(folder), skip_corrupt=True)


def test_images_of_another_size_are_named(folder: Path) -> None:
    Image.new("RGB", (20, 18)).save(folder / "val/real/0.png")
    with pytest.raises(ValueError, match=r"val/real/0.png: 20 x 18 pixels.*20 x 16.*give crop"):
        load_images(str(folder))
    assert load_images(str(folder), crop=16).val.pixels.shape == (4, 16, 16, 3)
    with pytest.raises(ValueError, match=r"20 x 16 pixels, smaller than crop=17 \(13 such\)"):
        load_images(str(folder), crop=17)
    assert load_images(str(folder), size=17, crop=17).val.pixels.shape == (4, 17, 17, 3)
    assert sum(describe_images(str(folder))["rows"].values()) == 14


@pytest.mark.parametrize("setting", ["size", "crop"])
@pytest.mark.parametrize("value", [0, -1, 5000])
def test_a_size_or_crop_out_of_range_is_named(setting: str, value: int, folder: Path) -> None:
    with pytest.raises(
        ValueError, match=rf"{setting} must be None or 1..4096 pixels, got {value}"
    ):
        load_images(str(folder), **{setting: value})
    with pytest.raises(ValueError, match="data must be 'embedded' or a folder"):
        load_images("")


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by the path of every file that is decoded."""
    paths: list[str] = []
    decode = image_folder._decode
    monkeypatch.setattr(
        image_folder, "_decode", lambda path: paths.append(str(path)) or decode(path)
    )
    return paths


@pytest.mark.parametrize("settled_s", [-3600.0, 3600.0], ids=["settled", "just written"])
def test_the_second_call_decodes_nothing(
    settled_s: float, folder: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_facts, "_SETTLED_S", settled_s)
    first = load_images(str(folder))
    assert len(set(decoded)) == 14
    decoded.clear()
    image_facts.forget()  # as another process would begin
    second = load_images(str(folder))
    assert decoded == []
    for name, part in second.parts().items():
        assert np.array_equal(part.pixels, first.parts()[name].pixels)
        assert part.files == first.parts()[name].files


def test_settled_files_are_not_even_read_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_images(str(folder))
    image_facts.forget()
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} is read"))
    load_images(str(folder))


@pytest.mark.parametrize("settled_s", [-3600.0, 3600.0], ids=["settled", "just written"])
def test_a_changed_file_is_noticed_though_size_and_time_are_the_same(
    settled_s: float, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_facts, "_SETTLED_S", settled_s)
    for path in folder.rglob("*.png"):  # of equal length, whatever the pixels
        Image.open(path).save(path.with_suffix(".bmp"))
        path.unlink()
    before = load_images(str(folder)), describe_images(str(folder))["sha256"]
    changed = folder / "val/real/1.bmp"
    stat, pixels = changed.stat(), np.asarray(Image.open(changed))[::-1]
    Image.fromarray(pixels).save(changed)
    os.utime(changed, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert changed.stat().st_size == stat.st_size
    after = load_images(str(folder))
    assert np.array_equal(after.val.pixels[3], pixels)
    assert not np.array_equal(after.val.pixels, before[0].val.pixels)
    assert np.array_equal(after.train.pixels, before[0].train.pixels)
    assert describe_images(str(folder))["sha256"] != before[1]


def test_a_file_that_changes_while_it_is_read_is_named(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode = image_folder._decode

    def late(path: Path) -> image_folder.Decoded:
        if path.name == "0.png" and "val/real" in str(path):
            Image.new("RGB", (20, 16)).save(path)
        return decode(path)

    monkeypatch.setattr(image_folder, "_decode", late)
    with pytest.raises(ValueError, match=r"val/real/0.png: changed while it was read; try again"):
        load_images(str(folder))
    assert not list(cache.rglob("train.npy"))
    assert not np.asarray(load_images(str(folder)).val.pixels[2]).any()
