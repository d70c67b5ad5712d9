"""A folder of CSV files: read to the last bit, or refused with file, line and value."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from trainables.cities.europe import describe, load_splits

NAMES = ("train", "validation", "test")


def test_a_csv_folder_gives_exactly_what_was_written(folder: Path) -> None:
    given_splits = load_splits().parts()
    for (name, part), n in zip(
        load_splits(str(folder)).parts().items(), (400, 60, 60), strict=True
    ):
        assert np.array_equal(part.x, given_splits[name].x[:n])  # to the last bit
        assert part.y.tolist() == given_splits[name].y[:n].tolist()
        assert part.row_id.tolist() == given_splits[name].row_id[:n].tolist()
        assert not part.x.flags.writeable and not part.row_id.flags.writeable


def test_a_csv_folder_is_read_once_until_a_file_changes(
    folder: Path, write_cities: Callable[[Path, dict[str, int]], Path]
) -> None:
    first = load_splits(str(folder))
    assert load_splits(str(folder), split_seed=9) is first
    write_cities(folder, {"train": 400, "validation": 60, "test": 61})
    assert len(load_splits(str(folder)).test) == 61


def edit(change: Callable[[list[str]], list[str]]) -> Callable[[Path], None]:
    """A change to the lines of test.csv."""

    def apply(folder: Path) -> None:
        lines = (folder / "test.csv").read_text().splitlines()
        (folder / "test.csv").write_text("\n".join(change(lines)) + "\n")

    return apply


def put(column: int, text: str) -> Callable[[Path], None]:
    """`text` into a cell of line 4; column 0 is the index."""

    def change(lines: list[str]) -> list[str]:
        cells = lines[3].split(",")
        return [*lines[:3], ",".join([*cells[:column], text, *cells[column + 1 :]]), *lines[4:]]

    return edit(change)


def drop_column(column: int) -> Callable[[Path], None]:
    def change(lines: list[str]) -> list[str]:
        rows = [line.split(",") for line in lines]
        return [",".join(row[:column] + row[column + 1 :]) for row in rows]

    return edit(change)


def header(text: str) -> Callable[[Path], None]:
    return edit(lambda lines: [text, *lines[1:]])


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def one_class(name: str, label: int) -> Callable[[Path], None]:
    return lambda folder: (
        pd.read_csv(folder / name, index_col=0).assign(country=label).to_csv(folder / name)
    )


def write_bytes(content: bytes) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        (folder / "test.csv").write_bytes(content)

    return apply


def both(*changes: Callable[[Path], None]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        for change in changes:
            change(folder)

    return apply


BAD_FOLDERS: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "file missing": (remove("test.csv"), ["no such file", "train.csv, validation.csv"]),
    "file is a folder": (both(remove("test.csv"), lambda f: (f / "test.csv").mkdir()), ["cannot"]),
    "empty file": (edit(lambda lines: [""]), ["cannot be read"]),
    "no bytes": (write_bytes(b""), ["cannot be read"]),
    "not text": (write_bytes(b"\x89PNG\xff\xfe,\n1"), ["cannot be read"]),
    "byte order mark": (
        write_bytes(b"\xef\xbb\xbf,lon,lat,country\n1,2,3,4\n"),
        ["header ',lon,lat,country'"],
    ),
    "header only": (edit(lambda lines: lines[:1]), ["no rows"]),
    "column renamed": (header(",lon,lat,country"), ["line 1", "',lon,lat,country'"]),
    "index named": (header("city,long,lat,country"), ["line 1", "'city,long,lat,country'"]),
    "no header": (edit(lambda lines: lines[1:]), ["line 1", "an unnamed index, long, lat"]),
    "index missing": (drop_column(0), ["line 1", "'long,lat,country'", "to_csv"]),
    "country missing": (drop_column(3), ["line 1", "',long,lat'"]),
    "column extra": (
        edit(lambda lines: [f"{line},7" for line in lines]),
        ["line 1: the columns", "country,7"],
    ),
    "column twice": (edit(lambda lines: [f"{line},lat" for line in lines]), ["line 1", "lat'"]),
    "cells extra": (
        edit(lambda ls: [ls[0], *(f"{line},7" for line in ls[1:])]),
        ["line 1: the columns", "as many cells in each row"],
    ),
    "cell extra": (put(3, "1,2"), ["line 4"]),
    "cell missing": (
        edit(lambda ls: [*ls[:3], ls[3].rpartition(",")[0], *ls[4:]]),
        ["line 4", "country '' is empty"],
    ),
    "longitude text": (put(1, "12,5e"), ["line 4"]),
    "longitude word": (put(1, "east"), ["line 4: long 'east' is not a number"]),
    "latitude empty": (put(2, ""), ["line 4: lat '' is empty"]),
    "latitude nan": (put(2, "nan"), ["line 4: lat 'nan' is not a number"]),
    "latitude true": (put(2, "True"), ["line 4: lat 'True' is not a number"]),
    "longitude far": (put(1, "180.5"), ["line 4: long '180.5' is outside -180..180"]),
    "longitude inf": (put(1, "-inf"), ["line 4: long '-inf' is outside"]),
    "latitude far": (put(2, "-91"), ["line 4: lat '-91' is outside -90..90"]),
    "label fraction": (put(3, "3.5"), ["line 4: country '3.5' is not an integer"]),
    "label word": (put(3, "DE"), ["line 4: country 'DE' is not a number", "integer of 0..32"]),
    "label empty": (put(3, ""), ["line 4: country '' is empty"]),
    "label high": (put(3, "33"), ["line 4: country '33' is outside 0..32"]),
    "label low": (put(3, "-1"), ["line 4: country '-1' is outside 0..32"]),
    "label huge": (put(3, "9" * 30), ["line 4: country '9999", "is outside 0..32"]),
    "index word": (put(0, "x7"), ["line 4: the unnamed index 'x7' is not a number"]),
    "index empty": (put(0, ""), ["line 4: the unnamed index '' is empty"]),
    "index repeated": (
        both(put(0, "7777777"), edit(lambda ls: [*ls, ls[3], ls[3]])),
        ["index 7777777 stands in 3 lines, 4 and 62 first", "reset_index"],
    ),
    "blank line above": (
        both(put(1, "east"), edit(lambda ls: [*ls[:2], "", *ls[2:]])),
        ["line 5: long 'east'"],
    ),
}


@pytest.mark.parametrize("case", BAD_FOLDERS)
def test_bad_data_is_refused_with_file_line_and_value(case: str, folder: Path) -> None:
    spoil, texts = BAD_FOLDERS[case]
    before = load_splits(str(folder))
    good = (folder / "test.csv").read_bytes()
    spoil(folder)
    for call in (load_splits, describe):
        with pytest.raises(ValueError) as caught:
            call(str(folder))
        for text in [str(folder / "test.csv"), *texts]:
            assert text in str(caught.value)
    if (folder / "test.csv").is_dir():
        (folder / "test.csv").rmdir()
    (folder / "test.csv").write_bytes(good)
    after = load_splits(str(folder))
    assert np.array_equal(before.test.x, after.test.x) and len(after.train) == 400


@pytest.mark.parametrize(
    ("one", "other"), [("train", "validation"), ("train", "test"), ("validation", "test")]
)
def test_splits_that_share_no_class_are_refused(one: str, other: str, folder: Path) -> None:
    whole = load_splits(str(folder))
    one_class(f"{one}.csv", 3)(folder)
    one_class(f"{other}.csv", 4)(folder)
    with pytest.raises(ValueError, match="share no class") as caught:
        describe(str(folder))
    assert "[3]" in str(caught.value) or "[4]" in str(caught.value)
    assert str(folder) in str(caught.value) and ".csv" in str(caught.value)
    one_class(f"{other}.csv", 3)(folder)
    third = ({*NAMES} - {one, other}).pop()
    one_class(f"{third}.csv", 3)(folder)
    assert len(load_splits(str(folder)).train) == len(whole.train)


def test_a_missing_folder_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"nowhere: no such folder.*'embedded'"):
        load_splits(str(folder / "nowhere"))
    with pytest.raises(ValueError, match=r"train\.csv: no such folder"):
        load_splits(str(folder / "train.csv"))
    with pytest.raises(ValueError, match="got ''"):
        load_splits("")
    assert len(load_splits(str(folder)).train) == 400


def test_harmless_variants_are_the_same_data(folder: Path) -> None:
    expected = describe(str(folder))
    path = folder / "test.csv"
    frame = pd.read_csv(path, index_col=0)
    frame.astype({"country": float})[["country", "lat", "long"]].to_csv(
        path, lineterminator="\r\n", quoting=csv.QUOTE_ALL, encoding="utf-8-sig"
    )
    path.write_bytes(path.read_bytes() + b"\r\n\r\n")
    assert describe(str(folder)) == expected
