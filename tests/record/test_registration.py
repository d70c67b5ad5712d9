"""A claim counts as declared before the training only where the record can show it."""

import dataclasses
import json
from dataclasses import replace

import pytest

from sweepbook import Claim, higher, lower, same
from sweepbook.findings.evaluate import evaluate
from sweepbook.pages.report import write_report
from sweepbook.pages.studies.claims import claims_of
from sweepbook.record.cache import take_known_trials
from sweepbook.record.load import load_record
from sweepbook.record.manifest import manifest_of
from sweepbook.record.registration import Registration, claim_hashes, claim_sha256
from sweepbook.study.read import built
from tests.record import test_cache
from tests.record.test_cache import writer

storage = test_cache.storage
ON, OFF = {"batch_norm": True}, {"batch_norm": False}
SIZE = {"by": 0.005, "because": "half a point"}
CLAIM = higher("val_acc", ON, than=OFF, name="on-helps", labels=["on", "off"], **SIZE)
OTHER = lower("val_acc", ON, than=0.95, name="not-all", **SIZE)
AT = "2026-01-01T10:00:00+00:00"


def plain(claim):
    return json.loads(json.dumps(dataclasses.asdict(claim)))


def test_the_hash_of_a_claim_is_that_of_what_it_says():
    assert claim_sha256(built(Claim, plain(CLAIM))) == claim_sha256(CLAIM)
    earlier = {k: v for k, v in plain(CLAIM).items() if k != "single_run"}
    assert claim_sha256(built(Claim, earlier)) == claim_sha256(CLAIM), "of an earlier version"
    changes = (
        *({"smallest": 0.004}, {"reason": "x"}, {"statement": "x"}, {"labels": ("a", "b")}),
        *({"direction": "lower"}, {"arms": (OFF, ON)}, {"fidelity": "last"}, {"name": "n"}),
        *({"arms": ({"batch_norm": 1}, OFF)}, {"family": "f"}, {"metric": "val_loss"}),
    )
    remedied = replace(CLAIM, remedy="Train it.")
    assert claim_sha256(remedied) == claim_sha256(CLAIM), "a remedy decides nothing"
    titled = replace(CLAIM, title="Wide is better")
    assert claim_sha256(titled) == claim_sha256(CLAIM), "nor does a title"
    assert len({claim_sha256(replace(CLAIM, **change)) for change in changes}) == len(changes)
    assert claim_sha256(CLAIM) not in {claim_sha256(replace(CLAIM, **one)) for one in changes}


@pytest.fixture
def record_with(planted):
    """record_with(claims, registration) -> a record with both claims' numbers."""

    def make(declared, **registration):
        values = {"val_acc": [[0.90, 0.91, 0.90], [0.80, 0.81, 0.80]]}
        found = {"registration": registration} if registration else {}
        return planted([ON, OFF], [plain(one) for one in declared], values, **found)

    return make


def declared(record):
    return {finding.name: finding.declared for finding in evaluate(record)}


def test_a_finding_says_whether_its_claim_was_declared_before(record_with):
    record = record_with([CLAIM, OTHER], claims=claim_hashes([CLAIM]), at=AT)
    found = {finding.name: finding for finding in evaluate(record)}
    assert found["on-helps"].declared == "before" and found["not-all"].declared == "after"
    assert "declared after the training began" in found["not-all"].sentence
    assert "declared after" not in found["on-helps"].sentence
    own = [finding for finding in found.values() if finding.name not in ("on-helps", "not-all")]
    assert own and {finding.declared for finding in own} == {None}


def test_a_claim_that_somebody_changes_in_the_manifest_is_no_registered_one(record_with):
    changed = replace(CLAIM, smallest=0.001)
    record = record_with([changed], claims=claim_hashes([CLAIM]), at=AT)
    assert declared(record)["on-helps"] == "after"


def test_of_a_record_of_an_earlier_version_nobody_can_say(record_with):
    assert declared(record_with([CLAIM]))["on-helps"] is None


def test_late_claims_are_counted_apart_and_the_page_names_the_hash(record_with, tmp_path):
    claims = [CLAIM, OTHER]
    registration = Registration(claims=claim_hashes([CLAIM]), at=AT, commit="abc+changes")
    record = record_with(claims, **dataclasses.asdict(registration))
    found = claims_of(record)
    assert [verdict for verdict, _ in found.declared] == ["holds"]
    assert [verdict for verdict, _ in found.late] == ["holds"]
    page = write_report(record, tmp_path / "report").read_text(encoding="utf-8")
    assert registration.sha256 in page and "abc+changes" in page
    assert "declared after the training began" in (tmp_path / "report/report.md").read_text()
    assert "after" in (tmp_path / "report/findings.csv").read_text()


def test_a_manifest_keeps_it(record_with):
    manifest = record_with([CLAIM], claims=claim_hashes([CLAIM]), at=AT).manifest
    again = manifest_of(json.loads(json.dumps(manifest.as_json())))
    assert again.registration == manifest.registration


ROUNDS = same("val_acc", {"rounds": 2}, 1.0, within=0.1, because="x", name="rounds")


def said(manifest):
    """Of its first claim, whether it was declared before the training."""
    return manifest.declared(manifest.study.claims[0])


ABSENT = same("val_acc", {"rounds": 3}, 1.0, within=0.1, because="x", name="absent")


def with_claims(folder, trial_id, claims, registered=None, **changes):
    study = {
        "name": "toy",
        "metric": {"name": "val_acc", "mode": "max"},
        "fidelity": {"unit": "round", "setting": "rounds"},
        "claims": [plain(one) for one in claims],
    }
    if registered is not None:
        changes["registration"] = {"claims": claim_hashes(registered), "at": AT}
    return writer(folder, *trial_id, study=study, **changes)


@pytest.mark.parametrize(
    "earlier, registered, kept",
    [
        ([], None, []),  # trials began before these claims were declared
        ([ROUNDS], None, ["rounds"]),  # an earlier version wrote it with its claims
        ([ROUNDS], [ROUNDS], ["rounds"]),
        ([ROUNDS], [], []),  # it was late there already
        ([replace(ROUNDS, smallest=0.2)], [replace(ROUNDS, smallest=0.2)], []),
    ],
)
def test_claims_about_reused_trials_are_as_old_as_these(
    storage,
    earlier,
    registered,
    kept,
):
    path = storage / "old" / "manifest.json"
    content = json.loads(path.read_text())
    content["study"]["claims"] = [plain(one) for one in earlier]
    if registered is not None:
        content["registration"] = {"claims": claim_hashes(registered), "at": AT}
    path.write_text(json.dumps(content))
    new = with_claims(storage / "new", ["a"], [ROUNDS, ABSENT], [ROUNDS, ABSENT])
    assert take_known_trials([new])[0] == {"a": "old"}
    new.close()
    manifest = load_record(storage / "new").manifest
    assert sorted(manifest.registration.claims) == kept
    assert said(manifest) == ("before" if kept else "after")


def test_where_nothing_is_reused_all_claims_stay_registered(storage):
    new = with_claims(storage / "new", ["c"], [ROUNDS], [ROUNDS])
    assert take_known_trials([new])[0] == {}
    new.close()
    assert said(load_record(storage / "new").manifest) == "before"


def test_claims_about_other_trials_alone_stay_registered(storage):
    new = with_claims(storage / "new", ["a", "c"], [ROUNDS], [ROUNDS])
    trials = [
        replace(trial, config={"rounds": 9 if trial.trial_id == "a" else 2})
        for trial in new.manifest.trials
    ]
    new.note(trials=tuple(trials))
    assert take_known_trials([new])[0] == {"a": "old"}
    assert said(new.manifest) == "before"
    new.close()


@pytest.mark.parametrize(
    "changes",
    [{"stacked": True}, {"metric": "val_loss"}, {"cpus": 2}, {"gpus": 1}, {"max_fidelity": 3}],
)
def test_nothing_is_reused_that_was_trained_in_another_way(storage, changes):
    new = writer(storage / "new", "a")
    new.note(trials=tuple(replace(trial, **changes) for trial in new.manifest.trials))
    assert take_known_trials([new]) == ({}, [])
    new.close()


def test_the_hash_of_an_earlier_version_lets_trials_be_reused(storage):
    new = writer(storage / "new", "a", code_sha256="of parts")
    assert take_known_trials([new]) == ({}, [])
    assert take_known_trials([new], ["abc"]) == ({"a": "old"}, [])
    new.close()
