"""`sweepbook report --latex`, from the command line to its files."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from sweepbook.cli import app
from tests.records import write_record


def test_latex_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    record = str(write_record(tmp_path / "r", [{"width": 1}, {"width": 2}]))
    plain, asked = str(tmp_path / "plain"), str(tmp_path / "asked")
    assert CliRunner().invoke(app, ["report", record, "--out", plain]).exit_code == 0
    assert CliRunner().invoke(app, ["report", record, "--out", asked, "--latex"]).exit_code == 0
    assert (tmp_path / "asked" / "latex" / "demo-trials.tex").is_file()
    assert not (tmp_path / "plain" / "latex").exists()
