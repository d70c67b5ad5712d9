"""Which configs a search's record confirms, and what the new study is."""

import dataclasses
import io
import math

import pytest
from rich.console import Console

from sweepbook import ASHA, Claim, Fidelity, Metric, Published, PublishedValue, Search, Study
from sweepbook.commands.confirm import confirm
from sweepbook.plan.further.confirmation import confirming_study, winners
from sweepbook.plan.manifest import new_manifest
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan, suggested_trial
from sweepbook.record.load import load_record
from sweepbook.record.writer import RecordWriter

FIGURE = {"kind": "curves", "name": "declared", "title": "?", "metrics": ["loss"], "by": ["w"]}

PUBLISHED = Published(
    source="a paper",
    data="theirs",
    values=(PublishedValue(settings={"w": 1}, fidelity=4, metric="loss", value=0.4),),
    unit="round",
)


def space():
    from ray import tune

    return {"x": tune.uniform(0.0, 1.0), "kind": tune.choice(["a", "b"])}


def train(config, state=None):
    yield {"round": 1, "loss": config["x"]}


STUDY = Study(
    name="toy",
    question="?",
    trainable=f"{__name__}:train",
    metric=Metric("loss", "min"),
    fidelity=Fidelity("round", "rounds"),
    grid={"w": (0, 1)},
    fixed={"rounds": 4},
    replicates=1,
    answers="What the search answers.",
    scheduler=ASHA(reduction_factor=2),
    search=Search(
        space=f"{__name__}:space",
        n_trials=4,
        confirm_figures=(FIGURE,),
        confirm_published=PUBLISHED,
    ),
)
# cell, x, kind, status, the losses of its rounds
TRIALS = [
    (0, 0.1, "a", "stopped", [0.9, 0.01]),  # the lowest loss of all, but at round 2
    (1, 0.2, "a", "stopped", [0.8]),
    (0, 0.3, "b", "finished", [0.9, 0.8, 0.5, 0.6]),  # the best was at round 3: the last counts
    (0, 0.4, "a", "finished", [0.9, 0.8, 0.7, 0.55]),
    (1, 0.5, "b", "stopped", [0.9, 0.7]),
    (0, 0.6, "b", "finished", [0.9, 0.8, 0.7, math.nan]),
]


def recorded(folder, study):
    plan = make_plan(study, Options())
    writer = RecordWriter(folder, new_manifest(plan, Options(), [], []))
    for number, (cell, x, kind, status, losses) in enumerate(TRIALS):
        trial = suggested_trial(plan, cell, {"x": x, "kind": kind}, number)
        writer.add_trial(trial)
        for n, loss in enumerate(losses, 1):
            writer.add_rows(trial.trial_id, [{"replicate": 0, "round": n, "loss": loss}])
        writer.end_trial(trial.trial_id, **({"stopped": "so"} if status == "stopped" else {}))
    writer.close()
    return load_record(folder)


@pytest.fixture
def record(tmp_path):
    return recorded(tmp_path / "r", STUDY)


@pytest.mark.parametrize("cells", [([8], [8, 8]), (1, True), (3, 3.0), ({"a": 1}, None)])
def test_winners_of_cells_of_any_kind_are_told_apart(tmp_path, cells):
    study = dataclasses.replace(STUDY, grid={"w": cells})
    chosen = winners(recorded(tmp_path / "r", study), ["w"])
    assert [(repr(w.settings["w"]), w.number) for w in chosen] == [
        (repr(cells[0]), 3),
        (repr(cells[1]), 4),
    ]


def test_winners_are_chosen_by_the_last_value_at_the_highest_fidelity(record):
    by_cell = winners(record, ["w"])
    assert [(w.settings["w"], w.number) for w in by_cell] == [(0, 3), (1, 4)]
    assert [(w.fidelity, w.value) for w in by_cell] == [(4, 0.55), (2, 0.7)]
    (best,) = winners(record, [])
    assert best.number == 3
    assert [w.number for w in winners(record, ["kind"])] == [3, 2]


def test_the_new_study_is_a_grid_of_the_winners_that_says_where_they_come_from(record):
    study, confirms = confirming_study(record, None, None, 7)
    assert (study.name, study.scheduler, study.search) == ("toy-confirm", None, None)
    assert study.figures == [FIGURE]
    assert (study.published, study.answers) == (PUBLISHED, ""), "the answers were the search's"
    plan = make_plan(study, Options())
    assert sorted((t.config["w"], t.config["x"]) for t in plan.trials) == [(0, 0.4), (1, 0.5)]
    assert {(t.seed, t.n_replicates, t.max_fidelity) for t in plan.trials} == {(7, 5, 4)}
    assert confirms.record_digest == record.manifest.record_digest
    assert [w.number for w in confirms.trials] == [3, 4]
    assert (confirms.record, confirms.seed, confirms.by) == ("r", 0, ("w",))
    longer = make_plan(study, Options(epochs=9)).trials
    assert {t.max_fidelity for t in longer} == {9}
    other, _ = confirming_study(record, ["kind"], 5, 7)
    assert [f["by"] for f in other.figures] == [["kind"]] * 2, "not what the study declared"


def test_what_cannot_be_confirmed_is_refused(record):
    with pytest.raises(ValueError, match=r"--seed must differ .*\(0\)"):
        confirming_study(record, None, 5, 0)
    with pytest.raises(ValueError, match="--by z"):
        confirming_study(record, ["z"], 5, 1)
    with pytest.raises(ValueError, match="no trial to confirm"):
        confirming_study(record, ["x"], 5, 1)
    with pytest.raises(ValueError, match="--top must be at least 1"):
        confirming_study(record, None, 5, 1, top=0)


# w, x, status, the losses of two replicates at each round
GRID = [
    (0, 0.1, "finished", [[0.9, 0.7], [0.6, 0.4]]),
    (0, 0.2, "finished", [[0.9, 0.9], [0.3, 0.5]]),
    (1, 0.1, "finished", [[0.9, 0.9], [0.9, math.nan]]),
    (1, 0.2, "finished", [[0.9, 0.9], [0.8, 0.8]]),
]


@pytest.fixture
def grid(tmp_path):
    study = dataclasses.replace(
        STUDY, search=None, scheduler=None, grid={"w": (0, 1), "x": (0.1, 0.2)},
        fixed={"rounds": 2, "kind": "a"}, replicates=2,
    )  # fmt: skip
    plan = make_plan(study, Options())
    writer = RecordWriter(tmp_path / "g", new_manifest(plan, Options(), [], []))
    places = {(t.config["w"], t.config["x"]): t for t in plan.trials}
    for w, x, _, rounds in GRID:
        trial = places[w, x]
        for n, losses in enumerate(rounds, 1):
            rows = [{"replicate": r, "round": n, "loss": v} for r, v in enumerate(losses)]
            writer.add_rows(trial.trial_id, rows)
        writer.end_trial(trial.trial_id)
    writer.close()
    return load_record(tmp_path / "g")


def test_the_best_of_a_grid_is_trained_anew_and_named_by_what_was_varied(grid):
    study, confirms = confirming_study(grid, None, 5, 7)
    (best,) = confirms.trials
    assert (best.settings, best.value) == ({"w": 0, "x": 0.2}, pytest.approx(0.4))
    assert (confirms.by, confirms.tuned) == ((), ("w", "x"))
    assert (study.name, study.claims, study.published) == ("toy-confirm", (), None)
    plan = make_plan(study, Options())
    assert [(t.config["w"], t.config["x"], t.seed, t.n_replicates) for t in plan.trials] == [
        (0, 0.2, 7, 5)
    ]


def test_the_best_of_each_combination_of_a_grid_and_their_runners_up(grid):
    assert [(w.settings, w.value) for w in winners(grid, ["w"])] == [
        ({"w": 0}, pytest.approx(0.4)),
        ({"w": 1}, pytest.approx(0.8)),
    ]
    _, confirms = confirming_study(grid, ["w"], 5, 7, top=2)
    assert [w.settings for w in confirms.trials] == [
        {"w": 0, "x": 0.2}, {"w": 0, "x": 0.1}, {"w": 1, "x": 0.2},
    ], "the other one has diverged"  # fmt: skip


def test_runners_up_of_a_search_are_told_apart_by_what_was_searched(record):
    study, confirms = confirming_study(record, None, 5, 7, top=2)
    assert [(w.settings["w"], w.settings["x"]) for w in confirms.trials] == [
        (0, 0.4), (0, 0.3), (1, 0.5), (1, 0.2),
    ]  # fmt: skip
    assert study.figures != [FIGURE], "declared for one winner of each cell"
    (best,) = winners(record, [])
    assert best.settings == {"x": 0.4, "kind": "a"}


def test_a_model_without_a_setting_is_named_without_it_where_that_is_enough(tmp_path):
    points = [{"kind": "a", "x": 0.1}, {"kind": "a", "x": 0.2}, {"kind": "b", "x": None}]
    study = dataclasses.replace(
        STUDY, search=None, scheduler=None, grid={}, points=points,
        fixed={"rounds": 1, "w": 0}, replicates=1,
    )  # fmt: skip
    plan = make_plan(study, Options())
    writer = RecordWriter(tmp_path / "g", new_manifest(plan, Options(), [], []))
    for trial in plan.trials:
        writer.add_rows(trial.trial_id, [{"replicate": 0, "round": 1, "loss": 0.5}])
        writer.end_trial(trial.trial_id)
    writer.close()
    chosen = winners(load_record(tmp_path / "g"), ["kind"], top=2)
    assert sorted(map(str, (w.settings for w in chosen))) == [
        "{'kind': 'a', 'x': 0.1}", "{'kind': 'a', 'x': 0.2}", "{'kind': 'b'}"
    ]  # fmt: skip


@pytest.mark.parametrize("more", [{"top": 2}, {"by": ["kind"]}])
def test_claims_that_are_left_out_are_said(tmp_path, monkeypatch, more):
    claim = Claim(
        name="c", statement="", reading="w 1 is better", kind="direction", metric="loss",
        direction="lower", smallest=0, reason="any", arms=({"w": 1}, {"w": 0}),
    )  # fmt: skip
    search = dataclasses.replace(STUDY.search, confirm_claims=(claim,))
    recorded(tmp_path / "r", dataclasses.replace(STUDY, search=search))
    monkeypatch.setattr("sweepbook.commands.confirm.check_unchanged", lambda *_: None)
    planned = []
    monkeypatch.setattr(
        "sweepbook.commands.confirm.run_studies", lambda studies, *_, **__: planned.extend(studies)
    )
    said = io.StringIO()
    options = {"by": None, "replicates": 5, "seed": 1, "console": Console(file=said, width=300)}
    confirm(tmp_path / "r", **options | more)
    assert "the claims of the confirmation are not decided" in said.getvalue()
    assert not planned[0].claims
    confirm(tmp_path / "r", **options)
    assert len(planned[1].claims) == 1 and said.getvalue().count("not decided") == 1
