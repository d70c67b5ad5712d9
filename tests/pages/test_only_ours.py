"""A report, a comparison, a replay and a model replace what is theirs, and refuse all else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sweepbook.pages.aside import FILES, checked_folder
from sweepbook.pages.report import write_report

Make = Callable[..., Any]


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    """A folder of somebody else's, with a page of its own."""
    folder = tmp_path / "precious"
    (folder / "figures").mkdir(parents=True)
    for name in ("report.html", "figures/a.csv"):
        (folder / name).write_text(name)
    return folder


def test_a_page_of_somebody_else_s_does_not_make_a_folder_ours(precious: Path) -> None:
    for where in (precious, f"file://{precious}", Path(f"file://{precious}")):
        with pytest.raises(ValueError, match="no earlier report"):
            checked_folder(where)


def test_a_link_to_somebody_else_s_folder_is_refused(precious: Path, tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(precious)
    with pytest.raises(ValueError, match="no earlier report"):
        checked_folder(tmp_path / "out")


def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="leads nowhere"):
        checked_folder(tmp_path / "out")


def test_a_store_is_no_folder_for_a_report() -> None:
    with pytest.raises(ValueError, match="--out must be a folder on this machine's disk"):
        checked_folder("s3://bucket/report")


def test_figures_that_are_a_link_are_refused(precious: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in FILES:
        (out / name).touch()
    assert checked_folder(out) == out
    (out / "figures").symlink_to(precious / "figures")
    with pytest.raises(ValueError, match="figures is a link"):
        checked_folder(out)


def test_a_report_stands_where_its_uri_says(make_record: Make, tmp_path: Path) -> None:
    configs = [{"lr": 0.1}, {"lr": 0.2}]
    page = write_report([make_record(configs)], f"file://{tmp_path}/a%20b")
    assert page == tmp_path / "a b" / "report.html" and page.is_file()
