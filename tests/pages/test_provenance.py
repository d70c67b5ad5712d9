"""The rows of a report that say where its record comes from."""

from sweepbook.pages.studies.provenance import provenance
from sweepbook.record.load import load_record

CONFIGS = [{"lr": 0.1}, {"lr": 0.01}]


def rows(make_record, at="records/demo", **changes):
    return dict(provenance(load_record(make_record(CONFIGS, at=at, **changes))))


def resumed(day, *changes):
    at = f"2026-01-0{day}T10:00:00+00:00"
    return {"at": at, "command": ["sweepbook", "run", "--resume"], "changes": list(changes)}


def test_a_record_says_when_and_how_often_it_was_resumed(make_record):
    assert "Resumed" not in rows(make_record, "records/whole")
    once = rows(make_record, "records/once", resumed=[resumed(2)])["Resumed"]
    assert "once" in once and "2026-01-02T10:00:00+00:00" in once and "--force" not in once
    change = "torch: 2.14.0 in the record, 2.15.0 now"
    twice = rows(make_record, "records/twice", resumed=[resumed(2), resumed(3, change)])["Resumed"]
    assert "2 times" in twice and all(f"2026-01-0{day}T10" in twice for day in (2, 3))
    assert f"--force accepted: {change}" in twice


def test_the_first_training_of_an_extension_is_no_resume(make_record):
    extends = {"record": "old", "kept": [], "continued": {}, "anew": []}
    first = rows(make_record, "records/first", extends=extends, resumed=[resumed(2)])
    assert "Resumed" not in first
    forced = resumed(2, "the trainable's code has changed")
    accepted = rows(make_record, "records/forced", extends=extends, resumed=[forced])
    assert "code has changed" in accepted["Extends"]
    second = rows(make_record, "records/second", extends=extends, resumed=[forced, resumed(3)])
    assert "once" in second["Resumed"] and "2026-01-02" not in second["Resumed"]


def test_the_scheduler_is_named_with_its_settings_and_rungs(make_record):
    assert "Scheduler" not in rows(make_record, "records/without")
    asha = {"grace_period": 2, "reduction_factor": 3, "max_t": 8, "brackets": 1}
    said = rows(make_record, "records/with", study={"scheduler": asha})["Scheduler"]
    assert "ASHA(grace_period=2, reduction_factor=3, max_t=8, brackets=1)" in said
