"""Which configs a search's record confirms, and what the new study is."""

import dataclasses
import math

import pytest

from sweepbook import ASHA, Fidelity, Metric, Published, PublishedValue, Search, Study
from sweepbook.plan.confirmation import confirming_study, winners
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
    study, confirms = confirming_study(record, None, 5, 7)
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
    grid = dataclasses.replace(record, manifest=dataclasses.replace(record.manifest, search=None))
    with pytest.raises(ValueError, match="not .*search"):
        confirming_study(grid, None, 5, 1)
