"""write_report: the files, the page, and what happens to folders and broken records."""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sweepbook.pages import files, report
from sweepbook.pages.report import write_report
from sweepbook.record.digest import record_digest
from sweepbook.record.load import load_record

Make = Callable[..., Path]
CONFIGS = [{"lr": 0.1}, {"lr": 0.01}]
FIGURES = [
    {
        "kind": "curves",
        "name": "loss",
        "title": "Loss <by> rate",
        "metrics": ["val_loss"],
        "by": ["lr"],
    },
    {"kind": "table", "name": "numbers", "metrics": ["val_loss", "test_acc"], "by": ["lr"]},
]


class Page(HTMLParser):
    """Collects tags with their attributes, and fails on tags that do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.tags if tag == name]


def page_of(out: Path) -> Page:
    return Page((out / "report.html").read_text(encoding="utf-8"))


def files_of(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


def test_a_report_has_the_promised_files(make_record: Make, tmp_path: Path) -> None:
    written = write_report([make_record(CONFIGS, figures=FIGURES)], tmp_path / "out")
    assert written == tmp_path / "out" / "report.html"
    assert set(files_of(tmp_path / "out")) == {
        "report.html", "report.md", "findings.csv", "forest.csv", "scorecard.csv",
        "figures/demo-trials.csv",
        "figures/loss.svg", "figures/loss.png", "figures/loss.csv", "figures/numbers.csv",
    }  # fmt: skip


def test_the_page_stands_alone_and_every_link_on_it_leads_somewhere(
    make_record: Make, tmp_path: Path
) -> None:
    write_report([make_record(CONFIGS, figures=FIGURES)], tmp_path / "out")
    page = page_of(tmp_path / "out")
    assert [svg["role"] for svg in page.all("svg")] == ["img"] and len(page.all("title")) == 2
    assert not page.all("img")
    assert page.all("script") == [{}] and not page.all("link")
    ids = [attrs["id"] for _, attrs in page.tags if attrs.get("id")]
    assert len(ids) == len(set(ids))
    for href in [a["href"] or "" for a in page.all("a")]:
        assert href[1:] in ids if href.startswith("#") else (tmp_path / "out" / href).is_file()
    assert "Loss <by> rate" in page.text  # escaped in the source, or the parser would not see it
    assert "Which setting is better?" in page.text and "2 finished" in page.text


def test_the_page_says_where_everything_came_from(make_record: Make, tmp_path: Path) -> None:
    folder = make_record(CONFIGS, overrides={"epochs": 8, "lr": None}, scale=0.5)
    digest = record_digest(load_record(folder))
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"record_digest": digest}))
    text = page_of(write_report([folder], tmp_path / "out").parent).text
    for said in ("sweepbook run demo", "0123456789abcdef", "torch 2.14.0", "epochs=8", "ab" * 32,
                 f"{digest} (as in the manifest)", "2026-01-01T10:00:00", "Albania", "75.0 %",
                 "3 of 80 (3.8 %)"):  # fmt: skip
        assert said in text
    assert "Leak: 1 of 10 (10.0 %) test rows" in text and "lr=" not in text
    assert "2 of 80 (2.5 %) training rows" in text


def test_a_digest_that_differs_from_the_manifest_is_said(
    make_record: Make, tmp_path: Path
) -> None:
    folder = make_record(CONFIGS, record_digest="00" * 32)
    write_report([folder], tmp_path / "out")
    assert f"the manifest says {'00' * 32}" in page_of(tmp_path / "out").text


def test_the_same_records_give_the_same_files_and_replace_an_earlier_report(
    make_record: Make, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    other = make_record(CONFIGS, at="records/other", name="other")
    folder = make_record(CONFIGS, figures=FIGURES)
    write_report([folder], out)
    first = files_of(out)
    write_report([folder], out)
    assert files_of(out) == first
    write_report([other], out)
    assert "figures/loss.svg" not in files_of(out)  # no figure of a report that is gone
    (out / "figures" / "mine.csv").write_text("kept")
    write_report([folder], out)
    assert files_of(out) == first | {"figures/mine.csv": b"kept"}


def test_python_looks_for_garbage_at_its_own_pace_after_a_report(
    make_record: Make, tmp_path: Path
) -> None:
    before = gc.get_threshold()
    write_report(make_record(CONFIGS), tmp_path / "report")
    assert gc.get_threshold() == before


def test_two_records_of_one_study_keep_their_figures_apart(
    make_record: Make, tmp_path: Path
) -> None:
    one = make_record(CONFIGS, at="records/one", figures=FIGURES)
    two = make_record(CONFIGS[:1], at="records/two é", figures=FIGURES, epochs=5)
    write_report([one, two], tmp_path / "out")
    figures = tmp_path / "out" / "figures"
    assert pd.read_csv(figures / "one-loss.csv")["epoch"].max() == 8
    assert pd.read_csv(figures / "two-loss.csv")["epoch"].max() == 5
    assert not (figures / "loss.csv").exists()
    assert "figures/two-loss.csv" in (tmp_path / "out" / "report.md").read_text()


def test_a_folder_of_something_else_is_refused_and_left_alone(
    make_record: Make, tmp_path: Path
) -> None:
    folder = make_record(CONFIGS)
    before = files_of(folder)
    with pytest.raises(ValueError, match="not empty and holds no earlier report"):
        write_report([folder], folder)
    with pytest.raises(ValueError, match="this is a file"):
        write_report([folder], folder / "manifest.json")
    with pytest.raises(ValueError, match="at least one record"):
        write_report([], tmp_path / "out")
    with pytest.raises(ValueError, match="no such folder"):
        write_report([folder, tmp_path / "nowhere"], tmp_path / "out")
    assert files_of(folder) == before and not (tmp_path / "out").exists()


def test_a_failing_write_leaves_the_earlier_report_whole(
    make_record: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_record(CONFIGS, figures=FIGURES)
    write_report([folder], tmp_path / "out")
    before = (tmp_path / "out" / "report.html").read_bytes()

    def full(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(OSError, match="disk full"):
        write_report([folder], tmp_path / "out")
    assert (tmp_path / "out" / "report.html").read_bytes() == before


def all_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("at", ["out", "new/deep/out", "empty"])
def test_a_report_that_fails_on_its_way_leaves_what_was_there(
    make_record: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    folder = make_record(CONFIGS, figures=FIGURES)
    out = tmp_path / at
    (tmp_path / "empty").mkdir()
    if at == "out":
        write_report([make_record(CONFIGS, at="records/old", name="old")], out)
    before, names = files_of(tmp_path), all_of(tmp_path)

    def broken(*_: Any) -> None:
        raise RuntimeError("a figure that nobody has foreseen")

    with monkeypatch.context() as patch:
        patch.setattr(report, "render_html", broken)
        with pytest.raises(RuntimeError):
            write_report([folder], out)
    assert (files_of(tmp_path), all_of(tmp_path)) == (before, names)
    write_report([folder], out)
    assert "figures/loss.svg" in files_of(out)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_report_that_was_killed_is_no_obstacle_to_the_next(
    make_record: Make, tmp_path: Path, is_there: bool
) -> None:
    folder, out = make_record(CONFIGS, figures=FIGURES), tmp_path / "out"
    if is_there:
        out.mkdir()
    code = (
        "import os, sys\nfrom sweepbook.pages import report\n"
        "report.render_html = lambda _: os.kill(os.getpid(), 9)\n"
        "report.write_report([sys.argv[1]], sys.argv[2])\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(folder), str(out)], check=False)
    assert killed.returncode == -9
    assert not out.exists() or not (out / "figures").exists()
    write_report([folder], out)
    assert page_of(out).all("svg")


def no_reports(folder: Path) -> None:
    (folder / "reports.parquet").unlink()


def no_trials(folder: Path) -> None:
    (folder / "reports.parquet").unlink()
    (folder / "trials.parquet").unlink()


def only_nan(folder: Path) -> None:
    reports = pd.read_parquet(folder / "reports.parquet")
    metrics = [c for c in reports if str(c).endswith(("_loss", "_acc"))]
    reports.assign(**dict.fromkeys(metrics, np.nan)).to_parquet(folder / "reports.parquet")


def interrupted(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text()) | {"status": "interrupted"}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    trials = pd.read_parquet(folder / "trials.parquet")
    trials["status"] = [None, "failed"]
    trials["error"] = [None, "Traceback\nValueError: lr must be > 0"]
    trials.to_parquet(folder / "trials.parquet")
    reports = pd.read_parquet(folder / "reports.parquet")
    reports[reports["trial_id"] == trials["trial_id"][0]].to_parquet(folder / "reports.parquet")


def bare_manifest(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    kept = {"schema_version": 1, "study": manifest["study"]}
    (folder / "manifest.json").write_text(json.dumps(kept))


@pytest.mark.parametrize(
    ("breaking", "said"),
    [
        (no_reports, "No trial has reported"),
        (no_trials, "Trials: none"),
        (only_nan, "3 of 3"),
        (interrupted, "ValueError: lr must be > 0"),
        (bare_manifest, "Which setting is better?"),
    ],
)
def test_an_empty_or_broken_off_record_still_gives_a_report(
    make_record: Make, tmp_path: Path, breaking: Callable[[Path], None], said: str
) -> None:
    folder = make_record(CONFIGS, figures=FIGURES)
    breaking(folder)
    write_report([folder], tmp_path / "out")
    assert said in page_of(tmp_path / "out").text
    assert (tmp_path / "out" / "findings.csv").read_text().startswith("record,")
    assert (tmp_path / "out" / "scorecard.csv").read_text().startswith("study,")


def test_a_figure_that_cannot_be_drawn_is_a_sentence_and_not_an_error(
    make_record: Make, tmp_path: Path
) -> None:
    figures = [{"kind": "curves", "name": "gone", "metrics": ["f1"]}, *FIGURES]
    write_report([make_record(CONFIGS, figures=figures)], tmp_path / "out")
    assert "Not drawn: the reports have no ['f1']" in page_of(tmp_path / "out").text
    assert (tmp_path / "out" / "figures" / "loss.csv").is_file()


def test_endings_come_first_with_their_reasons(make_record: Make, tmp_path: Path) -> None:
    endings = {0: {"status": "stopped", "reason": "rung 3: val_loss 1.2 above 0.9", "last": 3}}
    write_report([make_record(CONFIGS, endings=endings)], tmp_path / "out")
    text = page_of(tmp_path / "out").text
    assert (
        "1 finished" in text and "1 stopped" in text and "rung 3: val_loss 1.2 above 0.9" in text
    )
    trials = pd.read_csv(tmp_path / "out" / "figures" / "demo-trials.csv")
    assert sorted(trials["last_fidelity"]) == [3, 8] and "config/lr" in trials


def test_a_failed_trial_has_the_last_lines_of_its_log_beside_it(
    make_record: Make, tmp_path: Path
) -> None:
    folder = make_record(CONFIGS, endings={1: {"status": "failed", "error": "planted"}})
    trials = load_record(folder).trials.set_index("status")["trial_id"]
    (folder / "logs").mkdir()
    lines = [f"line {n}" for n in range(20)] + ["y" * 900, "<b>&\x1b[2Jlast"]
    (folder / "logs" / f"{trials['failed']}.txt").write_text("\n".join(lines) + "\n")
    (folder / "logs" / f"{trials['finished']}.txt").write_text("of no interest\n")
    page = page_of(write_report([folder], tmp_path / "out").parent)
    markdown = (tmp_path / "out" / "report.md").read_text()
    shown = [*lines[12:20], "y" * 199 + "…", r"<b>&\x1b[2Jlast"]
    assert "\n".join(shown) in page.text, "escaped in the source: the parser knows <b>"
    assert "".join(f"    {line}\n" for line in shown) in markdown
    for text in (page.text, markdown):
        assert "line 11" not in text and "of no interest" not in text
        assert f"failed trial {trials['failed'][:8]}" in text


def test_a_failed_trial_that_printed_nothing_has_no_lines(
    make_record: Make, tmp_path: Path
) -> None:
    folder = make_record(CONFIGS, endings={1: {"status": "failed", "error": "planted"}})
    trials = load_record(folder).trials.set_index("status")["trial_id"]
    (folder / "logs").mkdir()
    began = "--- attempt 1 began 2026-01-01T10:00:00+00:00 on host ---\n"
    (folder / "logs" / f"{trials['failed']}.txt").write_text(began)
    page = page_of(write_report([folder], tmp_path / "out").parent)
    assert not page.all("pre")


def test_the_markdown_holds_the_same_tables(make_record: Make, tmp_path: Path) -> None:
    write_report([make_record(CONFIGS, figures=FIGURES)], tmp_path / "out")
    text = (tmp_path / "out" / "report.md").read_text()
    assert re.search(r"^\| 0\.01 \| 3 \| \S+ ± \S+ \| ", text, re.MULTILINE)
    assert "validation loss, mean of epochs 4–8" in text
    assert "](figures/loss.svg)" in text
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({line.count("|") for line in block.splitlines()}) == 1


GOLDEN = """\
trial_id,config/lr,status,metric,epoch,mean,low,high,n,n_diverged,replicate_0,replicate_1
b,0.01,finished,val_loss,1,3.0,3.0,3.0,2,0,3.0,3.0
b,0.01,finished,val_loss,2,,,,2,1,2.5,
a,0.1,stopped,val_loss,1,1.5,-4.853102368087358,7.853102368087358,2,0,1.0,2.0
"""


def test_a_tiny_record_gives_this_very_csv(make_record: Make, tmp_path: Path) -> None:
    folder = make_record(CONFIGS, figures=FIGURES[:1], n_replicates=2)
    rows = [("a", 0, 1, 1.0), ("a", 1, 1, 2.0), ("b", 0, 1, 3.0), ("b", 1, 1, 3.0),
            ("b", 0, 2, 2.5), ("b", 1, 2, float("nan"))]  # fmt: skip
    reports = pd.DataFrame(rows, columns=["trial_id", "replicate", "epoch", "val_loss"])
    reports.to_parquet(folder / "reports.parquet")
    trials = pd.DataFrame({"trial_id": ["a", "b"], "status": ["stopped", "finished"],
                           "n_replicates": 2, "config/lr": [0.1, 0.01], "study": "demo",
                           "reason": None, "error": None, "seed": 0, "fidelity_unit": "epoch",
                           "last_fidelity": [1, 2], "time_total_s": 1.0})  # fmt: skip
    trials.to_parquet(folder / "trials.parquet")
    write_report([folder], tmp_path / "out")
    written = pd.read_csv(tmp_path / "out" / "figures" / "loss.csv")
    pd.testing.assert_frame_equal(written, pd.read_csv(StringIO(GOLDEN)), rtol=1e-12)
