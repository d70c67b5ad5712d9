"""Claims that change after a record was begun: what each command does with them."""

import io
import json
import subprocess
import sys
import textwrap

import pytest
from rich.console import Console

from sweepbook import cli, higher
from sweepbook.commands import training
from sweepbook.commands.extend import extend
from sweepbook.commands.judging.later import with_claims_of
from sweepbook.commands.resume import resume
from sweepbook.commands.run import run_studies
from sweepbook.notebook.record import load_record
from sweepbook.pages.studies.claims import claims_of
from sweepbook.plan.modules.code import whole_code_sha256
from sweepbook.plan.options import Options
from sweepbook.plan.studies import load_studies
from sweepbook.record.registration import claim_hashes
from sweepbook.tune.worker.run import Assignment, reports

STUDY = """
    from sweepbook import Fidelity, Metric, Study, higher

    def train(config):
        for n in range(1, config["rounds"] + 1):
            yield {"round": n, "val_acc": config["slope"] * n + config["seed"] % 7 / 100}

    def describe(config):
        return {"name": "none", "sha256": "d4", "rows": {}}

    CLAIMS = [
        higher("val_acc", {"slope": 2.0}, than={"slope": 1.0}, by=0.1, because="x", name="steep"),
    ]
    TOY = Study(
        name="toy", question="Which slope?", trainable="MODULE:train", data="MODULE:describe",
        metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"),
        grid={"slope": (1.0, 2.0)}, fixed={"rounds": 3}, replicates=3, claims=CLAIMS,
    )
"""
LATE = 'higher("val_acc", {"slope": 1.0}, than=0.5, by=0.1, because="x", name="late"),'


@pytest.fixture
def study_file(toy_file):
    toy_file.write_text(textwrap.dedent(STUDY).replace("MODULE", toy_file.stem))
    return toy_file


@pytest.fixture(autouse=True)
def trained(monkeypatch):
    """Trains in this process; a list of the trials that were."""
    ids = []

    def train(plans, writers, **rest):
        for plan, writer in zip(plans, writers, strict=True):
            for trial in plan.trials:
                if writer.trials[trial.trial_id]["status"] != "finished":
                    job = Assignment(trial, [str(writer.folder)], list(rest["import_paths"]))
                    for report in reports(job):
                        writer.add_rows(trial.trial_id, report["rows"])
                    ids.append(trial.trial_id)
                    writer.end_trial(trial.trial_id)

    monkeypatch.setattr(training, "train", train)
    return ids


@pytest.fixture
def run(study_file, tmp_path):
    def call():
        sys.modules.pop(study_file.stem, None)
        console = Console(file=io.StringIO(), width=500)
        studies = load_studies([str(study_file)])
        (folder,) = run_studies(studies, storage=tmp_path / "records", console=console)
        return folder

    return call


def edit(file, old, new):
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))
    sys.modules.pop(file.stem, None)


def said(call, *arguments):
    console = Console(file=io.StringIO(), width=500)
    ended = call(*arguments, console=console)
    return console.file.getvalue(), list(ended)


def test_a_new_record_registers_its_claims(run):
    manifest = load_record(run()).manifest
    assert manifest.registration.claims == claim_hashes(manifest.study.claims)
    assert manifest.registration.at == manifest.started
    assert manifest.registration.commit is None, "its folder is no repository"


def test_a_resume_goes_on_with_the_record_s_claims_and_names_the_others(run, study_file):
    folder = run()
    assert "declares" not in said(resume, folder)[0]
    edit(study_file, "CLAIMS = [", f"CLAIMS = [\n    {LATE}")
    text, _ = said(resume, folder)
    assert "1 claim" in text and "late" in text and "--claims" in text
    assert [claim.name for claim in load_record(folder).manifest.study.claims] == ["steep"]


def test_a_resume_refuses_changed_training_as_before(run, study_file):
    folder = run()
    edit(study_file, '["slope"] * n', '["slope"] * n + 1')
    with pytest.raises(ValueError, match="the trainable's code has changed"):
        said(resume, folder)


def test_a_record_of_an_earlier_version_is_resumed_by_the_hash_of_the_whole_file(run, study_file):
    folder = run()
    path = folder / "manifest.json"
    content = json.loads(path.read_text())
    content["code_sha256"] = whole_code_sha256(study_file.stem)
    del content["registration"]
    (study_file.parent / "records" / "toy" / "manifest.json").write_text(json.dumps(content))
    said(resume, folder)
    assert load_record(folder).findings().set_index("name")["declared"].isna().all()
    edit(study_file, "CLAIMS = [", f"CLAIMS = [\n    {LATE}")
    with pytest.raises(ValueError, match="the trainable's code has changed"):
        said(resume, folder)


def test_an_extension_keeps_what_was_registered(run, study_file):
    folder = run()
    edit(study_file, "by=0.1", "by=0.3")
    _, (new,) = said(extend, folder, Options(replicates=4))
    before, after = load_record(folder).manifest, load_record(new).manifest
    assert after.study.claims == before.study.claims
    assert after.registration == before.registration
    assert load_record(new).findings().set_index("name")["declared"]["steep"] == "before"


def test_a_new_record_of_reused_trials_tells_old_claims_from_new_ones(run, study_file, trained):
    run()
    assert len(trained) == 2
    edit(study_file, "CLAIMS = [", f"CLAIMS = [\n    {LATE}")
    again = run()
    assert len(trained) == 2, "a claim costs no training"
    findings = load_record(again).findings().set_index("name")["declared"]
    assert (findings["steep"], findings["late"]) == ("before", "after")


@pytest.fixture
def report(monkeypatch, capsys, tmp_path):
    """report(arguments) -> exit code, stdout, stderr, findings by name."""
    monkeypatch.setenv("COLUMNS", "500")

    def call(*arguments):
        words = ["sweepbook", "report", *map(str, arguments), "--out", str(tmp_path / "report")]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as ending:
            cli.main()
        printed = capsys.readouterr()
        return ending.value.code or 0, printed.out, printed.err

    return call


def findings_of(tmp_path):
    import pandas as pd

    frame = pd.read_csv(tmp_path / "report" / "findings.csv")
    return frame.set_index("name")["declared"].to_dict()


def test_a_report_judges_the_claims_of_a_file(run, study_file, report, tmp_path):
    folder = run()
    edit(study_file, "CLAIMS = [", f"CLAIMS = [\n    {LATE}")
    code, out, err = report(folder, "--claims", study_file)
    assert code == 0 and not err
    assert "1 claim is judged as declared after the training began: late" in out
    found = findings_of(tmp_path)
    assert (found["steep"], found["late"]) == ("before", "after")
    page = (tmp_path / "report" / "report.md").read_text()
    assert page.count("declared after the training began") == 1
    assert [claim.name for claim in load_record(folder).manifest.study.claims] == ["steep"]


def test_a_changed_or_dropped_claim_does_not_replace_the_registered_one(
    run, study_file, report, tmp_path
):
    folder = run()
    edit(study_file, "by=0.1", "by=0.3")
    code, out, _ = report(folder, "--claims", study_file)
    assert code == 0 and "steep said something else, and is judged, too" in out
    found = findings_of(tmp_path)
    assert (found["steep"], found["steep-changed"]) == ("before", "after")
    edit(study_file, 'by=0.3, because="x", name="steep"', 'by=0.3, because="x", name="other"')
    report(folder, "--claims", study_file)
    found = findings_of(tmp_path)
    assert (found["steep"], found["other"]) == ("before", "after")


def test_words_that_decide_nothing_are_taken_from_the_file(run, study_file):
    folder = run()
    edit(study_file, 'name="steep"', 'name="steep", remedy="Train it."')
    edit(study_file, "claims=CLAIMS", "claims=CLAIMS, answers=\"{{ f('steep').name }} is told.\"")
    said = []
    (record,) = with_claims_of([load_record(folder)], str(study_file), None, said.append)
    assert [claim.remedy for claim in record.manifest.study.claims] == ["Train it."]
    assert record.manifest.study.answers.endswith("is told.")
    assert "declares all of these claims itself" in said[0]
    assert claims_of(record).answers == ["steep is told."]


def test_a_report_without_other_claims_says_so(run, study_file, report):
    code, out, _ = report(run(), "--claims", study_file)
    assert code == 0 and "declares all of these claims itself" in out


@pytest.mark.parametrize(
    "old, new, word",
    [
        ('"val_acc", {"slope": 1.0}, than=0.5', '"val_los", {"slope": 1.0}, than=0.5', "val_los"),
        ('{"slope": 1.0}, than=0.5', '{"slope": 3.0}, than=0.5', "slope=3.0"),
        ('{"slope": 1.0}, than=0.5', '{"slop": 1.0}, than=0.5', "did you mean 'slope'"),
        ('than=0.5, by=0.1, because="x"', 'than=0.5, by=0.1, because=""', "because"),
        ("than=0.5, by=0.1", "than=0.5, fidelity=9, by=0.1", "round 9"),
        (
            'name="late"',
            'name="late"), higher("val_acc", {}, than=1, by=0, because="x"',
            "2 trials",
        ),
        ('name="toy"', 'name="other"', "no record is of such a study"),
        ('fixed={"rounds": 3}', "fixed=3", "fixed"),
    ],
)
def test_a_claim_that_does_not_fit_is_refused(run, study_file, report, tmp_path, old, new, word):
    folder = run()
    edit(study_file, "CLAIMS = [", f"CLAIMS = [\n    {LATE}")
    edit(study_file, old, new)
    code, out, err = report(folder, "--claims", study_file)
    assert code == 2 and word in err and "Traceback" not in err
    assert not (tmp_path / "report").exists()


def test_a_notebook_adds_claims_to_a_record(run):
    record = load_record(run())
    late = higher("val_acc", {"slope": 1.0}, than=0.5, by=0.1, because="x", name="late")
    found = record.with_claims([late, *record.manifest.study.claims]).findings()
    assert found.set_index("name")["declared"].dropna().to_dict() == {
        "steep": "before",
        "late": "after",
    }
    with pytest.raises(ValueError, match="'los', which toy does not have"):
        record.with_claims([higher("los", {"slope": 1.0}, than=0.5, by=0.1, because="x")])


SEARCH = """
    from sweepbook import Fidelity, Metric, Search, Study, lower

    def train(config):
        yield {"epoch": 1, "val_loss": 1.0}

    SEARCH = Study(
        name="tuned", question="?", trainable="MODULE:train", metric=Metric("val_loss", "min"),
        fidelity=Fidelity("epoch", "epochs"), grid={"batch_norm": [True, False]},
        search=Search(space="MODULE:space", n_trials=2, confirm_claims=[
            lower("val_loss", {"batch_norm": True}, than={"batch_norm": False}, by=0, because="x"),
        ]),
    )
"""


def test_a_confirmation_is_judged_by_what_the_search_claims_for_it(toy_file, make_record):
    toy_file.write_text(textwrap.dedent(SEARCH).replace("MODULE", toy_file.stem))
    confirms = {"record": "tuned", "seed": 1, "by": ["batch_norm"], "trials": []}
    configs = [{"batch_norm": True}, {"batch_norm": False}]
    trials = [{"config": config, "trial_id": f"{i}"} for i, config in enumerate(configs)]
    whole = {"trainable": "x:y", "stacked": False, "seed": 0, "n_replicates": 3, "unit": "epoch"}
    whole |= {"max_fidelity": 8, "metric": "val_loss", "cpus": 1, "gpus": 0, "cost_s": 1.0}
    folder, other = (
        make_record(
            configs, name=name, at=f"records/{name}", trials=[whole | trial for trial in trials],
            confirms=confirms,
        )
        for name in ("tuned-confirm", "another")
    )  # fmt: skip
    record, untouched = with_claims_of(
        [load_record(folder), load_record(other)], str(toy_file), None
    )
    (claim,) = record.manifest.study.claims
    assert (claim.metric, record.manifest.declared(claim)) == ("val_loss", "after")
    assert untouched.manifest.study.claims == ()


def test_a_file_that_is_not_there_is_named(run, report):
    code, _, err = report(run(), "--claims", "nowhere.py")
    assert code == 2 and "nowhere.py" in err


def test_the_commit_is_that_of_the_study_s_own_repository(run, study_file):
    def git(*words):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        done = ["git", "-C", str(study_file.parent), *identity, *words]
        return subprocess.run(done, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    git("add", study_file.name)
    git("commit", "-qm", "a study")
    commit = git("rev-parse", "HEAD")
    assert load_record(run()).manifest.registration.commit == commit
    edit(study_file, "by=0.1", "by=0.3")
    assert load_record(run()).manifest.registration.commit == f"{commit}+changes"
