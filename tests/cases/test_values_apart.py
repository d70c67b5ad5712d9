"""Values that look alike and differ: every trial is named by its own."""

import dataclasses
import io
from pathlib import Path

import pytest
from rich.console import Console

from sweepbook import Fidelity, Metric, Search, Study
from sweepbook.commands import training
from sweepbook.commands.logs import logs
from sweepbook.commands.run import run_studies
from sweepbook.commands.show import show_plan
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.record.load import load_record
from sweepbook.tune.standing import Standing

# what a table of a config file or a command line gives, and what was meant
ALIKE = (None, "None", "", " ", "true", "True", True, 1, 1.0, "1", "1e-3", 0.001, "nan", "01")


def train(config):
    yield {"round": 1, "acc": 0.5}


STUDY = Study(
    name="alike", question="?", trainable=f"{__name__}:train", metric=Metric("acc", "max"),
    fidelity=Fidelity("round", "rounds"), fixed={"rounds": 1}, grid={"label": ALIKE},
)  # fmt: skip


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=100, record=True)


def test_equal_looking_values_are_trials_of_their_own_with_names_of_their_own(console):
    plan = make_plan(STUDY, Options())
    assert len({trial.trial_id for trial in plan.trials}) == len(ALIKE)
    assert len(set(Standing([plan], ()).names.values())) == len(ALIKE)
    show_plan(plan, console)
    cells = {trial.trial_id: trial.config["label"] for trial in plan.trials}
    lines = [line for line in console.export_text().splitlines() if line[:12] in cells]
    assert len({line[12:] for line in lines}) == len(lines) == len(ALIKE)


def test_a_setting_with_two_equal_looking_values_is_one_that_differs(console):
    show_plan(make_plan(dataclasses.replace(STUDY, grid={"n": (3, "3")}), Options()), console)
    assert "in every trial: rounds 1\n" in console.file.getvalue()


def test_a_huge_setting_does_not_fill_the_screen(console):
    fixed = {"rounds": 1, "table": list(range(100_000))}
    show_plan(make_plan(dataclasses.replace(STUDY, grid={}, fixed=fixed), Options()), console)
    assert "table [0, 1, 2, " in console.file.getvalue()
    assert len(console.file.getvalue()) < 1500


def test_a_long_last_line_of_a_log_leaves_room_for_the_settings(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "train", lambda *_, **__: None)
    plan = dataclasses.replace(STUDY, grid={"lr": (0.001, 0.01)})
    (record,) = run_studies([plan], storage=tmp_path, console=Console(file=io.StringIO()))
    folder = Path(record)
    (folder / "logs").mkdir(exist_ok=True)
    for trial in load_record(folder).manifest.trials:
        (folder / "logs" / f"{trial.trial_id}.txt").write_text("100%|##########| " * 8 + "\n")
    narrow = Console(file=io.StringIO(), width=80)
    logs(folder, None, None, narrow)
    assert all(f" lr={lr} " in narrow.file.getvalue() for lr in (0.001, 0.01))


def ones():
    from ray import tune

    return {"x": tune.choice([1, 1.0, True])}


def nothing_between():
    from ray import tune

    return {"depth": tune.choice([None, "None", 3])}


def test_a_search_takes_no_choices_that_it_could_not_tell_apart(console):
    search = Search(space=f"{__name__}:ones", n_trials=2)
    study = dataclasses.replace(STUDY, grid={}, search=search)
    with pytest.raises(ValueError, match=r"'x' from the choices \[1, 1.0, True\].*no two equal"):
        make_plan(study, Options())
    search = Search(space=f"{__name__}:nothing_between", n_trials=2)
    show_plan(make_plan(dataclasses.replace(study, search=search), Options()), console)
    assert "None, 'None', 3" in console.file.getvalue()


def test_a_study_s_name_is_short_enough_for_a_folder():
    dataclasses.replace(STUDY, name="ö" * 100)
    with pytest.raises(ValueError, match="name .* at most 200 bytes.* has 202"):
        dataclasses.replace(STUDY, name="ö" * 101)
