import json
import os
import shutil
import sys
import textwrap

import pandas as pd
import pytest
import typer

from sweepbook import Fidelity, Metric, Study, cli
from sweepbook.commands.arguments import enter_project
from sweepbook.commands.completeness import problems
from sweepbook.commands.verify import differences, sample, verify
from sweepbook.plan.manifest import new_manifest, recorded_plan
from sweepbook.plan.modules.shipping import import_paths
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.record.digest import record_digest
from sweepbook.record.load import load_record
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.worker.run import Assignment, reports
from tests.records import with_manifest
from tests.studies import TOY


@pytest.fixture
def record(toy_file, tmp_path):
    """The record of the toy study, trained in this process."""
    return train(load_studies([str(toy_file)])[0], tmp_path)


def train(study, tmp_path, **ending):
    plan = make_plan(study, Options())
    manifest = new_manifest(plan, Options(), [], import_paths([study]))
    folder = tmp_path / "records" / study.name
    out = RecordWriter(folder, manifest)
    for trial in plan.trials:
        for report in reports(Assignment(trial, [str(folder)], [])):
            out.add_rows(trial.trial_id, report["rows"])
        out.end_trial(trial.trial_id, **ending)
    out.close()
    return folder


def test_a_sound_record_holds(record):
    assert verify(record, n_trials=2, seed=0, most=None) == ([], 2)
    assert verify(record, n_trials=2, seed=0, most=1) == ([], 2)
    assert verify(record, n_trials=9, seed=0, most=1) == ([], 2), "it has no more"
    assert verify(record, n_trials=0, seed=0, most=None) == ([], 0)


@pytest.mark.parametrize(
    "n_trials, said",
    [
        (2, "2 of 2 trials were retrained and gave the recorded numbers"),
        (5, "2 of 2 trials were retrained and gave the recorded numbers (5 were asked for)"),
        (1, "1 of 2 trials was retrained and gave the recorded numbers; --trials 2 retrains all"),
        (0, "no trial was retrained; --trials 2 retrains all"),
    ],
)
def test_it_is_told_how_many_trials_of_all_were_trained(record, capsys, n_trials, said):
    cli.verify(str(record), n_trials, None, 0)
    printed = capsys.readouterr().out
    assert f"; {said}\n" in printed and "is sound" in printed


def test_what_a_trainable_prints_is_not_shown_between_the_lines_of_verify(
    tmp_path, monkeypatch, capfd
):
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "talks_much.py").write_text(textwrap.dedent("""
        import os
        def train(config):
            for n in (1, 2):
                os.write(2, b"an error's text")
                os.system("echo from a program")
                yield {"round": n, "loss": n}
    """))  # fmt: skip
    study = Study(name="talks", question="?", trainable="talks_much:train",
                  metric=Metric("loss", "min"), fidelity=Fidelity("round", "rounds"),
                  grid={"rounds": [2]}, replicates=1)  # fmt: skip
    folder = train(study, tmp_path)
    capfd.readouterr()
    assert verify(folder, n_trials=1, seed=0, most=None) == ([], 1)
    shown = capfd.readouterr()
    assert "retrained to round 2" in shown.err
    assert "from" not in shown.out and "text" not in shown.err


SEES = """
    import os
    def train(config):  # as torch does: without the variable it finds all that are there
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "2,5")
        yield {"round": 1, "n_seen": len([one for one in visible.split(",") if one])}
"""


@pytest.mark.parametrize(("gpus", "visible"), [(0, ""), (0.5, "5"), (1, "0"), (2, "2,5")])
def test_a_trial_that_is_retrained_sees_as_many_gpus_as_it_had(
    tmp_path, monkeypatch, capsys, gpus, visible
):
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "sees_gpus", raising=False)
    (tmp_path / "sees_gpus.py").write_text(textwrap.dedent(SEES))
    study = Study(name="sees", question="?", trainable="sees_gpus:train",
                  metric=Metric("n_seen", "max"), fidelity=Fidelity("round"),
                  grid={"n": [1]}, replicates=1, gpus=gpus)  # fmt: skip
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    folder = train(study, tmp_path)
    for here in (None, "GPU-a,GPU-b,GPU-c"):
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
        if here is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", here)
        cli.verify(str(folder), 1, None, 0)
        assert "is sound" in capsys.readouterr().out
        assert os.environ.get("CUDA_VISIBLE_DEVICES") == here
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def test_trials_that_were_retrained_in_part_are_said_to_be_so(record, capsys):
    cli.verify(str(record), 2, 1, 0)
    assert "2 of 2 trials were retrained up to round 1 and gave" in capsys.readouterr().out


def test_the_digest_is_printed_whether_the_record_holds_or_not(record, capsys):
    cli.verify(str(record), 0, None, 0)
    assert load_record(record).manifest.record_digest in capsys.readouterr().out
    table = pd.read_parquet(record / "reports.parquet")
    table.assign(val_acc=0.5).to_parquet(record / "reports.parquet")
    with pytest.raises(typer.Exit):
        cli.verify(str(record), 0, None, 0)
    assert record_digest(load_record(record)) in capsys.readouterr().out


def interrupted(record, trial_id):
    """The record, as if a trial had been begun before a resume and had ended after it."""
    trials = pd.read_parquet(record / "trials.parquet")
    times = {"started": "2026-01-01T10:00:00+00:00", "ended": "2026-01-01T10:00:09+00:00"}
    for name, time in times.items():
        trials[name] = time
        trials.loc[trials["trial_id"] != trial_id, name] = times["started"]
    trials.to_parquet(record / "trials.parquet")
    manifest = json.loads((record / "manifest.json").read_text())
    resumed = {"at": "2026-01-01T10:00:05+00:00", "command": [], "changes": []}
    (record / "manifest.json").write_text(json.dumps(manifest | {"resumed": [resumed]}))
    return load_record(record)


def test_trials_that_went_on_after_an_interruption_are_retrained_first(record):
    for trial_id in load_record(record).trials["trial_id"]:
        loaded = interrupted(record, trial_id)
        assert {tuple(sample(loaded, 1, seed)) for seed in range(9)} == {(trial_id,)}
        assert sorted(sample(loaded, 2, 0)) == sorted(loaded.trials["trial_id"])


@pytest.mark.parametrize("column", ["n_retries", "n_node_losses"])
def test_trials_that_were_tried_again_are_retrained_first(record, column):
    trials = pd.read_parquet(record / "trials.parquet")
    for trial_id in trials["trial_id"]:
        table = trials.assign(**{column: (trials["trial_id"] == trial_id).astype(int)})
        table.to_parquet(record / "trials.parquet")
        assert {*sample(load_record(record), 1, 0)} == {trial_id}


def test_a_trial_that_differs_says_whether_it_went_on_and_what_to_do(record, capsys):
    table = pd.read_parquet(record / "reports.parquet")
    table.assign(val_acc=0.5).to_parquet(record / "reports.parquet")
    one, other = load_record(record).trials["trial_id"]
    interrupted(record, one)
    lines, _ = verify(record, n_trials=2, seed=0, most=None)
    (of_one,) = [line for line in lines if line.startswith(f"trial {one} differs")]
    (of_other,) = [line for line in lines if line.startswith(f"trial {other} differs")]
    assert "went on after an interruption" in of_one
    assert "went on" not in of_other and "without an interruption" in of_other
    assert "`state`" in lines[-1] and "new record" in lines[-1]


def test_a_log_gets_one_plain_line_per_trial(record, capsys):
    verify(record, n_trials=2, seed=0, most=None)
    said = capsys.readouterr().err
    assert "\r" not in said and "\x1b" not in said
    ids = load_record(record).trials["trial_id"]
    lines = said.splitlines()
    assert len(lines) == 2 and all(any(i in line for line in lines) for i in ids)


def test_on_a_terminal_one_line_is_written_anew(record, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    verify(record, n_trials=1, seed=0, most=None)
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and said.count("\r") == 3, "once per round"


def test_a_record_of_stopped_trials_has_none_to_train(toy_file, tmp_path, capsys):
    folder = train(load_studies([str(toy_file)])[0], tmp_path, stopped="worse than half")
    cli.verify(str(folder), 5, None, 0)
    printed = capsys.readouterr().out
    assert "no trial was retrained, because" in printed


def test_trials_of_different_numbers_of_replicates_hold_and_are_planned_again(counted, tmp_path):
    folder = train(counted, tmp_path)
    record = load_record(folder)
    sizes = record.trials.set_index("config/model")["n_replicates"].to_dict()
    assert sizes == {"net": 3, "trees": 1}
    assert record.reports.groupby("trial_id").size().sort_values().to_list() == [7, 12]
    assert verify(folder, n_trials=2, seed=0, most=None) == ([], 2)
    again = recorded_plan(record.manifest)
    assert again.trials == make_plan(counted, Options()).trials
    assert (again.study.single, again.study.fidelity) == (counted.single, counted.fidelity)


def test_a_changed_number_is_found_by_the_digest_and_by_training(record):
    reports_file = record / "reports.parquet"
    table = pd.read_parquet(reports_file)
    table.loc[0, "val_acc"] += 1e-12
    table.to_parquet(reports_file)
    found, _ = verify(record, n_trials=2, seed=0, most=None)
    assert any("digest" in line for line in found)
    assert any("retrained: val_acc at replicate 0, round 1" in line for line in found)


def test_missing_rows_and_unended_trials_are_named(record):
    table = pd.read_parquet(record / "reports.parquet")
    table.iloc[1:].to_parquet(record / "reports.parquet")
    trials = pd.read_parquet(record / "trials.parquet")
    trials.loc[1, "status"] = "failed"
    trials.to_parquet(record / "trials.parquet")
    found = problems(load_record(record))
    assert any("lacks report rows" in line for line in found)
    assert any("is failed" in line for line in found)


def test_a_trial_that_gives_fewer_rows_or_columns_anew_differs(record):
    table = pd.read_parquet(record / "reports.parquet")
    more = table[table["round"] == table["round"].max()].assign(round=table["round"].max() + 1)
    pd.concat([table, more]).to_parquet(record / "reports.parquet")
    manifest = json.loads((record / "manifest.json").read_text())
    for trial in manifest["trials"]:
        trial["max_fidelity"] += 1
    (record / "manifest.json").write_text(json.dumps(manifest))
    loaded = load_record(record)
    trial_id = loaded.trials["trial_id"][0]
    assert dict(differences(loaded, [trial_id])) == {
        trial_id: "8 rows are recorded, but retraining gave 6"
    }
    table.assign(val_f1=0.5).to_parquet(record / "reports.parquet")
    said = dict(differences(load_record(record), [trial_id], most=1))[trial_id]
    assert said.startswith("val_f1 is recorded, but")


LISTS = """
    import numpy as np
    from sweepbook import Fidelity, Metric, Study

    CELLS = {
        "gaps": [None, 0.5], "texts": ["a", None], "flags": [True, None], "empty": [],
        "nested": [[0.5], [1.0, None]], "even": [[1, 2], [3, 4]], "wide": np.eye(2) / 3,
    }

    def train(config):
        for n in range(1, config["rounds"] + 1):
            yield {"round": n, "val_acc": 0.5, **(CELLS if n % 2 else {})}

    LISTS = Study(
        name="lists", question="?", trainable="MODULE:train", metric=Metric("val_acc", "max"),
        fidelity=Fidelity("round", "rounds"), fixed={"rounds": 3}, replicates=2,
    )
"""


def test_lists_of_all_kinds_are_compared(toy_file, tmp_path, monkeypatch):
    toy_file.write_text(textwrap.dedent(LISTS).replace("MODULE", toy_file.stem))
    (study,) = load_studies([str(toy_file)])
    folder = train(study, tmp_path)
    assert verify(folder, n_trials=1, seed=0, most=None) == ([], 1)
    cells = sys.modules[study.trainable.partition(":")[0]].CELLS
    for name, other, said in [
        ("gaps", [None, 0.25], "gaps at replicate 0, round 1: entry 1 is 0.5 in the record"),
        ("gaps", [0.5], "gaps at replicate 0, round 1: [nan, 0.5] in the record"),
        ("nested", [[0.5], [2.0, None]], "nested at replicate 0, round 1: entry 1 is "),
        ("empty", None, "empty at replicate 0, round 1: [] in the record, nan when"),
    ]:
        kept = cells[name]
        monkeypatch.setitem(cells, name, other)
        record = load_record(folder)
        ((_, found),) = differences(record, record.trials["trial_id"])
        assert said in found
        monkeypatch.setitem(cells, name, kept)


EVERY = """
    from sweepbook import Fidelity, Metric, Study

    def train(config):
        for n in range(1, config["rounds"] + 1):
            if n % 5 == 0 or n == config["rounds"]:
                yield {"round": n, "val_acc": n + config["seed"] % 97}

    EVERY = Study(
        name="every", question="?", trainable="MODULE:train", metric=Metric("val_acc", "max"),
        fidelity=Fidelity("round", "rounds"), grid={"rounds": (20, 22)}, replicates=2,
    )
"""


@pytest.fixture
def every_fifth(toy_file, tmp_path):
    """The record of a study that reports at 5, 10, 15, 20 and at its last round."""
    toy_file.write_text(textwrap.dedent(EVERY).replace("MODULE", toy_file.stem))
    return train(load_studies([str(toy_file)])[0], tmp_path)


@pytest.mark.parametrize("most", [None, 1, 5, 7, 21, 99])
def test_a_trial_may_report_every_fifth_step(every_fifth, most):
    assert sorted({*load_record(every_fifth).reports["round"]}) == [5, 10, 15, 20, 22]
    assert verify(every_fifth, n_trials=2, seed=0, most=most) == ([], 2)


def rewritten(record, change):
    """The record with another table of reports, and the digest of that."""
    table = pd.read_parquet(record / "reports.parquet")
    change(table).to_parquet(record / "reports.parquet")
    return [line for line in problems(load_record(record)) if "digest" not in line]


def test_replicates_may_end_before_others(every_fifth):
    assert not rewritten(every_fifth, lambda t: t[(t["replicate"] == 0) | (t["round"] <= 10)])


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda t: t[t["round"] < 20], "the last row is at 15, but the trial ended at 2"),
        (lambda t: t[(t["round"] != 10) | (t["replicate"] == 0)], "replicate 1 has no row at 10"),
        (lambda t: t[t["replicate"] == 0], "a replicate has none"),
        (lambda t: t.assign(round=t["round"].replace(5, 0)), "from 1 to 2"),
    ],
    ids=["the last ones", "some between", "a replicate", "numbers from 1"],
)
def test_rows_that_are_lacking_are_named(every_fifth, change, said):
    lines = rewritten(every_fifth, change)
    assert len(lines) == 2 and all("lacks report rows" in line and said in line for line in lines)


def test_trials_that_a_search_did_not_try_are_counted(record):
    loaded = load_record(record)
    loaded = with_manifest(loaded, n_trials={"finished": 2, "untried": 3})
    (line,) = problems(loaded)
    assert line.startswith("3 trials of the search ")


def test_changed_code_is_said(record, toy_file):
    toy_file.write_text(toy_file.read_text() + "\n# changed\n")
    assert "the trainable's code has changed" in verify(record, 0, 0, None)[0][0]


def test_the_sample_is_drawn_with_its_seed(record):
    loaded = load_record(record)
    assert len(sample(loaded, 1, 0)) == 1
    assert sample(loaded, 1, 0) == sample(loaded, 1, 0)
    assert {tuple(sample(loaded, 1, seed)) for seed in range(9)} == {
        (i,) for i in loaded.trials["trial_id"]
    }
    assert [i for i, _ in differences(loaded, sample(loaded, 9, 0))] == sorted(
        loaded.trials["trial_id"]
    )


def test_a_study_has_its_own_helper_in_a_project_with_one_of_that_name(
    toy_file, tmp_path, monkeypatch
):
    text = toy_file.read_text().replace("value =", "import own_help\n        value = own_help.V *")
    toy_file.write_text(text)
    (toy_file.parent / "own_help.py").write_text("V = 1")
    record = train(load_studies([str(toy_file)])[0], tmp_path)
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text("[tool.sweepbook]\nstudies = []\n")
    (project / "own_help.py").write_text("V = 2")
    sys.modules.pop("own_help")
    monkeypatch.chdir(project)
    enter_project(None)
    assert verify(record, n_trials=1, seed=0, most=None) == ([], 1)
    sys.modules.pop("own_help")


def test_a_copy_of_the_project_that_one_works_in_comes_before_the_recorded_folder(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(sys, "path", list(sys.path))
    first, copy = tmp_path / "first", tmp_path / "copy"
    first.mkdir()
    (first / "pyproject.toml").write_text('[tool.sweepbook]\nstudies = ["copied_studies"]\n')
    code = textwrap.dedent(TOY).replace("MODULE", "copied_studies")
    (first / "copied_studies.py").write_text(code)
    monkeypatch.chdir(first)
    record = train(enter_project(None).studies()["toy"], first)
    shutil.copytree(first, copy)
    (first / "copied_studies.py").write_text(code + "\n# changed\n")

    def verified_in(folder, **options):
        monkeypatch.chdir(folder)
        sys.modules.pop("copied_studies", None)
        sys.path[:] = [path for path in sys.path if not path.startswith(str(tmp_path))]
        enter_project(None)
        return verify(record, n_trials=1, seed=0, most=1, **options)

    assert verified_in(copy) == ([], 1)
    assert "code has changed" in verified_in(first)[0][0]
    with pytest.raises(ValueError, match="copied_studies:train_toy .* not run.*--trust"):
        verified_in(tmp_path)
    where_recorded = verified_in(tmp_path, trust=True)
    assert "code has changed" in where_recorded[0][0]
    sys.modules.pop("copied_studies", None)
