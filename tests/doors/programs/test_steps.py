"""A program's metric lines are the steps of a replicate."""

import json
import os
import sys

import pytest

from sweepbook import Metric
from sweepbook.doors.programs.problems import problems
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.record import planned

SHELL = """
for epoch in 1 2 3; do
  echo "epoch=$epoch val_loss=0.$epoch width=$1"
done
"""
TELLS = """
import json, os, sys
seen = {"words": sys.argv[1:], "env": {k: os.environ.get(k) for k in ("lr", "SEED", "on", "PATH")}}
if "--config" in sys.argv:
    seen["config"] = open(sys.argv[sys.argv.index("--config") + 1]).read()
print(json.dumps({"val_loss": 0.5, "seen": json.dumps(seen)}))
"""


def told(rows):
    return json.loads(rows[0]["seen"])


def test_each_metric_line_is_a_step(rows_of):
    rows = rows_of("python train.py {lr} {seed}", grid={"lr": [0.6]})
    assert [(row["epoch"], row["val_loss"]) for row in rows] == [(1, 0.6), (2, 0.3), (3, 0.6 / 3)]


def test_a_shell_script_is_a_program_and_its_replicates_go_in_step(rows_of, tmp_path):
    (tmp_path / "run.sh").write_text(SHELL)
    rows = rows_of("sh run.sh {seed}", replicates=2, grid={"lr": [1]})
    assert [(row["epoch"], row["replicate"]) for row in rows] == [
        (epoch, replicate) for epoch in (1, 2, 3) for replicate in (0, 1)
    ]
    assert rows[0]["width"] != rows[1]["width"]


def test_lines_without_the_unit_are_counted_and_other_lines_are_no_steps(rows_of):
    script = (
        'print("start lr=1")\nfor i in range(3):\n    print("val_loss: 0.5")\n    print("ok")\n'
    )
    assert [row["epoch"] for row in rows_of(script=script)] == [1, 2, 3]


def test_a_program_that_evaluates_before_its_first_step_is_refused(rows_of):
    script = "for n in range(4): print(f'epoch={n} val_loss={1 / (n + 1)}')"
    with pytest.raises(ValueError, match="epoch 0 to epoch 3, 4 lines for 3"):
        rows_of(script=script)


def test_a_program_that_counts_from_0_is_recorded_from_1(rows_of):
    script = 'for i in range(3):\n    print(f"epoch={i} val_loss={i}")\n'
    assert [(row["epoch"], row["val_loss"]) for row in rows_of(script=script)] == [
        (1, 0), (2, 1), (3, 2),
    ]  # fmt: skip


def test_a_number_of_many_is_the_step(rows_of):
    script = 'for i in (1, 2, 3):\n    print(f"Epoch: epoch={i}/3, val_loss={i}")\n'
    assert [row["epoch"] for row in rows_of(script=script)] == [1, 2, 3]


def test_a_summary_is_no_step(rows_of):
    script = (
        'for i in (1, 2, 3):\n    print(f"epoch={i} val_loss={i}")\n'
        'print("best val_loss=1")\nprint("best epoch=1 val_loss=1")\n'
    )
    assert [row["epoch"] for row in rows_of(script=script)] == [1, 2, 3]


def test_a_program_without_an_end_is_ended_and_one_may_end_earlier(rows_of, tmp_path):
    endless = (
        'import itertools, os\nopen("pid", "w").write(str(os.getpid()))\n'
        'for i in itertools.count(1):\n    print(f"epoch={i} val_loss=1")\n'
    )
    assert [row["epoch"] for row in rows_of(script=endless)] == [1, 2, 3]
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert [row["epoch"] for row in rows_of(script='print("epoch=2 val_loss=1")')] == [2]


def test_nan_and_nothing_diverge(rows_of):
    rows = rows_of(script='print("epoch=1 val_loss=nan")')
    assert rows[0]["val_loss"] != rows[0]["val_loss"]
    rows = rows_of(script="print('{\"val_loss\": null}')", metrics="json")
    assert rows[0]["val_loss"] != rows[0]["val_loss"]


def test_of_pairs_only_numbers_are_recorded(rows_of):
    (row,) = rows_of(script='print("epoch=1 val_loss=1 device=cuda acc=93% n=2")')
    assert row == {"replicate": 0, "epoch": 1, "val_loss": 1, "n": 2}


def test_nested_metrics_of_json_get_flat_names(rows_of):
    script = """print('{"epoch": 1, "val": {"loss": 2, "by": {"class": [1, 2]}}, "train": {}}')"""
    metric = Metric("val/loss", "min")
    (row,) = rows_of(script=script, metrics="json", metric=metric)
    assert row == {"replicate": 0, "epoch": 1, "val/loss": 2, "val/by/class": [1, 2]}


def test_a_regular_expression_and_stderr(rows_of):
    script = 'import sys\nfor i in (1, 2):\n    sys.stderr.write(f"[{i}] loss -> 0.{i}\\n")\n'
    rows = rows_of(script=script, metrics=r"\[(?P<epoch>\d+)\] loss -> (?P<val_loss>\S+)",
                   stream="stderr")  # fmt: skip
    assert [(row["epoch"], row["val_loss"]) for row in rows] == [(1, 0.1), (2, 0.2)]


def test_words_are_given_as_they_are(rows_of):
    command = "python train.py --name {name} --x={{{lr}}} 'a b' {flag} {opt.beta} {replicate}"
    words = told(rows_of(command, script=TELLS, metrics="json", fixed={
        "epochs": 3, "name": 'a "b" $HOME c', "flag": "", "opt": {"beta": -1e-05},
    }))["words"]  # fmt: skip
    assert words == ["--name", 'a "b" $HOME c', "--x={0.5}", "a b", "-1e-05", "0"]


def test_a_command_may_be_a_list_of_words(rows_of):
    command = [sys.executable, "train.py", "a b", "{lr}", "|"]
    assert told(rows_of(command, script=TELLS, metrics="json"))["words"] == ["a b", "0.5", "|"]


def test_options_are_the_settings_that_have_no_placeholder(rows_of):
    words = told(rows_of("python train.py {lr} {options}", script=TELLS, metrics="json"))["words"]
    assert words == ["0.5", "--epochs=3"]


def test_settings_come_by_the_environment(rows_of):
    fixed = {"epochs": 3, "on": True}
    seen = told(rows_of("python train.py", script=TELLS, metrics="json", settings="environment",
                        fixed=fixed))["env"]  # fmt: skip
    assert seen["lr"] == "0.5" and seen["on"] == "true" and int(seen["SEED"]) >= 0
    assert seen["PATH"].split(os.pathsep)[0] == os.path.dirname(sys.executable)


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_settings_come_by_a_file(rows_of, form):
    yaml = pytest.importorskip("yaml")
    fixed = {"epochs": 3, "on": True, "none": None, "sizes": [1, 2.0], "o": {"eps": 1e-05}}
    fixed |= {"text": "1e-05: é\n"}
    seen = told(rows_of("python train.py --config {config_file}", script=TELLS, metrics="json",
                        settings=form, fixed=fixed))  # fmt: skip
    read = json.loads if form == "json" else yaml.safe_load
    config = read(seen["config"])
    assert config.pop("seed") >= 0
    assert config == {**fixed, "lr": 0.5}
    assert seen["words"][1].endswith(form)


def test_what_it_prints_goes_to_the_output_with_its_replicate(rows_of, capfd):
    script = (
        "import sys\nsys.stderr.write('careful\\n')\nprint('hello')\n"
        "print('epoch=1 val_loss=1', flush=True)\nsys.stdout.write('no end')\n"
    )
    rows_of("python train.py {lr} {seed}", script=script, replicates=2)
    lines = capfd.readouterr().out.splitlines()
    for number in (0, 1):
        for text in ("careful", "hello", "epoch=1 val_loss=1", "no end"):
            assert f"[{number}] {text}" in lines


@pytest.mark.parametrize("command", [
    "python train.py {optimizer/lr} {seed}", "python train.py {optimizer.lr} {seed}",
    "python train.py {options} {seed}",
])  # fmt: skip
def test_a_setting_of_a_nested_study_reaches_it(rows_of, command):
    script = """
import sys
lr = next(word.removeprefix("--optimizer/lr=") for word in sys.argv[1:] if "epochs" not in word)
print(f"epoch=1 val_loss={lr}")
"""
    fields = {"nested": True, "grid": {"optimizer/lr": [0.25]}, "fixed": {"epochs": 1}}
    assert [row["val_loss"] for row in rows_of(command, script=script, **fields)] == [0.25]


def test_a_seed_has_one_replicate_or_is_refused(study_of, monkeypatch):
    (trial,) = make_plan(study_of(replicates=3), Options()).trials
    seeds = [planned.replicate_seed(trial.seed, number) for number in range(3)]
    assert [planned.replicate_of(trial, seed) for seed in seeds] == [0, 1, 2]
    with pytest.raises(ValueError, match="no replicate"):
        planned.replicate_of(trial, -1)
    monkeypatch.setattr(planned, "replicate_seed", lambda seed, number: seeds[number // 2])
    with pytest.raises(ValueError, match="two replicates.*another"):
        planned.replicate_of(trial, seeds[0])


@pytest.mark.parametrize("name", ["optimizer/lr", "optimizer.lr"])
def test_a_setting_of_a_nested_study_is_known_by_both_its_names(study_of, name):
    fields = {"nested": True, "grid": {"optimizer/lr": [0.25, 0.5]}, "replicates": 2}
    study = study_of(f"python train.py {{{name}}} {{seed}} {{epochs}}", **fields)
    assert not problems(study.trainable, make_plan(study, Options()))
