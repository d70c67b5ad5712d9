import dataclasses
from types import SimpleNamespace

from sweepbook import Fidelity, Metric
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.tune.train import _groups


def test_a_trial_is_shared_by_studies_of_one_metric_and_unit_alone(toy_file):
    (toy,) = load_studies([str(toy_file)])
    loss = dataclasses.replace(toy, name="loss", metric=Metric("val_loss", "min"))
    epoch = dataclasses.replace(toy, name="epoch", fidelity=Fidelity("epoch", "rounds"))
    alike = dataclasses.replace(toy, name="alike")
    plans = [make_plan(study, Options()) for study in (toy, loss, epoch, alike)]
    assert len({trial.trial_id for plan in plans for trial in plan.trials}) == 2, "the same trials"
    ended, begun = (
        SimpleNamespace(trials={t.trial_id: {"status": status} for t in plans[0].trials})
        for status in ("finished", "pending")
    )
    groups = _groups(plans, [begun] * 4)
    names = [[plan.study.name for plan, _ in group] for group in groups]
    assert names == [["toy", "alike"], ["loss"], ["epoch"]]
    groups = _groups(plans, [ended, begun, ended, ended])
    assert [[plan.study.name for plan, _ in group] for group in groups] == [["loss"]]
