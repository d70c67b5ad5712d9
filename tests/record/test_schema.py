"""What a manifest may say: each value is checked where it is read, and named where it is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sweepbook.record.load import load_record, read_manifest
from sweepbook.record.storage.places import place
from sweepbook.record.writer import RecordWriter

BEFORE = Path(__file__).parent / "version_before"
DELETED = object()


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BEFORE, tmp_path / "toy"))


def edit(record: Path, path: str, value: Any) -> None:
    content = json.loads((record / "manifest.json").read_text())
    *names, last = path.split(".")
    target = content
    for name in names:
        target = target[int(name) if isinstance(target, list) else name]
    at = int(last) if isinstance(target, list) else last
    if value is DELETED:
        del target[at]
    else:
        target[at] = value
    (record / "manifest.json").write_text(json.dumps(content))


def refusal(record: Path) -> str:
    with pytest.raises(ValueError) as caught:
        load_record(record)
    said = str(caught.value)
    assert said.startswith(str(record)) and "\n" not in said and len(said) < 400
    return said.removeprefix(str(record))


WRONG = [
    ("schema_version", True), ("schema_version", 2), ("study", DELETED), ("study", []),
    ("study.metric.name", None), ("study.metric.mode", "best"), ("study.fidelity.unit", 3),
    ("study.replicates", 10**9), ("study.seed", -1), ("study.claims", {"a": 1}),
    ("study.claims.0.smallest", float("nan")), ("study.claims.0.arms", [1]),
    ("seed", 2**63), ("seed", 1.5), ("n_replicates", 10**9), ("n_replicates", "2"),
    ("scale", float("inf")), ("versions", []), ("versions.ray", 2), ("files", {"a": 1}),
    ("trials", {"a": 1}), ("trials.0", None), ("trials.0.trial_id", "../x"),
    ("trials.0.trial_id", "a\0"), ("trials.0.trial_id", DELETED), ("trials.0.config", []),
    ("trials.0.n_replicates", 10**9), ("trials.0.max_fidelity", 0), ("trials.0.cpus", -1),
    ("trials.0.cost_s", float("inf")), ("trials.0.stacked", 1), ("trials.0.trainable", 3),
    ("sessions.0.wall_s", "long"), ("sessions.0", {}), ("data.overlap", float("nan")),
    ("data.rows", ["many"]), ("data.class_names", ["a"]), ("status", "done"),
    ("search", {"space": {"lr": {"kind": "float"}}}), ("n_trials", {"finished": -1}),
    ("record_digest", 3), ("taken", {"../x": "r"}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), WRONG)
def test_a_value_of_the_wrong_type_or_out_of_range_is_named(
    record: Path, path: str, value: Any
) -> None:
    edit(record, path, value)
    said = refusal(record)
    named = path.replace(".0", "[0]")
    assert named in said or named.rpartition(".")[0] in said


TEXTS = [
    ('"seed": 0, "seed": 1', "'seed' twice"),
    ('"x": ' + "[" * 3000 + "]" * 3000, "levels"),
    ('"x": ' + "[" * 100 + "]" * 100, "levels"),
    ('"x": "\\ud800"', "x is no text"),
    ('"x": {"a\\udc00": 1}', "x is no text"),
    ('"x": [' + "9" * 30 + "]", "x[0] is a whole number beyond 64 bits"),
    ('"x": ' + "9" * 5000, "JSON"),
    ('"x": "' + "a" * 1_000_001 + '"', "letters"),
]


@pytest.mark.parametrize(("text", "said"), TEXTS, ids=range(len(TEXTS)))
def test_what_no_table_could_hold_is_refused(record: Path, text: str, said: str) -> None:
    whole = (record / "manifest.json").read_text().rstrip()
    (record / "manifest.json").write_text(f"{whole[:-1]}, {text}}}")
    assert said in refusal(record)


def test_a_manifest_that_is_no_utf_8_is_refused(record: Path) -> None:
    content = (record / "manifest.json").read_bytes()
    (record / "manifest.json").write_bytes(content.replace(b'"seed"', b'"\xff\xfe"', 1))
    assert "JSON" in refusal(record)


def test_a_trial_that_stands_there_twice_is_refused(record: Path) -> None:
    trials = json.loads((record / "manifest.json").read_text())["trials"]
    edit(record, "trials", [*trials, trials[0]])
    assert trials[0]["trial_id"] in refusal(record)


def test_a_name_of_a_file_that_is_no_utf_8_may_stand_in_a_command(record: Path) -> None:
    edit(record, "command", ["sweepbook", "run", "caf\udce9.py"])
    assert load_record(record).manifest.command[2] == "caf\udce9.py"


LATER = {
    "of_later": {"a": 1}, "study.of_later": [1], "study.metric.of_later": 2,
    "study.claims.0.of_later": 3, "trials.1.of_later": 4, "data.of_later": 5,
}  # fmt: skip


def test_keys_of_a_later_version_are_kept_by_whoever_goes_on_with_the_record(record: Path) -> None:
    for path, value in LATER.items():
        edit(record, path, value)
    read = read_manifest(place(record))
    RecordWriter(record, read, as_read=True).close()
    again = json.loads((record / "manifest.json").read_text())
    for path, value in LATER.items():
        found: Any = again
        for name in path.split("."):
            found = found[int(name) if isinstance(found, list) else name]
        assert found == value, path
    assert again["study"] == json.loads((record / "manifest.json").read_text())["study"]
