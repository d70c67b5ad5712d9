"""What is made once per machine: whole or not there, healed, never in the way."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from trainables.cache import cache_folder, cached_arrays, made_once


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SWEEPBOOK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Make:
    """Writes one array; counts how often."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, folder: Path) -> None:
        self.calls += 1
        np.save(folder / "numbers.npy", np.arange(1000))


def visible(cache: Path) -> list[str]:
    return [path.name for path in cache.rglob("*.npy")]


@pytest.mark.parametrize("mapped", [True, False])
def test_arrays_are_made_once_and_read_only(mapped: bool, cache: Path) -> None:
    make = Make()
    first, second = (cached_arrays("a/b", make, mapped=mapped)["numbers"] for _ in range(2))
    assert make.calls == 1 and first.tolist() == second.tolist() == list(range(1000))
    assert isinstance(first, np.memmap) == mapped and not first.flags.writeable
    assert visible(cache) == ["numbers.npy"]
    cached_arrays("a/c", make)
    assert make.calls == 2


@pytest.mark.parametrize("length", [0, 20, 500])
def test_a_file_that_was_cut_short_is_made_again(length: int, cache: Path) -> None:
    make = Make()
    cached_arrays("a/b", make)
    path = cache / "a" / "b" / "numbers.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[:length])
    assert cached_arrays("a/b", make)["numbers"].tolist() == list(range(1000))
    assert make.calls == 2 and path.read_bytes() == whole
    assert [p.name for p in (cache / "a").iterdir() if p.suffix == ".tmp"] == []


def two(folder: Path) -> None:
    np.save(folder / "numbers.npy", np.arange(3))
    np.save(folder / "labels.npy", np.zeros(3))


def test_a_file_that_is_gone_is_made_again(cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    cached_arrays("a/b", two)
    (cache / "a" / "b" / "labels.npy").unlink()
    assert set(cached_arrays("a/b", two)) == {"numbers", "labels"}
    assert "lacks labels.npy" in caplog.text
    (cache / "a" / "b" / "numbers.npy").unlink()
    assert made_once("a/b", two) == cache / "a" / "b"
    assert sorted(visible(cache)) == ["labels.npy", "numbers.npy"]
    assert [p.name for p in (cache / "a").iterdir() if p.suffix == ".tmp"] == []


def test_a_folder_that_does_not_say_what_was_made_is_made_again(cache: Path) -> None:
    (cache / "a" / "b").mkdir(parents=True)  # as an earlier version left it
    np.save(cache / "a" / "b" / "labels.npy", np.ones(3))
    assert cached_arrays("a/b", two)["labels"].tolist() == [0, 0, 0]


def test_a_damaged_folder_that_cannot_be_removed_is_done_without(
    cache: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached_arrays("a/b", two)
    (cache / "a" / "b" / "labels.npy").unlink()

    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "rename", refuse)
    assert made_once("a/b", two) is None
    assert set(cached_arrays("a/b", two)) == {"numbers", "labels"}
    assert "set SWEEPBOOK_CACHE" in caplog.text


def test_threads_at_once_mend_it_once(cache: Path) -> None:
    make = Make()
    cached_arrays("a/b", make)
    (cache / "a" / "b" / "numbers.npy").unlink()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: cached_arrays("a/b", make), range(16)))
    assert make.calls == 2 and all("numbers" in arrays for arrays in made)


def test_what_make_raises_is_passed_on_and_leaves_nothing(cache: Path) -> None:
    def fail(folder: Path) -> None:
        np.save(folder / "numbers.npy", np.arange(3))
        raise ValueError("bad input")

    with pytest.raises(ValueError, match="bad input"):
        made_once("a/b", fail)
    with pytest.raises(FileNotFoundError, match="no_such_input"):
        made_once("a/b", lambda folder: open("/no_such_input").close())
    assert visible(cache) == [] and not (cache / "a" / "b").exists()
    assert made_once("a/b", Make()) == cache / "a" / "b"


def test_an_unusable_cache_is_said_and_done_without(
    cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache.write_text("a file where the folder should be: fails for root as well")
    make = Make()
    for _ in range(2):
        numbers = cached_arrays("a/b", make)["numbers"]
        assert numbers.tolist() == list(range(1000)) and not numbers.flags.writeable
    assert make.calls == 2 and "set SWEEPBOOK_CACHE" in caplog.text


def test_what_a_killed_process_left_is_cleared_away(cache: Path) -> None:
    made_once("a/other", Make())
    left = cache / "a" / ".b-123-abc.tmp"
    left.mkdir()
    (left / "numbers.npy").write_bytes(b"half")
    made_once("a/b", Make())
    assert not left.exists()


def test_threads_at_once_make_one(cache: Path) -> None:
    make = Make()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: cached_arrays("a/b", make), range(16)))
    assert make.calls == 1


def test_processes_at_once_make_one(cache: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from trainables.cache import made_once\n"
        "def make(folder):\n"
        "    print('made')\n"
        "    time.sleep(0.2)\n"
        "    (folder / 'x').write_text('x')\n"
        "print((made_once('a/b', make) / 'x').read_text())\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    lines = [line for p in processes for line in p.communicate(timeout=30)[0].split()]
    assert sorted(lines) == ["made", "x", "x", "x"]


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"SWEEPBOOK_CACHE": "a", "XDG_CACHE_HOME": "b"}, "a"),
        ({"SWEEPBOOK_CACHE": "", "XDG_CACHE_HOME": "b"}, "b/sweepbook"),
        ({}, "~/.cache/sweepbook"),
    ],
)
def test_the_cache_folder_follows_the_environment(environ: dict[str, str], expected: str) -> None:
    assert cache_folder(environ) == Path(expected)
