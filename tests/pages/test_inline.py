"""Drawings as parts of the page: short, apart from each other, and with what the script needs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sweepbook.aggregates.curves import curve_table
from sweepbook.figures.drawn import Drawn
from sweepbook.figures.kinds import draw
from sweepbook.pages.files import Shown, write_drawn
from sweepbook.pages.inline.colours import is_deep, themed
from sweepbook.pages.inline.paths import short_path
from sweepbook.record.load import Record, load_record

Make = Callable[..., Path]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def record(make_record: Make) -> Record:
    return load_record(make_record([{"lr": lr} for lr in (0.1, 0.01)], epochs=12, n_replicates=3))


def drawn_of(record: Record, name: str = "loss") -> Drawn:
    spec = {"kind": "curves", "name": name, "title": "Loss <&> rate", "metrics": ["val_loss"]}
    return draw({**spec, "by": ["lr"]}, record)


def shown(record: Record, folder: Path, name: str = "loss") -> Shown:
    return write_drawn(drawn_of(record, name), folder)


def marks(svg: str, role: str) -> list[ElementTree.Element]:
    return [node for node in ElementTree.fromstring(svg).iter() if node.get("data-role") == role]


def test_the_page_and_the_files_have_every_part_in_the_same_place(
    record: Record, tmp_path: Path
) -> None:
    drawn = drawn_of(record)
    assert drawn.figure is not None
    engine, dpi = drawn.figure.get_layout_engine(), drawn.figure.get_dpi()
    page = str(write_drawn(drawn, tmp_path).svg)
    nodes = ElementTree.fromstring(page).iter()
    (panel,) = (json.loads(said) for node in nodes if (said := node.get("data-panel")))
    x, y, width, height = panel["box"]
    file = ElementTree.parse(tmp_path / "loss.svg")
    (patch,) = (g for g in file.iter(SVG + "g") if g.get("id") == "axes_1")
    corners = re.findall(r"[\d.]+", str(patch[0][0].get("d")))
    places = [float(corner) for corner in corners]
    assert min(places[::2]) == pytest.approx(x, abs=0.006)
    assert max(places[::2]) == pytest.approx(x + width, abs=0.012)
    assert min(places[1::2]) == pytest.approx(y, abs=0.006)
    assert max(places[1::2]) == pytest.approx(y + height, abs=0.012)
    assert drawn.figure.get_layout_engine() is engine and drawn.figure.get_dpi() == dpi


def points_of(path: ElementTree.Element) -> list[tuple[float, float]]:
    """The points of a path that has one absolute point and steps from there."""
    start, steps = re.fullmatch(r"M([^l]*)l(.*)", str(path.get("d"))).groups()  # type: ignore[union-attr]
    x, y = map(float, re.findall(r"-?\d*\.?\d+", start))
    numbers = list(map(float, re.findall(r"-?(?:\d+\.?\d*|\.\d+)", steps)))
    points = [(x, y)]
    for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
        points.append((points[-1][0] + dx, points[-1][1] + dy))
    return points


def test_the_same_records_give_the_same_drawing_whose_ids_are_its_own(
    record: Record, tmp_path: Path
) -> None:
    one, again = shown(record, tmp_path), shown(record, tmp_path)
    assert one.svg and one.svg == again.svg and not one.picture
    other = shown(record, tmp_path, "other")
    ids = [set(re.findall(r' id="([^"]+)"', str(svg.svg))) for svg in (one, other)]
    assert ids[0] and not ids[0] & ids[1]
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', str(one.svg)))
    assert used <= ids[0]


def test_a_drawing_follows_the_page_s_colours_and_says_what_it_shows(
    record: Record, tmp_path: Path
) -> None:
    one = shown(record, tmp_path)
    root = ElementTree.fromstring(str(one.svg))
    title = root.find(f"{SVG}title")
    assert root.get("role") == "img" and title is not None and title.text == one.alt
    assert "Loss <&> rate" in one.alt
    colours = {node.get(key) for node in root.iter() for key in ("fill", "stroke")}
    assert not colours & {"#ffffff", "#000000", "#e3e3e3"} and "currentColor" in colours
    drawn = [str(node.get(key)) for node in root.iter() for key in ("d", "x", "y", "width")]
    assert not any(re.search(r"\.\d{3}", numbers) for numbers in drawn), "numbers are short"


def test_a_curve_s_values_can_be_read_from_its_path(record: Record, tmp_path: Path) -> None:
    svg = str(shown(record, tmp_path).svg)
    (panel,) = [n for n in ElementTree.fromstring(svg).iter() if n.get("class") == "panel"]
    about = json.loads(str(panel.get("data-panel")))
    left, top, width, height = about["box"]
    x, y = about["x"], about["y"]
    assert (x["name"], y["name"], y["scale"]) == ("epoch", "validation loss", "linear")
    table = curve_table(record, ["val_loss"], record.trials)
    for lr in (0.1, 0.01):
        (mean,) = [m for m in marks(svg, "mean") if m.get("data-series") == f"lr {lr}"]
        path = mean.find(f".//{SVG}path")
        assert path is not None
        found = [
            (x["low"] + (px - left) / width * (x["high"] - x["low"]),
             y["low"] + (top + height - py) / height * (y["high"] - y["low"]))
            for px, py in points_of(path)
        ]  # fmt: skip
        trial = record.trials.set_index("config/lr").loc[lr, "trial_id"]
        own = table[table["trial_id"] == trial]
        assert [step for step, _ in found] == pytest.approx(own["epoch"].tolist(), abs=0.01)
        assert [value for _, value in found] == pytest.approx(own["mean"].tolist(), abs=5e-4)


def test_every_step_of_a_long_curve_is_a_point_of_its_path(
    make_record: Make, tmp_path: Path
) -> None:
    drawn = drawn_of(load_record(make_record([{"lr": lr} for lr in (0.1, 0.01)], epochs=200)))
    means = marks(str(write_drawn(drawn, tmp_path).svg), "mean")
    paths = [path for mean in means if (path := mean.find(f".//{SVG}path")) is not None]
    assert [len(points_of(path)) for path in paths] == [200, 200]
    points = (tmp_path / "loss.svg").read_text().count("\nL ")
    write_drawn(drawn, tmp_path)
    assert (tmp_path / "loss.svg").read_text().count("\nL ") == points, "files stay short"


def test_replicates_bands_and_names_say_whose_they_are(record: Record, tmp_path: Path) -> None:
    svg = str(shown(record, tmp_path).svg)
    replicates = [(m.get("data-series"), m.get("data-replicate")) for m in marks(svg, "replicate")]
    assert sorted(replicates) == sorted(
        (f"lr {lr}", str(r)) for lr in (0.1, 0.01) for r in (0, 1, 2)
    )
    for role in ("band", "label"):
        assert {m.get("data-series") for m in marks(svg, role)} == {"lr 0.1", "lr 0.01"}


def test_of_many_trials_each_grey_line_says_whose_it_is(make_record: Make, tmp_path: Path) -> None:
    configs = [{"lr": 0.1 * 0.8**i} for i in range(20)]
    record = load_record(make_record(configs, n_replicates=1))
    lines = marks(str(shown(record, tmp_path).svg), "background")
    assert len({line.get("data-series") for line in lines}) == len(lines) == 17


def test_writing_a_figure_leaves_it_as_it_was(record: Record, tmp_path: Path) -> None:
    drawn = drawn_of(record)
    assert drawn.figure is not None
    before = [artist.get_gid() for artist in drawn.figure.findobj()]
    engine = drawn.figure.get_layout_engine()
    write_drawn(drawn, tmp_path)
    assert [artist.get_gid() for artist in drawn.figure.findobj()] == before
    assert drawn.figure.get_layout_engine() is engine


@pytest.mark.parametrize(
    ("d", "expected"),
    [
        ("M 0 0 L 0.001 -0.5 L 0.004 -1 z", "M0 0l0-.5 0-.5z"),
        ("M 1 1 L 2 2 M 5 5 L 4 4", "M1 1l1 1M5 5l-1-1"),
        ("M 0 1 C 0.25 1 0.5 0.7 0.5 0.5", "M0 1C.25 1 .5 .7 .5 .5"),
        ("M 1e-3 123456.789", "M0 123456.79"),
    ],
)
def test_a_path_is_written_short(d: str, expected: str) -> None:
    assert short_path(d) == expected


def test_a_path_is_moved_to_its_place() -> None:
    assert short_path("M 1 -2 L 3 -4", 10, 20) == "M11 18l2-2"


def test_greys_follow_the_page_and_colours_stay() -> None:
    assert themed("#333333") == "currentColor" and themed("#ffffff") == "var(--paper)"
    assert themed("#0072b2") == "#0072b2" and themed("none") == "none"
    assert is_deep("#440154") and not is_deep("#0072b2") and not is_deep("#333333")


def test_no_step_of_a_long_curve_is_left_out(make_record: Make, tmp_path: Path) -> None:
    record = load_record(make_record([{"lr": 0.1}, {"lr": 0.2}], epochs=200, n_replicates=3))
    svg = str(shown(record, tmp_path).svg)
    means = marks(svg, "mean")
    assert len(means) == 2
    for mean in means:
        (path,) = (node.get("d") for node in mean.iter() if node.get("d"))
        steps = re.findall(r"-?(?:\d+\.?\d*|\.\d+)", path)
        assert len(steps) == 2 * 200
