"""What a record says of the settings that a command gave other values than the study's."""

import pytest

from sweepbook import Fidelity, Metric, Study
from sweepbook.plan.manifest import new_manifest
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan


def train(config):
    for epoch in range(1, config["epochs"] + 1):
        yield {"epoch": epoch, "loss": config["lr"] / epoch}


STUDY = Study(
    name="two-rates",
    question="Which rate?",
    trainable="tests.plan.test_replaced:train",
    metric=Metric("loss", "min"),
    fidelity=Fidelity("epoch", "epochs"),
    grid={"lr": (0.1, 0.2)},
    fixed={"epochs": 3, "width": None, "size": 64},
)


@pytest.mark.parametrize(
    "options, replaced",
    [
        (Options(), {}),
        (Options(settings={"size": 64}), {}),
        (Options(settings={"size": 32}), {"size": [64]}),
        (Options(settings={"width": 8, "size": 64}), {"width": [None]}),
        (Options(settings={"lr": 0.2}), {"lr": [0.1]}),
        (Options(epochs=1), {"epochs": [3]}),
        (Options(epochs=3), {}),
    ],
)
def test_a_setting_that_changed_is_kept_with_what_was_declared(options, replaced):
    manifest = new_manifest(make_plan(STUDY, options), options, ["sweepbook"], [])
    assert manifest.replaced == replaced
