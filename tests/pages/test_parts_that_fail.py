"""A figure or section that fails never ends a report: its reason stands in its place."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sweepbook.commands.report import report
from sweepbook.figures.kinds import KINDS
from sweepbook.pages import context
from sweepbook.pages import report as report_module
from sweepbook.pages.report import write_report
from sweepbook.pages.studies import claims, section
from tests.records import write_models_record

Make = Callable[..., Any]
CONFIGS = [{"lr": 0.1}, {"lr": 0.2}]
FIGURES = [
    {"kind": "curves", "name": "curves", "title": "C", "metrics": ["val_loss"], "by": ["lr"]},
    {"kind": "table", "name": "table", "title": "T", "metrics": ["val_loss"], "by": ["lr"]},
    {"kind": "against", "name": "against", "title": "A", "metrics": ["val_loss"], "x": "lr"},
]


def planted(*_: Any, **__: Any) -> Any:
    raise TypeError("planted")


def pages(out: Path) -> list[str]:
    return [(out / name).read_text() for name in ("report.html", "report.md")]


def reported(record: Path, out: Path) -> tuple[bool, str, str]:
    """Whether the command found all well, and what it printed to either stream."""
    console, errors = (Console(file=io.StringIO(), width=1000) for _ in range(2))
    is_well = report([str(record)], out, (), console, errors)
    return is_well, console.file.getvalue(), errors.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["curves", "table", "against"])
def test_a_figure_that_fails_is_told_in_its_place_and_the_command_says_so(
    make_record: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setitem(KINDS, kind, planted)
    is_well, told, errors = reported(make_record(CONFIGS, figures=FIGURES), tmp_path / "out")
    assert not is_well and "report.html" in told
    first, *_, last = errors.splitlines()
    assert "Not drawn" in first and "TypeError: planted" in first and len(first) <= 300
    details = Path(last.rpartition(" ")[2])
    assert "Traceback" in details.read_text() and "Traceback" not in errors
    details.unlink()
    for page in pages(tmp_path / "out"):
        assert "Not drawn: TypeError: planted" in page
    others = {"curves", "against"} - {kind}
    assert all((tmp_path / "out" / "figures" / f"{name}.svg").is_file() for name in others)


SECTIONS = [
    *((section, name) for name in ("trial_table", "shown_trials", "failed_logs", "rows_of")),
    *((context, name) for name in ("facts", "headlines", "groups", "glossary", "data_card")),
    *((context, name) for name in ("reduced", "an_example", "reading_figures", "agreement")),
    *((claims, name) for name in ("evaluate", "question_groups", "forest_frame")),
    *((report_module, name) for name in ("scorecard", "told_once")),
    *((section.page, name) for name in ("endings", "provenance")),
    (section, "data_card"),
]


@pytest.mark.parametrize("module, name", SECTIONS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_section_that_fails_is_left_out_and_named(
    make_record: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    monkeypatch.setattr(module, name, planted)
    with pytest.warns(RuntimeWarning, match="Not made: .*TypeError: planted"):
        write_report(make_record(CONFIGS, figures=FIGURES[:1]), tmp_path / "out")
    for page in pages(tmp_path / "out"):
        assert "TypeError: planted" in page and "Validation loss" in page
    assert (tmp_path / "out" / "figures" / "curves.svg").is_file()


def test_a_ledger_that_fails_is_told(
    make_record: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(section, "has_ledger", lambda record: True)
    monkeypatch.setattr(section, "draw_ledger", planted)
    with pytest.warns(RuntimeWarning, match="Where the time went: TypeError: planted"):
        write_report(make_record(CONFIGS, figures=FIGURES[:1]), tmp_path / "out")
    assert "Not drawn: TypeError: planted" in pages(tmp_path / "out")[0]


def test_a_folder_that_cannot_be_written_still_ends_the_report(
    make_record: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(section, "write_drawn", full)
    with pytest.raises(OSError, match="No space left"):
        write_report(make_record(CONFIGS, figures=FIGURES), tmp_path / "out")
    assert not (tmp_path / "out").exists()


MODELS = [
    {"label": "net", "where": {"model": "resnet18-scratch"}},
    {"label": "trees", "where": {"model": "xgboost"}},
]
ALL_OF_MODELS = [
    {"kind": kind, "name": kind, "title": kind, "models": MODELS, "x": "lr", "settings": ["lr"],
     "metrics": ["val_acc"], "by": ["lr"]}
    for kind in KINDS
    if kind not in ("incumbent", "rungs", "best_trials", "order", "pairs")
]  # fmt: skip


@pytest.mark.parametrize("trees", ["finished", "diverged", "failed"])
def test_a_record_in_which_all_nets_failed_has_an_honest_report(
    tmp_path: Path, trees: str
) -> None:
    failed = {"status": "failed", "error": "OSError: no weights", "hits": [1], "val_acc": [0.1]}
    nets = [{"model": "resnet18-scratch", "lr": lr, **failed} for lr in (0.1, 0.01)]
    tree = {"model": "xgboost", "hits": [[1, 1, 0, 1]], "val_acc": [0.7], "status": trees}
    entries = [*nets, tree if trees != "failed" else {"model": "xgboost", **failed}]
    write_models_record(tmp_path / "models", entries, figures=ALL_OF_MODELS)
    write_report(tmp_path / "models", tmp_path / "out")
    assert "Not drawn" in pages(tmp_path / "out")[1]
