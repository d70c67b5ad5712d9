"""A study in YAML: the same as from Python, and one sentence with its line for each fault."""

import sys

import pytest
from ray import tune

from sweepbook import (
    ASHA,
    Claim,
    Estimator,
    Fidelity,
    Metric,
    Option,
    Program,
    Published,
    PublishedValue,
    Search,
    Study,
    cli,
    higher,
    lower,
)
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.plan.written.study import studies_of_yaml

HEAD = """\
name: yaml-study
question: "Which: a or b?"
trainable: trains_yaml:train
metric: {name: val_loss, mode: min}
fidelity: {unit: epoch, setting: epochs}
"""
TRAINS = """
def train(config):
    for epoch in range(1, config["epochs"] + 1):
        yield {"epoch": epoch, "val_loss": config["optimizer"]["lr"] / epoch}
"""


def given(**fields):
    return Study(
        **{
            "name": "yaml-study",
            "question": "Which: a or b?",
            "trainable": "trains_yaml:train",
            "metric": Metric("val_loss", "min"),
            "fidelity": Fidelity("epoch", "epochs"),
            **fields,
        }
    )


@pytest.fixture
def read(tmp_path):
    """Reads the studies of a YAML text, beside a file with their trainable."""

    def read_it(text, wanted=""):
        (tmp_path / "trains_yaml.py").write_text(TRAINS)
        file = tmp_path / "my_study.yaml"
        file.write_text(text)
        return load_studies([f"{file}{wanted}"])

    yield read_it
    sys.modules.pop("trains_yaml", None)
    sys.path[:] = [folder for folder in sys.path if folder != str(tmp_path)]


GRID = """
grid: {lr: [1e-4, 0.1], act: [relu, "no", null, true]}
points: [{depth: 1}, {depth: 2, width: 8}]
fixed: {epochs: 5, layers: [64, 32], tag: "1e-4", day: 2024-01-01}
replicates: 3
seed: 7
scheduler: {asha: {grace_period: 2, reduction_factor: 3}}
packages: [numpy]
options: [{setting: weights, kind: text, help: Some weights.}]
known_files: {f37072fd: imagenet}
figures:
  - {kind: curves, name: loss, metrics: [val_loss], by: [lr]}
claims:
  - higher:
      {metric: val_loss, settings: {lr: 0.1}, than: {lr: 1e-4}, by: 0.1, because: b,
      name: c-1}
  - claim:
      {name: c-2, statement: s, kind: threshold, metric: val_loss, smallest: 0.1, reason: r,
       arms: [{lr: 0.1}], target: 1}
published:
  source: a table
  data: d
  values: [{settings: {lr: 0.1}, fidelity: 5, metric: val_loss, value: 0.5}]
"""  # fmt: skip


def test_every_field_is_read_as_from_python(read):
    (study,) = read(HEAD + GRID)
    assert study == given(
        grid={"lr": [1e-4, 0.1], "act": ["relu", "no", None, True]},
        points=[{"depth": 1}, {"depth": 2, "width": 8}],
        fixed={"epochs": 5, "layers": [64, 32], "tag": "1e-4", "day": "2024-01-01"},
        replicates=3,
        seed=7,
        scheduler=ASHA(grace_period=2, reduction_factor=3),
        packages=["numpy"],
        options=[Option("weights", "text", "Some weights.")],
        known_files={"f37072fd": "imagenet"},
        figures=[{"kind": "curves", "name": "loss", "metrics": ["val_loss"], "by": ["lr"]}],
        claims=[
            higher("val_loss", {"lr": 0.1}, than={"lr": 1e-4}, by=0.1, because="b", name="c-1"),
            Claim(
                name="c-2", statement="s", kind="threshold", metric="val_loss", smallest=0.1,
                reason="r", arms=[{"lr": 0.1}], target=1,
            ),
        ],
        published=Published(
            source="a table",
            data="d",
            values=[
                PublishedValue(settings={"lr": 0.1}, fidelity=5, metric="val_loss", value=0.5)
            ],
        ),
    )  # fmt: skip


SPACE = """
space:
  optimizer:
    lr: {loguniform: [1e-4, 1e-1]}
    name: {grid_search: [sgd, adam]}
    betas: [0.9, 0.99]
  drop: {quniform: [0, 0.5, 0.25]}
  n: {randint: [1, 9]}
  width: {choice: [16, 64]}
  epochs: 3
search:
  n_trials: 8
  points: [{n: 3}]
  confirm_claims:
    - lower: {metric: val_loss, settings: {n: 1}, than: {n: 2}, by: 0, because: b}
"""


def test_a_space_is_read_as_that_of_ray_tune(read):
    (study,) = read(HEAD + SPACE)
    assert study == given(
        space={
            "optimizer": {
                "lr": tune.loguniform(1e-4, 1e-1),
                "name": tune.grid_search(["sgd", "adam"]),
                "betas": [0.9, 0.99],
            },
            "drop": tune.quniform(0, 0.5, 0.25),
            "n": tune.randint(1, 9),
            "width": tune.choice([16, 64]),
            "epochs": 3,
        },
        search=Search(
            n_trials=8,
            points=[{"n": 3}],
            confirm_claims=[lower("val_loss", {"n": 1}, than={"n": 2}, by=0, because="b")],
        ),
    )
    assert study.nested


def test_a_planned_trial_has_the_id_that_it_has_from_python(read):
    text = HEAD + "space: {optimizer: {lr: {grid_search: [1e-4, 0.1]}}, epochs: 2}\n"
    (study,) = read(text)
    python = given(space={"optimizer": {"lr": tune.grid_search([1e-4, 0.1])}, "epochs": 2})
    ours, theirs = (make_plan(one, Options()).trials for one in (study, python))
    assert [t.trial_id for t in ours] == [t.trial_id for t in theirs]


@pytest.mark.parametrize(
    "written, meant",
    [
        ("{program: python train.py}", "."),
        ("{program: {command: python train.py, folder: code}}", "code"),
        ("{estimator: {make: 'm:make', data: 'm:data'}}", Estimator("m:make", "m:data")),
    ],
)
def test_a_program_and_an_estimator_are_read(read, tmp_path, written, meant):
    text = HEAD.replace("trains_yaml:train", written)
    if isinstance(meant, str):  # the folder of the program, beside the file
        folder = str((tmp_path / meant).resolve())
        assert read(text)[0].trainable == Program("python train.py", folder=folder)
        return
    file = tmp_path / "other.yaml"
    file.write_text(text)
    assert studies_of_yaml(file)[0].trainable == meant


def test_a_file_has_several_studies(read):
    other = HEAD.replace("yaml-study", "other")
    two = f"{HEAD}---\n{other}"
    assert [study.name for study in read(two)] == ["yaml-study", "other"]
    assert [study.name for study in read(two, ":other")] == ["other"]
    with pytest.raises(ValueError, match="no study 'none': it has yaml-study, other"):
        read(two, ":none")
    with pytest.raises(ValueError, match="two studies named 'yaml-study'"):
        read(f"{HEAD}---\n{HEAD}")


def test_anchors_and_merges_are_read(read):
    (study,) = read(HEAD + "fixed: &shared {epochs: 3, a: 1}\npoints: [{<<: *shared, a: 2}]\n")
    assert study.points == [{"epochs": 3, "a": 2}]


@pytest.mark.parametrize(
    "text, line, words",
    [
        ("grid:\n\tlr: [1]\n", 7, ["spaces"]),
        ("fixed: {a: 1,\n  flag: no}\n", 7, ["no", "true or false", "quotes"]),
        ("fixed: {on: 1}\n", 6, ["on", "quotes"]),
        ("fixed: {a: 010}\n", 6, ["010", "quotes"]),
        ("fixed: {a: 1_000}\n", 6, ["1_000"]),
        ("fixed: {a: 12:30}\n", 6, ["12:30", "quotes"]),
        ("fixed: {1: 2}\n", 6, ["'1'", "quotes"]),
        ("fixed: {a: !!python/object:os.system x}\n", 6, ["python/object"]),
        ("fixed: &a {b: *a}\n", 6, ["anchor"]),
        ("grid: {a: [1]}\nseed: 1\ngrid: {b: [1]}\n", 8, ["'grid'", "second time"]),
        ("grids: {a: [1]}\n", 6, ["'grids'", "did you mean grid?"]),
        ("answer: Which: one\n", 6, ["colon", "quotes"]),
        ("answers: 'abc\n", 7, ["quotes"]),
        ("grid: {lr: 0.1}\n", 6, ["lr", "must be a list"]),
        ("replicates: 1e3\n", 6, ["whole number"]),
        ("n_trials: 5\n", 6, ["search: {n_trials"]),
        ("space:\n  lr: {loguniform: [1e-4, 1e-1]}\n", 6, ["lr", "search: {n_trials"]),
        ("space: {a: 1,\n  lr: {log_uniform: [1e-4, 1]}}\n", 7, ["did you mean loguniform"]),
        ("space: {lr: {low: 1, high: 2}}\n", 6, ["low and high", "uniform: [low, high]"]),
        ("space: {lr: {min: 1, max: 2}}\n", 6, ["W&B", "loguniform: ["]),
        ("space: {lr: {values: [1, 2]}}\n", 6, ["W&B", "choice: [...]"]),
        ("space:\n  a: 1\n  w: {grid: [16, 32]}\n", 8, ["'w'", "grid_search", "fixed"]),
        ("space: {lr: {range: [1e-4, 1]}}\n", 6, ["'lr'", "loguniform: [1e-4, 1e-1]"]),
        ("space:\n  lr: tune.loguniform(1e-3, 1e-1)\n", 7, ["'lr'", "loguniform: [1e-4, 1e-1]"]),
        ("space: {lr: [hp.uniform('lr', 0, 1)]}\n", 6, ["'lr'", "loguniform: ["]),
        ("fixed: {lr: 'trial.suggest_float(0, 1)'}\n", 6, ["fixed", "'lr'", "loguniform: ["]),
        ("space: {lr: {parameters: {a: {value: 1}}}}\n", 6, ["W&B", "the value alone"]),
        ("space:\n  a: 1\n  lr: {uniform: [1]}\n", 8, ["'lr'", "write uniform: [low, high]"]),
        ("space:\n  lr: {uniform: ['1', 2]}\n", 7, ["'lr'", "'1'", "numbers"]),
        ("space: {lr: {uniform: [1, 2], step: 1}}\n", 6, ["'step'", "alone"]),
        ("space: {lr: {loguniform: [0, 2]}}\nsearch: {n_trials: 3}\n", 6, ["must be > 0"]),
        ("space: [a]\n", 6, ["must be a dict"]),
        ("scheduler: asha\n", 6, ["asha: {...}"]),
        ("scheduler: {asha: {grace: 3}}\n", 6, ["'grace'", "grace_period"]),
        ("claims: {higher: {}}\n", 6, ["must be a list"]),
        ("claims:\n  - higer: {}\n", 7, ["claims[0]", "higher"]),
        ("claims:\n  - higher: {metric: a}\n", 7, ["no settings"]),
    ],
)  # fmt: skip
def test_a_fault_is_one_sentence_with_its_line(read, text, line, words):
    with pytest.raises(ValueError) as caught:
        read(HEAD + text)
    told = str(caught.value)
    assert "\n" not in told and f"my_study.yaml, line {line}" in told, told
    assert all(word in told for word in words), told


@pytest.mark.parametrize(
    "before, after, line, words",
    [
        ("{name: val_loss, mode: min}", "val_loss", 4, ["write {name: ..., mode: ...}"]),
        ("mode: min", "mode: minimum", 4, ["'minimum'"]),
        (", mode: min", "", 4, ["no mode"]),
        ("trains_yaml:train", "{programm: a}", 3, ["program: {...}"]),
        ("trains_yaml:train", "train", 3, ["module:function"]),
        ("trainable: trains_yaml:train\n", "", 1, ["no trainable"]),
        (HEAD, "- 1\n", 1, ["must be a dict"]),
        (HEAD, "program: t.py\nmethod: bayes\nparameters: {lr: {min: 0}}\n", 1, ["W&B", "space:"]),
    ],
)
def test_a_fault_in_what_every_study_has_is_named(read, before, after, line, words):
    assert before in HEAD
    with pytest.raises(ValueError) as caught:
        read(HEAD.replace(before, after))
    told = str(caught.value)
    assert f"my_study.yaml, line {line}" in told and all(word in told for word in words), told


@pytest.mark.parametrize("content", ["", "# nothing\n", "---\n"])
def test_an_empty_file_defines_no_study(read, content):
    with pytest.raises(ValueError, match="defines no study"):
        read(content)


def test_what_is_no_text_is_refused(tmp_path):
    file = tmp_path / "my_study.yaml"
    file.write_bytes(b"name: \xff\xfe")
    with pytest.raises(ValueError, match="UTF-8"):
        load_studies([str(file)])
    file.write_text("a: " + "[" * 5000)
    with pytest.raises(ValueError, match="YAML|deeply"):
        load_studies([str(file)])
    with pytest.raises(ValueError, match="there is no study file"):
        load_studies([str(tmp_path / "none.yml")])


def test_an_anchor_that_multiplies_itself_is_refused(read):
    bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
    )
    with pytest.raises(ValueError, match="more than"):
        read(bomb)


def test_show_prints_what_was_understood_and_a_fault_ends_a_run_with_2(
    read, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    read(HEAD + SPACE)
    code, shown = _command(monkeypatch, capsys, "show", "my_study.yaml")
    assert code == 0 and "0.0001 .. 0.1, logarithmic" in shown, shown
    assert "optimizer/betas is a list and one value" in shown
    (tmp_path / "my_study.yaml").write_text(HEAD + "fixed: {flag: no}\n")
    code, told = _command(monkeypatch, capsys, "run", "my_study.yaml")
    assert code == 2 and "line 6" in told and "Traceback" not in told
    assert not (tmp_path / "records").exists()


def _command(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["sweepbook", *arguments])
    with pytest.raises(SystemExit) as ending:
        cli.main()
    printed = capsys.readouterr()
    return ending.value.code or 0, " ".join((printed.out + printed.err).split())
