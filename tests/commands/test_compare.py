"""`sweepbook compare` at the terminal: what it prints, writes and refuses."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from sweepbook import cli
from sweepbook.commands.judging.compare import compare
from tests.records import write_record

CLAIM = {
    "name": "c", "kind": "direction", "metric": "val_loss", "smallest": 0.01, "reason": "r",
    "statement": "a very wide net has a lower validation loss than a narrow one, even late",
    "direction": "lower", "arms": [{"width": 2}, {"width": 1}],
}  # fmt: skip
BELOW = CLAIM | {"name": "below", "statement": "on top", "arms": [{"width": 1}, {"width": 2}]}


@pytest.fixture
def two(tmp_path: Path) -> tuple[str, str]:
    configs = [{"width": 1}, {"width": 2}]
    paths = [
        write_record(tmp_path / which / "demo", configs, claims=[CLAIM, BELOW], seed=seed)
        for seed, which in enumerate("ab")
    ]
    return str(paths[0]), str(paths[1])


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """run(*words) -> exit code and what `sweepbook compare` prints, as the command line does."""

    def call(*words: str) -> tuple[int, str]:
        printed = io.StringIO()
        for name in ("console", "errors"):
            monkeypatch.setattr(cli, name, Console(file=printed, width=80))
        monkeypatch.setattr("sys.argv", ["sweepbook", "compare", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), printed.getvalue()

    return call


def test_it_prints_what_changed_first_and_writes_nothing(
    run: Callable[..., tuple[int, str]], two: tuple[str, str], tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    code, text = run(*two)
    assert code == 0 and sorted(tmp_path.rglob("*")) == before
    lines = text.splitlines()
    assert lines[0].startswith("Of 2 claims 0 have opposite verdicts and 0 moved")
    assert text.index("What differs") < text.index("on top")
    assert any(line.split() == ["seed", "0", "1"] for line in lines)
    assert "inside" in text and "alike but for the seed" in text


def test_all_but_paths_fits_into_80_columns(two: tuple[str, str], tmp_path: Path) -> None:
    further = [{"width": n, "a_setting_of_a_long_name": "long " * 30} for n in (1, 2, 3)]
    other = write_record(tmp_path / "c" / "demo", further, claims=[CLAIM], epochs=4)
    for second in (two[1], str(other)):
        printed = io.StringIO()
        compare(two[0], second, None, Console(file=printed, width=80))
        lines = [line for line in printed.getvalue().splitlines() if str(tmp_path) not in line]
        assert max(map(len, lines)) <= 80


def test_out_names_the_page_last(
    run: Callable[..., tuple[int, str]], two: tuple[str, str], tmp_path: Path
) -> None:
    code, text = run(*two, "--out", str(tmp_path / "out"))
    assert code == 0 and text.splitlines()[-1] == str(tmp_path / "out" / "compare.html")
    assert (tmp_path / "out" / "compare.html").is_file()


@pytest.mark.parametrize("case", ["other study", "no record", "other folder", "twice"])
def test_what_cannot_be_compared_is_refused_in_one_line(
    case: str, run: Callable[..., tuple[int, str]], two: tuple[str, str], tmp_path: Path
) -> None:
    other = write_record(tmp_path / "c" / "o", [{"width": 1}], name="other")
    words = {
        "other study": (two[0], str(other)),
        "no record": (two[0], str(tmp_path / "none")),
        "other folder": (*two, "--out", str(tmp_path / "a")),
        "twice": (two[0], two[0]),
    }[case]
    code, text = run(*words)
    assert code == 2 and len(text.splitlines()) == 1 and "Traceback" not in text


def test_help_stands_alone() -> None:
    shown = CliRunner().invoke(cli.app, ["compare", "--help"]).output
    assert "compare.html" in shown and "Examples:" in shown
