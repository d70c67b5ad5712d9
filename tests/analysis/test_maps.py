import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from matplotlib.colors import to_hex, to_rgb

from analysis.figures import map_data, maps
from analysis.figures.map_colours import distinct_colours, map_colours, neighbours, seen_distances
from analysis.figures.map_kinds import draw_error_map, draw_map
from search_spaces import STUDIES
from sweepbook.figures import style
from sweepbook.figures.trials import class_accuracy
from sweepbook.pages.report import write_report
from sweepbook.record.artifacts import WRITTEN, write_artifact
from sweepbook.record.load import load_record
from sweepbook.study.hooks import load_object
from sweepbook.study.project import project_at
from trainables.cities.europe import COUNTRIES
from trainables.mlp import predict, train_mlp

ROOT = Path(__file__).parents[2]
CONFIG = {"depth": 1, "width": 8, "epochs": 12, "batch_norm": True, "lr": 0.02, "batch_size": 32}


@pytest.fixture(scope="module")
def europe(tmp_path_factory):
    """A folder of CSV files: four countries in the corners of a square, 80 points each."""
    folder = tmp_path_factory.mktemp("europe")
    random = np.random.default_rng(0)
    corners = {11: (0, 46), 12: (10, 51), 17: (12, 42), 30: (-3, 40)}
    for split, n in (("train", 80), ("validation", 10), ("test", 20)):
        rows = [
            (lon + random.uniform(-2, 2), lat + random.uniform(-2, 2), label)
            for label, (lon, lat) in corners.items()
            for _ in range(n)
        ]
        frame = pd.DataFrame(rows, columns=["long", "lat", "country"])
        frame.index = 1000 + random.permutation(len(frame))
        frame.to_csv(folder / f"{split}.csv")
    return folder


@pytest.fixture
def record(make_record, europe):
    """A record of a small net that was really trained, with its checkpoint and predictions."""
    config = CONFIG | {"data": str(europe), "seed": 0, "replicates": 2}
    path = make_record([config], n_replicates=2, epochs=2)
    trial_id = str(load_record(path).trials["trial_id"].iloc[0])
    *_, last = train_mlp(config)
    (path / "checkpoints").mkdir()
    state = {"state": last["state"](), "rows": [], "fidelity": 2}
    torch.save(state, path / "checkpoints" / f"{trial_id}.pt")
    found = last["predictions"]()
    parts = [
        pd.DataFrame(
            {
                "trial_id": trial_id,
                "replicate": r,
                "split": "test",
                "row_id": found["row_id"][r],
                "label": found["label"][r],
                "predicted": found["predicted"][r],
                "probability": found["probability"][r],
            }
        )
        for r in range(2)
    ]
    pd.concat(parts).to_parquet(path / "predictions.parquet")
    return load_record(path), trial_id


def test_test_points_lie_where_the_data_has_them(record, europe):
    points = map_data.placed_points(*record, replicate=1)
    given = pd.read_csv(europe / "test.csv", index_col=0)
    assert len(points) == 80
    there = given.loc[points["row_id"]]
    assert np.array_equal(points[["long", "lat"]], there[["long", "lat"]])
    assert np.array_equal(points["label"], there["country"])
    assert (points["correct"] == (points["label"] == points["predicted"])).all()


def test_the_map_shows_what_the_checkpoint_predicts(record):
    data, trial_id = record
    points, plane = map_data.points_of(*record, 1), map_data.plane_of(*record, 1)
    with style.look():
        figure, ax = plt.subplots()
        maps.prediction_map(ax, points, plane, COUNTRIES)
        figure.canvas.draw()
    image = ax.images[0]
    state = torch.load(Path(data.path) / "checkpoints" / f"{trial_id}.pt")["state"]
    west, east, south, north = image.get_extent()
    shape = image.get_array().shape
    colours = maps.colours_of(points, len(COUNTRIES))
    seen = set()
    for row in (0, shape[0] // 3, shape[0] - 1):
        for column in (0, shape[1] // 2, shape[1] - 1):
            place = [
                west + (east - west) * column / (shape[1] - 1),
                south + (north - south) * row / (shape[0] - 1),
            ]
            config = data.trials.filter(regex="^config/").iloc[0].dropna().to_dict()
            config = {key.removeprefix("config/"): value for key, value in config.items()}
            label = predict(config, state, 1, np.array([place]))[0]
            expected = 0.45 + 0.55 * np.array(to_rgb(colours[label]))
            assert np.allclose(image.get_array()[row, column], expected)
            seen.add((row, int(label)))
    assert len({label for _, label in seen}) > 1
    assert {label for row, label in seen if row == 0} != {
        label for row, label in seen if row == shape[0] - 1
    }
    codes = {text.get_text() for text in ax.texts}
    assert codes == {"FR", "DE", "IT", "ES"}
    drawn = sum(len(c.get_offsets()) for c in ax.collections)
    assert drawn == len(points)
    latitude = np.radians(points["lat"].mean())
    assert ax.get_aspect() == pytest.approx(1 / np.cos(latitude))
    plt.close(figure)


def test_the_error_map_draws_wrong_points_in_their_true_colour():
    points = pd.DataFrame(
        {
            "long": [0.0, 1.0, 2.0, 3.0],
            "lat": [50.0, 51.0, 50.0, 51.0],
            "label": [11, 11, 12, 12],
            "predicted": [11, 12, 12, 12],
        }
    ).assign(correct=[True, False, True, True])
    figure, ax = plt.subplots()
    maps.error_map(ax, points, COUNTRIES)
    right, wrong = ax.collections
    assert len(right.get_offsets()) == 3
    assert wrong.get_offsets().tolist() == [[1.0, 51.0]]
    colours = maps.colours_of(points, len(COUNTRIES))
    assert to_hex(wrong.get_facecolor()[0]) == colours[11]
    plt.close(figure)


def test_country_accuracy_by_hand(make_record):
    path = make_record([{"lr": 0.1}], n_replicates=2)
    record = load_record(path)
    trial_id = record.trials["trial_id"].iloc[0]
    labels = np.array([0] * 4 + [1] * 2)
    hits = {0: [0, 0, 0, 9, 1, 1], 1: [0, 9, 9, 9, 1, 1]}
    pd.concat(
        pd.DataFrame(
            {
                "trial_id": trial_id,
                "replicate": r,
                "split": "test",
                "row_id": range(6),
                "label": labels,
                "predicted": predicted,
                "probability": 0.5,
            }
        )
        for r, predicted in hits.items()
    ).to_parquet(path / "predictions.parquet")
    table = class_accuracy.class_accuracy_table(
        record, trial_id, class_accuracy.describe_classes(record.manifest.data)
    )
    assert table["name"].tolist() == ["Albania", "Austria"]
    first = table.iloc[0]
    assert (first["accuracy"], first["n_points"], first["n"]) == (0.5, 4, 2)
    assert (first["smallest"], first["largest"]) == (0.25, 0.75)
    assert first["wilson_low"] == pytest.approx(0.150, abs=0.001)
    assert (table["low"] >= 0).all() and (table["high"] <= 1).all()
    figure, ax = plt.subplots()
    class_accuracy.draw_classes(ax, table)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Albania (4)", "Austria (2)"]
    plt.close(figure)


def test_what_is_missing_is_named(record):
    data, trial_id = record
    with pytest.raises(ValueError, match="trial_id must be one of the record's, got 'none'"):
        map_data.plane_of(data, "none")
    with pytest.raises(ValueError, match="no predictions of trial"):
        map_data.placed_points(data, trial_id, replicate=7)
    Path(data.path / "checkpoints" / f"{trial_id}.pt").unlink()
    with pytest.raises(ValueError, match="a map needs the trial's checkpoint"):
        map_data.plane_of(data, trial_id)


MAPS = [
    {"kind": f"analysis.figures.map_kinds:{kind}", "name": name, "title": "T", "by": []}
    for kind, name in (("draw_map", "implicit-maps"), ("draw_error_map", "implicit-errors"))
]


@pytest.fixture
def mapped(record):
    """The record as one of a study that shows maps, with its artifacts beside its own tables."""
    data, _ = record
    manifest = json.loads((data.path / "manifest.json").read_text())
    study = manifest["study"] | {"name": "implicit", "figures": MAPS}
    hooks = STUDIES["implicit"].artifacts
    content = json.dumps(manifest | {"study": study, "artifacts": dict.fromkeys(hooks, WRITTEN)})
    Path(data.path / "manifest.json").write_text(content)
    data = load_record(data.path)
    for name, hook in hooks.items():
        write_artifact(data.path, name, load_object(hook)(data))
    return data


def svg(drawn):
    buffer = io.BytesIO()
    with style.look():
        drawn.figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


@pytest.mark.parametrize("draw, spec", [(draw_map, MAPS[0]), (draw_error_map, MAPS[1])])
def test_maps_of_artifacts_are_those_of_the_checkpoint_and_the_data(mapped, draw, spec):
    assert mapped.artifact("map-planes") is not None
    kept = draw(spec, mapped)
    shutil.rmtree(mapped.path / "artifacts")
    computed = draw(spec, mapped)
    pd.testing.assert_frame_equal(kept.numbers, computed.numbers)
    assert svg(kept) == svg(computed)


def test_grids_are_small_numbers(mapped):
    planes = pq.read_table(Path(mapped.path / "artifacts" / "map-planes.parquet"))
    assert str(planes.schema.field("labels").type) == "list<element: int16>"
    assert mapped.artifact("map-points")["label"].dtype == "int16"


def test_a_report_with_maps_needs_neither_torch_nor_the_trainables(mapped, europe, tmp_path):
    shutil.rmtree(mapped.path / "checkpoints")
    arguments = ["sweepbook", "report", str(mapped.path), "--project", str(ROOT)]
    code = (
        f"import sys; sys.argv = {[*arguments, '--out', str(tmp_path / 'out')]}\n"
        "from sweepbook.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {name.split('.')[0] for name in sys.modules} & {'torch', 'ray', 'trainables'}\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    for spec in MAPS:
        assert (tmp_path / "out" / "figures" / f"{spec['name']}.svg").is_file()


def test_a_study_without_a_map_to_show_has_no_grids(record):
    with pytest.raises(ValueError, match="no map of the study has a trial to show"):
        map_data.plane_table(record[0])


def test_33_colours_differ_for_every_eye():
    apart = seen_distances(distinct_colours(33))
    np.fill_diagonal(apart, np.inf)
    assert apart.min() > 0.05  # about 2.5 times what is just noticeable in Oklab
    with pytest.raises(ValueError, match="asked for 5000"):
        distinct_colours(5000)


def test_neighbouring_countries_differ_clearly_and_the_choice_repeats():
    random = np.random.default_rng(1)
    labels = np.repeat(np.arange(33), 30)
    centres = np.stack([labels % 6, labels // 6], axis=1) * 4.0 + [0.0, 40.0]
    points = centres + random.uniform(-2, 2, (len(labels), 2))
    colours = map_colours(points, labels, 33)
    assert colours == map_colours(points, labels, 33)
    assert len(set(colours)) == 33
    apart = seen_distances(np.array([to_rgb(c) for c in colours]))
    near = neighbours(points, labels, 33) > 0
    assert near.sum() > 60 and np.array_equal(near, near.T)
    assert apart[near].min() > 0.10
    order = random.permutation(len(labels))
    assert map_colours(points[order], labels[order], 33) == colours


def test_colours_match_published_values():
    # Ottosson (2020): white is (1, 0, 0); white, black and grey look alike to every eye
    grey = np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    assert seen_distances(grey)[0, 1] == pytest.approx(1.0, abs=1e-3)
    red_green = np.array([[0.85, 0.0, 0.0], [0.42, 0.42, 0.0]])
    assert seen_distances(red_green)[0, 1] < 0.12  # confused by protanopes


def test_a_report_says_which_map_s_checkpoint_cannot_be_read(mapped, tmp_path):
    shutil.rmtree(mapped.path / "artifacts")
    for file in (Path(mapped.path) / "checkpoints").iterdir():
        file.write_bytes(b"PK\x03\x04 damaged")
    project = project_at(str(Path(__file__).parents[2]))
    with pytest.warns(RuntimeWarning, match="Not drawn"):
        page = write_report(load_record(mapped.path), tmp_path / "out", project=project)
    assert page.read_text().count("Not drawn: ") >= 1
