"""Functions that report by calls, trained by the worker's own code, without Ray."""

import sys
from types import ModuleType

import pandas as pd

from sweepbook import Fidelity, Metric, Study
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.tune.worker import course
from sweepbook.tune.worker.run import Assignment, reports

MODULE = "module_of_the_test"


class Pushing:
    """A study of one trial in a record's folder, trained as often as it is asked to."""

    def __init__(self, folder, monkeypatch, train, unit="epoch", epochs=4, **options):
        made = ModuleType(MODULE)
        made.train = train
        monkeypatch.setitem(sys.modules, MODULE, made)
        monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", -1)
        self.folder = folder
        study = Study(
            name="s",
            question="?",
            trainable=f"{MODULE}:train",
            metric=Metric(options.pop("metric", "val_loss"), "min"),
            fidelity=Fidelity(unit, "epochs"),
            fixed={"epochs": epochs, **options.pop("fixed", {})},
            replicates=options.pop("replicates", 2),
            **options,
        )
        (self.trial,) = make_plan(study, Options()).trials

    def rows(self, name="whole", steps=None):
        """Trains up to so many reports, and from a checkpoint of that name, where there is one."""
        record = self.folder / name
        for part in ("checkpoints", "parts"):
            (record / part).mkdir(parents=True, exist_ok=True)
        made = reports(Assignment(self.trial, [str(record)], []))
        found = []
        for report in made:
            found += report["rows"]
            if steps and len(found) >= steps * self.trial.n_replicates:
                break
        made.close()
        frame = pd.DataFrame(found)
        return frame.drop(columns="time_s").sort_values([self.trial.unit, "replicate"])

    def check_resumed(self, *stops):
        """Checks that stopping at any of these steps changes no bit of the rows."""
        whole = self.rows().reset_index(drop=True)
        for at in stops:
            name = f"stopped-{at}"
            self.rows(name, at)
            again = self.rows(name).reset_index(drop=True)  # those of the checkpoint first
            pd.testing.assert_frame_equal(again, whole, check_exact=True, check_like=True)
        return whole
