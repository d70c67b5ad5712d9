"""Which trials share a stack: the rule, and what is refused while it is planned."""

import dataclasses
import sys
import textwrap

import pytest

from sweepbook.plan.fused import packs_of
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.study.forms.fused import Fused
from sweepbook.study.read import study_of
from sweepbook.study.study import Fidelity, Metric, Study

CODE = """
def train(config, state=None):
    yield {"round": 1, "val_acc": 0.5}

def train_stack(configs, states):
    yield [{"round": 1, "val_acc": 0.5} for _ in configs]

def size(config):
    return config.get("most", 4)

def none(config):
    return 0
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "fusing.py").write_text(textwrap.dedent(CODE))
    yield Study(
        name="fusing",
        question="?",
        trainable="fusing:train",
        metric=Metric("val_acc", "max"),
        fidelity=Fidelity("round"),
        grid={"lr": [0.1 * n for n in range(1, 11)], "width": [4, 8]},
        fixed={"most": 4},
        replicates=2,
        stacked=True,
        fuse=True,
        fused=Fused(train="fusing:train_stack", per_model=["lr"], size="fusing:size"),
    )
    sys.modules.pop("fusing", None)


def packs(study, n_workers=2, alone=(), **options):
    plan = make_plan(study, Options(**options))
    return packs_of([(trial, plan.study) for trial in plan.trials], n_workers, alone)


def sizes(*arguments, **options):
    return [len(pack) for pack in packs(*arguments, **options)]


def test_a_pack_differs_in_the_named_settings_alone_and_holds_as_many_as_may_be(study):
    found = packs(study)
    for pack in found:
        assert len({trial.config["width"] for trial in pack}) == 1
        assert len({trial.config["lr"] for trial in pack}) == len(pack) <= 4
    assert sum(map(len, found)) == 20
    assert sizes(study) == [3, 3, 3, 3, 2, 2, 2, 2], "a multiple of the workers, of like sizes"


def test_there_are_never_fewer_packs_than_workers(study):
    study = dataclasses.replace(study, fixed={"most": 100})
    assert sizes(study, 1) == [10, 10] and sizes(study, 2) == [10, 10]
    assert sizes(study, 4) == [5] * 4
    assert sizes(study, 100) == [1] * 20
    without_limit = Fused(train="fusing:train_stack", per_model=["lr", "width"])
    assert sizes(dataclasses.replace(study, fused=without_limit), 2) == [10, 10]


def test_what_is_not_to_be_fused_is_alone(study):
    assert sizes(study, fuse=False) == [1] * 20
    assert sizes(dataclasses.replace(study, fixed={"most": 1})) == [1] * 20
    assert sizes(dataclasses.replace(study, gpus=1)) == [1] * 20
    failed = {trial.trial_id for trial in packs(study)[0]}
    alone = [pack[0].trial_id for pack in packs(study, alone=failed) if len(pack) == 1]
    assert failed <= set(alone)


def test_fusing_changes_no_trial(study):
    one, other = (make_plan(study, Options(fuse=fuse)) for fuse in (True, False))
    assert one.trials == other.trials
    assert (one.study.fuse, other.study.fuse) == (True, False)


def test_a_study_that_cannot_fuse_says_what_to_do(study):
    for changes, words in (
        ({"fused": None}, r"add fused=Fused\(.*--no-fuse"),
        ({"stacked": False}, "only studies with stacked=True"),
        ({"fused": Fused(train="fusing:train_stack", per_model=["speed"])}, "'speed'"),
        ({"fused": dataclasses.replace(study.fused, size="fusing:none")}, "whole number >= 1"),
    ):
        with pytest.raises(ValueError, match=words):
            make_plan(dataclasses.replace(study, **changes), Options())
    bare = dataclasses.replace(study, fused=None, fuse=False)
    with pytest.raises(ValueError, match="add fused=Fused"):
        make_plan(bare, Options(fuse=True))
    assert not make_plan(bare, Options(fuse=True, everywhere=False)).study.fuse
    with pytest.raises(ValueError, match="at least one setting"):
        Fused(train="fusing:train_stack", per_model=[])


def test_a_record_keeps_how_a_study_is_fused(study):
    assert study_of(dataclasses.asdict(study)).fused == study.fused
    old = {k: v for k, v in dataclasses.asdict(study).items() if k not in ("fused", "fuse")}
    assert study_of(old).fuse is False, "of the version before"


def test_the_mlp_studies_name_what_their_trainable_keeps_per_model():
    from search_spaces.mlp_study import FUSED
    from trainables.mlp import PER_MODEL

    assert tuple(FUSED.per_model) == PER_MODEL
