"""The hash of a trainable's code sees every file that its numbers come from."""

import sys

from sweepbook.provenance import code_sha256


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
    before = code_sha256("own_study")
    (tmp_path / "other.py").write_text("changed = 1\n")
    assert code_sha256("own_study") == before
    hashes = {before}
    for name in ("own_net.py", "own_parts/layers.py", "own_study.py"):
        (tmp_path / name).write_text(files[name] + "changed = 1\n")
        hashes.add(code_sha256("own_study"))
    assert len(hashes) == 4
    for name in ("own_study", "own_net"):
        sys.modules.pop(name)
