import io
import json

import pytest
from rich.console import Console

from search_spaces import STUDIES
from sweepbook.commands.extend import extend
from sweepbook.commands.resume import resume
from sweepbook.commands.training import new_folders
from sweepbook.plan.manifest import changes_since, new_manifest
from sweepbook.plan.modules.shipping import import_paths
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.record.load import load_record
from sweepbook.record.storage.places import place
from sweepbook.record.writer import RecordWriter


def write_record(folder, study, options):
    plan = make_plan(study, options)
    manifest = new_manifest(plan, options, [], import_paths([study]))
    out = RecordWriter(folder, manifest)
    out.close()
    return folder


@pytest.fixture
def record(toy_file, tmp_path):
    """A record of the toy study whose trials have not been trained."""
    return write_record(tmp_path / "records" / "toy", load_studies([str(toy_file)])[0], Options())


def content(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def quiet():
    return Console(file=io.StringIO())


def test_nothing_has_changed_since_a_record_was_made(record):
    assert changes_since(load_record(record).manifest) == []


def test_resume_refuses_other_versions_and_leaves_the_record_untouched(record):
    manifest = json.loads((record / "manifest.json").read_text())
    manifest["versions"]["torch"] = "1.0"
    (record / "manifest.json").write_text(json.dumps(manifest))
    before = content(record)
    with pytest.raises(ValueError, match=r"torch: 1\.0 .*, 2\.\S+ now.*--force"):
        resume(record, console=quiet())
    assert content(record) == before


def test_resume_refuses_changed_code_of_the_trainable(record, toy_file):
    toy_file.write_text(toy_file.read_text().replace("% 97", "% 96"))
    before = content(record)
    with pytest.raises(ValueError, match="code has changed .*--force"):
        resume(record, console=quiet())
    with pytest.raises(ValueError, match="code has changed .*--force"):
        extend(record, Options(replicates=9), console=quiet())
    assert content(record) == before


def test_resume_refuses_changed_data(tmp_path, write_cities):
    sizes = {"train": 200, "validation": 50, "test": 50}
    data = write_cities(tmp_path / "europe", sizes)
    folder = write_record(tmp_path / "record", STUDIES["epochs"], Options(data=str(data)))
    assert changes_since(load_record(folder).manifest) == []
    lines = (data / "test.csv").read_text().splitlines()
    (data / "test.csv").write_text("\n".join(lines[:-1]) + "\n")
    before = content(folder)
    with pytest.raises(ValueError, match="data: [0-9a-f]{12} .*, [0-9a-f]{12} now"):
        resume(folder, console=quiet())
    assert content(folder) == before


def test_a_changed_file_of_a_setting_is_told(counted, tmp_path):
    weights = tmp_path / "weights.pth"
    weights.write_bytes(b"then")
    folder = write_record(
        tmp_path / "record", counted, Options(optional={"weights": str(weights)})
    )
    manifest = load_record(folder).manifest
    assert manifest.overrides["weights"] == str(weights)
    assert changes_since(manifest) == []
    weights.write_bytes(b"now")
    with pytest.raises(ValueError, match="weights.pth: [0-9a-f]{12} .*, [0-9a-f]{12} now"):
        resume(folder, console=quiet())
    weights.unlink()
    (change,) = changes_since(manifest)
    assert "weights.pth: read for the record, missing now" in change


def test_a_taken_name_gets_a_suffix_and_nothing_is_overwritten(tmp_path):
    (tmp_path / "epochs").mkdir()
    (tmp_path / "epochs-2").mkdir()
    names = ["epochs", "epochs", "other"]
    folders = [f.name for f in new_folders(place(tmp_path), names)]
    assert folders == ["epochs-3", "epochs-4", "other"]
