"""Kinds of figures of a project's own: imported where it declares them, or not at all."""

import json
import sys
import warnings
from pathlib import Path

import pytest

from search_spaces import STUDIES as EXERCISE
from sweepbook.aggregates.nothing import NothingToDraw
from sweepbook.figures.kinds import draw, specs_of
from sweepbook.figures.own import as_declared, has_own_kinds, own_kinds
from sweepbook.pages.report import write_report
from sweepbook.plan.manifest import new_manifest
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.record.load import load_record
from sweepbook.study.project import project_at
from sweepbook.study.search import Search
from sweepbook.study.study import Fidelity, Metric, Study

ROOT = Path(__file__).parents[2]
CONFIGS = [{"lr": 0.1}, {"lr": 0.01}]
OWN = {"kind": "plots_of_demo:draw_dots", "name": "dots", "title": "Dots"}
CODE = """
from matplotlib.figure import Figure
from sweepbook.figures.drawn import drawn_of

def draw_dots(spec, record):
    figure = Figure()
    figure.subplots().plot([0, 1], [0, 1], ".")
    return drawn_of(spec, ["Two dots."], record.trials[["trial_id"]], figure=figure)
"""
STUDIES = """
from sweepbook import Fidelity, Metric, Study

DEMO = Study(
    name={name!r}, question="?", trainable="trainables.mlp:train_mlp",
    metric=Metric("val_loss", "min"), fidelity=Fidelity("epoch", "epochs"),
    figures=({{"kind": "plots_of_demo:draw_dots", "name": "dots"}},),
)
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """project(name): a project whose study of that name declares the figure "dots"."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def make(name="demo"):
        root = tmp_path / "at"
        root.mkdir()
        (root / "pyproject.toml").write_text('[tool.sweepbook]\nstudies = ["demo_studies"]\n')
        (root / "demo_studies.py").write_text(STUDIES.format(name=name))
        (root / "plots_of_demo.py").write_text(CODE)
        return project_at(str(root))

    yield make
    for module in ("demo_studies", "plots_of_demo"):
        sys.modules.pop(module, None)


def page_of(out):
    return (out / "report.html").read_text()


def test_a_project_s_own_figure_is_drawn_where_its_study_declares_it(
    make_record, project, tmp_path
):
    folder = make_record(CONFIGS, figures=[OWN])
    write_report([folder], tmp_path / "out", project=project())
    assert "Two dots." in page_of(tmp_path / "out")
    assert (tmp_path / "out" / "figures" / "dots.svg").is_file()


@pytest.mark.parametrize(
    "instead, said",
    [
        ("    record.trials['nowhere']", "KeyError: &#39;nowhere&#39; (plots_of_demo.py, line 6)"),
        (
            "    return None",
            "plots_of_demo:draw_dots must return what drawn_of gives, got a",
        ),
        ("    import sys; sys.exit(4)", "sys.exit (4)"),
        (
            "    drawn_of({'name': 'x'}, [], record.trials, figure=(figure := Figure()));"
            " figure.text(0, 0, r'$\\foo$');"
            " from sweepbook.figures.drawn import Drawn;"
            " return Drawn('dots', 'Dots', '', record.trials, figure)",
            "Not drawn: ValueError: \\foo",
        ),
    ],
)
def test_a_figure_whose_function_fails_is_named_and_the_report_is_written(
    make_record, project, tmp_path, monkeypatch, instead, said
):
    at = project()
    monkeypatch.chdir(at.root)
    broken = CODE.replace("    figure = Figure()", instead)
    (at.root / "plots_of_demo.py").write_text(broken)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        write_report([make_record(CONFIGS, figures=[OWN])], tmp_path / "out", project=at)
    assert said in page_of(tmp_path / "out")
    assert len(warned) == ("return None" not in instead), "what it returns is no error of its code"


@pytest.mark.parametrize("name, trainable", [("other", None), ("demo", "elsewhere:train")])
def test_no_figure_is_drawn_of_another_study_or_trainable(
    make_record, project, tmp_path, name, trainable
):
    study = {"trainable": trainable} if trainable else {}
    folder = make_record(CONFIGS, figures=[OWN], project="theirs", study=study)
    write_report([folder], tmp_path / "out", project=project(name))
    assert "Not drawn: a figure of project theirs; write the report there" in page_of(
        tmp_path / "out"
    )
    assert "plots_of_demo" not in sys.modules


def test_nothing_that_a_record_names_is_imported_or_called(make_record, project, tmp_path):
    marker = tmp_path / "marker"
    figures = [
        {"kind": "os:system", "name": f"touch {marker}"},
        {"kind": "antigravity:fly_around", "name": "x"},
    ]
    folder = make_record(CONFIGS, figures=figures)
    for own in (None, project()):
        write_report([folder], tmp_path / "out", project=own)
        assert page_of(tmp_path / "out").count("Not drawn: a figure of the study&#39;s own") == 2
    assert "antigravity" not in sys.modules and not marker.exists()
    record = load_record(folder)
    with pytest.raises(NothingToDraw, match="a figure of the study's own project"):
        draw(figures[0], record)


def test_an_earlier_record_s_figure_takes_its_kind_from_the_project(
    make_record, project, tmp_path
):
    earlier = {**OWN, "kind": "dots"}
    folder = make_record(CONFIGS, figures=[earlier])
    write_report([folder], tmp_path / "out")
    assert "unknown kind &#39;dots&#39;" in page_of(tmp_path / "out")
    write_report([folder], tmp_path / "out", project=project())
    assert "Two dots." in page_of(tmp_path / "out")


def test_a_project_is_asked_only_for_figures_of_its_own(make_record, project, tmp_path):
    broken = project()
    (broken.root / "demo_studies.py").write_text("1 / 0\n")
    write_report([make_record(CONFIGS)], tmp_path / "out", project=broken)
    folder = make_record(CONFIGS, at="records/own", figures=[OWN])
    with pytest.raises(ValueError, match="'demo_studies' of project .* cannot be imported: Zero"):
        write_report([folder], tmp_path / "new", project=broken)
    assert not (tmp_path / "new").exists()


def test_a_kind_that_is_gone_is_a_sentence(make_record):
    record = load_record(make_record(CONFIGS, figures=[OWN]))
    with pytest.raises(NothingToDraw, match="no module 'plots_of_demo'"):
        draw(OWN, record, allowed=[OWN["kind"]])


def test_the_winners_of_a_search_have_the_figures_declared_for_them(make_record):
    confirms = {"record": "demo", "seed": 0, "by": [], "trials": []}
    folder = make_record(CONFIGS, name="demo-confirm", figures=[OWN], confirms=confirms)
    record = load_record(folder)
    study = Study(
        name="demo",
        question="?",
        trainable="trainables.mlp:train_mlp",
        metric=Metric("val_loss", "min"),
        fidelity=Fidelity("epoch", "epochs"),
        search=Search(space="x:y", n_trials=2, confirm_figures=(OWN,)),
    )
    assert own_kinds(record, {"demo": study}) == {"dots": OWN["kind"]}
    assert own_kinds(record, {}) == {}


def test_a_kind_of_the_tool_stays_what_it_is(make_record):
    record = load_record(make_record(CONFIGS))
    assert not has_own_kinds(record)
    spec = {"kind": "curves", "name": "dots"}
    assert as_declared(spec, {"dots": OWN["kind"]}) == spec
    assert [s["kind"] for s in specs_of(record)] == ["curves", "table"]


def test_a_note_of_the_study_s_own_stands_in_the_caption(make_record):
    record = load_record(make_record(CONFIGS))
    spec = {"kind": "table", "name": "t", "metrics": ["val_loss"], "note": "Our own words."}
    assert draw(spec, record).caption.endswith("Our own words.")


def test_a_manifest_says_of_which_project_its_study_is(make_record, toy_file):
    folder = make_record(CONFIGS, project="exercise")
    manifest = load_record(folder).manifest
    assert manifest.project == "exercise" and manifest.as_json()["project"] == "exercise"
    (study,) = load_studies([str(toy_file)])
    for wanted, plan in (
        (ROOT.name, make_plan(EXERCISE["batch-norm"], Options(epochs=1))),
        (None, make_plan(study, Options())),
    ):
        assert new_manifest(plan, Options(), [], []).project == wanted
    content = json.loads((make_record(CONFIGS, at="records/none") / "manifest.json").read_text())
    assert "project" not in content
