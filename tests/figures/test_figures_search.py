"""Figures of searches: numbers first, then each drawn once, of few and of many trials."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sweepbook.aggregates.nothing import NothingToDraw
from sweepbook.aggregates.search import search_of
from sweepbook.figures.drawn import Drawn
from sweepbook.figures.kinds import draw, specs_of
from sweepbook.figures.style import look
from sweepbook.pages.report import write_report
from tests.records import with_manifest
from tests.searches import SPACE, random_search, record_of

KINDS = ("best_trials", "incumbent", "rungs", "isolation", "importance", "slices", "contour",
         "parallel")  # fmt: skip


def render(drawn: Drawn) -> None:
    assert drawn.figure is not None
    with look():
        drawn.figure.savefig(io.BytesIO(), format="png")


def points(drawn: Drawn, gid: str, ax: int = 0) -> Any:
    assert drawn.figure is not None
    lines = drawn.figure.axes[ax].get_lines()
    return np.vstack([line.get_xydata() for line in lines if line.get_gid() == gid])


def spec(kind: str, **rest: Any) -> dict[str, Any]:
    return {"kind": kind, "name": kind} | rest


@pytest.mark.parametrize("n, rest", [(3, {}), (60, {"constant": True, "n_replicates": 2})])
def test_every_kind_is_drawn_of_few_and_many_trials(n: int, rest: dict[str, Any]) -> None:
    record = random_search(n, **rest)
    assert [s["kind"] for s in specs_of(record)] == list(KINDS)
    for own in specs_of(record):
        if (own["kind"], n) == ("importance", 3):
            with pytest.raises(NothingToDraw, match="at least 10 trials"):
                draw(own, record)
            continue
        drawn = draw(own, record)
        assert drawn.name == f"tuned-{own['kind'].replace('_', '-')}" and len(drawn.numbers)
        if drawn.figure is None:
            assert drawn.cells is not None and len(drawn.cells)
        else:
            render(drawn)


def test_stopped_trials_are_marked_at_the_edge_and_have_no_value_drawn() -> None:
    record = random_search(40)
    search = search_of(record)
    assert search is not None
    drawn = draw(spec("slices"), record)
    full = search.full[["config/lr", "value"]].to_numpy()
    assert np.allclose(points(drawn, "full"), full)
    stopped = search.trials[search.trials["status"] == "stopped"]
    edge = points(drawn, "stopped")
    assert len(edge) == len(stopped) and set(edge[:, 1]) == {0.98}, "of the axis: the worse edge"
    assert points(drawn, "best").tolist()[0][1] == search.full["value"].min()
    assert "values had less training and are not drawn" in drawn.notes


def test_the_incumbents_lines_are_the_tables() -> None:
    drawn = draw(spec("incumbent"), random_search(40))
    numbers = drawn.numbers
    assert np.allclose(points(drawn, "full"), numbers[["epochs", "best_full"]], equal_nan=True)
    assert np.allclose(points(drawn, "any", ax=1), numbers[["seconds", "best_any"]])
    assert "no fair comparison" in drawn.notes
    cells = [{"width": 8}, {"width": 16}]
    several = draw(spec("incumbent"), random_search(40, cells=cells))
    assert set(several.numbers["cell"]) == {"width 8", "width 16"}
    labels = [line.get_label() for line in several.figure.axes[0].get_lines()]  # type: ignore[union-attr]  # never None
    assert labels == ["width 8", "width 16"]


def test_isolation_has_a_panel_per_scientific_setting_with_the_best_large() -> None:
    drawn = draw(spec("isolation"), random_search(60, n_replicates=3))
    assert drawn.figure is not None and len(drawn.figure.axes) == 2
    encodings = drawn.numbers[drawn.numbers["setting"] == "encoding"]
    assert np.allclose(points(drawn, "best", ax=1), encodings[["x", "value"]])


def test_a_contour_takes_settings_that_are_named_and_stays_points_on_a_line() -> None:
    drawn = draw(spec("contour", settings=["depth", "lr"]), random_search(60))
    ax = drawn.figure.axes[0]  # type: ignore[union-attr]  # a contour's figure is never None
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("depth", "lr")
    assert "interpolated" in drawn.notes
    line = [{"settings": {"lr": 10.0**-k, "depth": 5 - k}, "values": [0.1 * k]}
            for k in (1, 2, 3, 4) for _ in range(3)]  # fmt: skip
    flat = draw(spec("contour"), record_of(line, {k: SPACE[k] for k in ("lr", "depth")}))
    render(flat)
    assert "interpolated" not in flat.notes
    with pytest.raises(NothingToDraw, match="two open settings of numbers"):
        draw(spec("contour"), record_of(line, {"lr": SPACE["lr"]}))


def test_what_cannot_be_drawn_says_why() -> None:
    stopped = [{"settings": {"lr": 0.01}, "values": [0.5], "status": "stopped"}] * 2
    record = record_of(stopped, {"lr": SPACE["lr"]})
    kinds = [own["kind"] for own in specs_of(record)]
    assert {"rungs", "isolation", "contour"}.isdisjoint(kinds), "there is nothing that they ask"
    for kind in ("best_trials", "slices", "parallel", "rungs", "isolation", "contour"):
        with pytest.raises(NothingToDraw):
            draw(spec(kind), record)
    grid = with_manifest(record, search=None)
    for kind in KINDS:
        with pytest.raises(NothingToDraw, match="of no search"):
            draw(spec(kind), grid)


def test_a_report_of_a_search_has_its_checks_and_figures(tmp_path: Path) -> None:
    record = random_search(30)
    folder = tmp_path / "records" / "tuned"
    folder.mkdir(parents=True)
    needed = {"study": "tuned", "reason": None, "error": None, "seed": 0, "last_fidelity": 1}
    needed |= {"fidelity_unit": "epoch", "time_total_s": 1.0}
    absent = {name: value for name, value in needed.items() if name not in record.trials}
    record.trials.assign(**absent).to_parquet(folder / "trials.parquet")
    record.reports.to_parquet(folder / "reports.parquet")
    (folder / "manifest.json").write_text(json.dumps(record.manifest.as_json()))
    page = write_report([folder], tmp_path / "report")
    html, text = page.read_text(), (page.parent / "report.md").read_text()
    for wanted in ("Before believing this search", "the best trial lies inside every range"):
        assert wanted in html
    assert "the best trial lies inside every range" in text and "flatters" in text
    names = {path.name for path in (page.parent / "figures").iterdir()}
    assert {f"tuned-{kind.replace('_', '-')}.csv" for kind in KINDS} <= names
    assert "tuned-parallel.svg" in names and "Not drawn" not in text
