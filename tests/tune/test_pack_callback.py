"""What the driver makes of a pack: of each trial its own rows and ending, and retries."""

import io
import json
from types import SimpleNamespace

import pytest
from rich.console import Console

from sweepbook.plan.manifest import new_manifest
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.record.ledger import PHASES
from sweepbook.record.manifest import manifest_of
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.callback import RecordCallback
from sweepbook.tune.progress import Progress


class Queue:
    """Ends the first trial at its first report; all others go on."""

    def __init__(self, first):
        self.first, self.ended, self.back, self.alone = first, set(), [], []

    def has_ended(self, trial_id):
        return trial_id in self.ended

    def judge(self, report):
        return report["of"] == self.first

    def end(self, trial_id):
        self.ended.add(trial_id)

    def put_back(self, trial_id):
        self.back.append(trial_id)
        return True

    def retry(self, trial_id, *, alone):
        self.alone += [trial_id] if alone else []

    def pack_ended(self, name):
        self.ended_pack = name


@pytest.fixture
def pack(toy_file, tmp_path):
    """The ids of two trials, their writer, and Ray's trial of their pack."""
    plan = make_plan(load_studies([str(toy_file)])[0], Options())
    manifest = manifest_of(json.loads(json.dumps(new_manifest(plan, Options(), [], []).as_json())))
    writer = RecordWriter(tmp_path / "r", manifest)
    ids = [trial.trial_id for trial in plan.trials]
    trial = SimpleNamespace(
        config={"trial_id": "pack"}, local_path=str(tmp_path / "none"), should_recover=None
    )
    progress = Progress([plan], set(), Console(file=io.StringIO()))

    def callback(**options):
        owners = {trial_id: [writer] for trial_id in ids}
        return RecordCallback(owners, progress, packs={"pack": ids}, **options)

    yield ids, writer, trial, callback
    writer.release()


def report(ids, at, value=0.5):
    members = [
        {
            "of": trial_id,
            "fidelity": at,
            "value": value,
            "rows": [{"replicate": r, "round": at, "val_acc": value} for r in range(2)],
            "spent": [0.0] * len(PHASES),
            "goes_on": True,
        }
        for trial_id in ids
    ]
    return {"of": "pack", "fidelity": at, "value": value, "members": members}


def tell(callback, trial, result):
    assert not callback.stops("x", result)
    callback.on_trial_result(0, [], trial, result)


def test_each_trial_of_a_pack_has_its_rows_and_its_ending(pack):
    ids, writer, trial, made = pack
    callback = made()
    callback.on_trial_start(0, [], trial)
    for at in (1, 2, 3):
        tell(callback, trial, report(ids, at))
    callback.on_trial_complete(0, [], trial)
    for trial_id in ids:
        assert writer.trials[trial_id]["status"] == "finished"
        assert writer.trials[trial_id]["last_fidelity"] == 3


def test_a_pack_that_fails_ends_no_trial_and_is_tried_again_one_by_one(pack):
    ids, writer, trial, made = pack
    callback = made()
    callback.on_trial_start(0, [], trial)
    assert trial.should_recover() is False, "not as a pack"
    callback.on_trial_error(0, [], trial)
    assert callback.unfused == ids
    assert [writer.trials[trial_id]["n_retries"] for trial_id in ids] == [1, 1]
    assert [writer.trials[trial_id]["status"] for trial_id in ids] == ["running"] * 2


def test_values_that_do_not_fit_fail_one_trial_of_a_pack(pack):
    ids, writer, trial, made = pack
    callback = made()
    callback.on_trial_start(0, [], trial)
    tell(callback, trial, report(ids, 1))
    wrong = report(ids, 2)
    wrong["members"][0]["rows"][0]["val_acc"] = "text"
    tell(callback, trial, wrong)
    tell(callback, trial, report(ids, 3))
    callback.on_trial_complete(0, [], trial)
    assert [writer.trials[trial_id]["status"] for trial_id in ids] == ["failed", "finished"]
    assert writer.trials[ids[0]]["last_fidelity"] == 1


def test_a_judged_trial_ends_at_once_and_the_others_go_back(pack):
    ids, writer, trial, made = pack
    queue = Queue(ids[0])
    callback = made(queue=queue)
    callback.on_trial_start(0, [], trial)
    tell(callback, trial, report(ids, 1))
    tell(callback, trial, report(ids, 2))
    assert writer.trials[ids[0]]["last_fidelity"] == 1, "nobody hears of it any more"
    callback.on_trial_recover(0, [], trial)  # its machine was lost, and Tune begins it again
    callback.on_trial_start(0, [], trial)
    assert writer.trials[ids[0]]["status"] != "running"
    assert writer.trials[ids[0]]["n_retries"] == 0
    callback.on_trial_complete(0, [], trial)
    assert queue.back == [ids[1]] and queue.ended_pack == "pack"
    assert writer.trials[ids[1]]["status"] == "running"
    callback.on_trial_start(0, [], trial)
    callback.on_trial_error(0, [], trial)
    assert queue.alone == [ids[1]]
