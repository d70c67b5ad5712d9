"""Defects of the plain stack that this project makes good, each shown as it is in Ray 2.60.

A test here that fails after an upgrade says: mended, so that our layer for it can go. Beside each
stands ours, or the test that shows ours on a real Ray:

1. a NaN trial is never stopped: here; test_asha ("nan", "half")
2. a NaN trial stays RUNNING in Optuna: test_search (diverged and failed are FAIL, none RUNNING)
3. a stopped trial is COMPLETE in Optuna: test_search (PRUNED, at its last step)
4. no table by best value: test_run (every ending has its row), test_faults (a misspelt metric)
5. a restore forgets the rungs: test_asha (killed, resumed, and stopped by the earlier cutoff)
6. the loggers keep every trial: here
7. stopped and finished are one status: here; test_asha (reason, rung, cutoff)
8. no seed for the whole: here; test_run (workers, order), test_search (another process, a resume)
9. a worker that the memory monitor ends takes the study with it: here; test_faults (all memory)
"""

import dataclasses
import gc
import math
import warnings
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
from ray.exceptions import OutOfMemoryError, RayActorError
from ray.tune.execution import tune_controller
from ray.tune.logger import CSVLoggerCallback, JsonLoggerCallback
from ray.tune.schedulers import AsyncHyperBandScheduler
from ray.tune.schedulers.async_hyperband import _Bracket
from ray.tune.utils.callback import _create_default_callbacks
from rich.console import Console

from sweepbook import ASHA, Fidelity, Metric, Study
from sweepbook.plan.manifest import new_manifest
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.record.ledger import PHASES
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.callback import RecordCallback
from sweepbook.tune.cluster.environment import ENVIRONMENT
from sweepbook.tune.failures.memory import out_of_memory_fails_a_trial
from sweepbook.tune.progress import Progress
from sweepbook.tune.scheduler import StudyASHA

ROUNDS = 9
KINDS = {"winner": 0.1, "loser": 0.9, "nan": math.nan}

pytestmark = pytest.mark.timeout(120)


def plain_asha():
    return AsyncHyperBandScheduler(
        time_attr="round", metric="loss", mode="min", max_t=ROUNDS, reduction_factor=3
    )


def our_asha():
    asha = ASHA(max_t=ROUNDS, reduction_factor=3)
    return StudyASHA(asha, Metric("loss", "min"), "round", {})


def stopped_at(scheduler, trial_id, value):
    """Reports one value at each round; returns the round of the stop, or the last."""
    trial = SimpleNamespace(trial_id=trial_id, config={"trial_id": trial_id})
    scheduler.on_trial_add(None, trial)
    for n in range(1, ROUNDS + 1):
        result = {"round": n, "loss": value, "fidelity": n, "value": value}
        if scheduler.on_trial_result(None, trial, result) == "STOP":
            return n
    return ROUNDS


def test_defect_1_plain_asha_trains_a_nan_trial_to_its_end_and_ours_ends_it_at_once():
    plain, ours = plain_asha(), our_asha()
    for scheduler in (plain, ours):
        assert stopped_at(scheduler, "good", 0.1) == ROUNDS
        assert stopped_at(scheduler, "bad", 0.9) == 1, "it does stop what is merely bad"
    assert stopped_at(plain, "nan", math.nan) == ROUNDS
    assert stopped_at(ours, "nan", math.nan) == 1
    with pytest.raises(TypeError):
        stopped_at(plain, "none", None)
    assert stopped_at(ours, "none", None) == 1


@pytest.mark.parametrize("max_t, factor", [(243, 3), (1000, 10)])
def test_plain_rungs_lose_one_to_a_logarithm_and_ours_do_not(max_t, factor):
    plain = [rung for rung, _ in _Bracket(1, max_t, factor, 0)._rungs]
    assert max(plain) == max_t // factor
    assert max(ASHA(reduction_factor=factor).rungs(max_t)) == max_t


def optuna_search(**settings):
    """Ray's own search over one open setting, and the Optuna study inside it."""
    from ray import tune
    from ray.tune.search.optuna import OptunaSearch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Optuna's own, on experimental parts
        search = OptunaSearch({"x": tune.uniform(0, 1)}, metric="loss", mode="min", **settings)
    return search, search._ot_study


def states(study):
    return [trial.state.name for trial in study.get_trials(deepcopy=False)]


def test_defect_2_plain_optuna_search_leaves_a_nan_trial_running_for_ever():
    search, study = optuna_search(seed=0)
    search.suggest("nan")
    search.on_trial_complete("nan", result={"loss": math.nan, "training_iteration": 1})
    assert states(study) == ["RUNNING"]


def test_defect_3_plain_optuna_search_takes_a_stopped_trial_for_a_complete_one():
    search, study = optuna_search(seed=0)
    search.suggest("stopped")  # by ASHA at its first rung: Tune says just this
    search.on_trial_complete("stopped", result={"loss": 0.9, "training_iteration": 1})
    assert states(study) == ["COMPLETE"]
    (trial,) = study.get_trials(deepcopy=False)
    assert trial.value == 0.9, "a value of low fidelity among those of whole trials"


def test_defect_8_plain_optuna_search_ignores_its_seed_beside_a_sampler():
    import optuna

    def first(**settings):
        return optuna_search(**settings)[0].suggest("a")["x"]

    assert first(seed=3) == first(seed=3)
    fresh = [first(seed=3, sampler=optuna.samplers.RandomSampler()) for _ in range(2)]
    assert fresh[0] != fresh[1]


def brackets_drawn(scheduler, trial_ids):
    """The number of rungs of the bracket that each trial is put into."""
    trials = [SimpleNamespace(trial_id=i, config={"trial_id": i}) for i in trial_ids]
    for trial in trials:
        scheduler.on_trial_add(None, trial)
    if isinstance(scheduler, StudyASHA):
        return [len(scheduler.bracket_of(i).levels) for i in trial_ids]
    return [len(scheduler._trial_info[i]._rungs) for i in trial_ids]


def test_defect_8_plain_brackets_and_samples_come_from_the_global_generator_and_ours_do_not():
    from ray import tune
    from ray.tune.search.variant_generator import generate_variants

    def plain():
        return AsyncHyperBandScheduler(
            time_attr="round", metric="loss", mode="min", max_t=27, reduction_factor=3, brackets=3
        )

    def ours():
        asha = ASHA(max_t=27, reduction_factor=3, brackets=3)
        return StudyASHA(asha, Metric("loss", "min"), "round", {})

    def drawn(make, seed, trial_ids):
        with as_if_seeded(seed):
            return dict(zip(trial_ids, brackets_drawn(make(), trial_ids), strict=True))

    def sampled(seed):
        with as_if_seeded(seed):
            return [config["x"] for _, config in generate_variants({"x": tune.uniform(0, 1)})]

    ids = [f"trial{i}" for i in range(20)]
    assert drawn(plain, 1, ids) == drawn(plain, 1, ids) != drawn(plain, 2, ids)
    assert drawn(plain, 1, ids) != drawn(plain, 1, ids[::-1]), "nor does it survive another order"
    assert drawn(ours, 1, ids) == drawn(ours, 2, ids) == drawn(ours, 1, ids[::-1])
    assert len(set(drawn(ours, 1, ids).values())) > 1, "there was something to draw"
    assert sampled(1) == sampled(1) != sampled(2)


class as_if_seeded:
    """The global generator of numpy starts from a seed, and is as before afterwards."""

    def __init__(self, seed):
        self.seed = seed

    def __enter__(self):
        self.before = np.random.get_state()  # noqa: NPY002
        np.random.seed(self.seed)  # noqa: NPY002

    def __exit__(self, *_):
        np.random.set_state(self.before)  # noqa: NPY002


def test_defect_9_a_worker_without_memory_ends_the_whole_plain_study():
    def failed_under_tune():
        """What Tune hears of a trial whose worker the memory monitor has ended."""
        heard = []
        actor = SimpleNamespace(actor_id=1, _on_error=lambda _, error: heard.append(error))
        task = SimpleNamespace(_tracked_actor=actor, _on_error=None)
        manager = object.__new__(tune_controller.RayActorManager)  # as Tune makes it, but empty
        manager._failed_actor_ids, manager._cleanup_actor = set(), lambda tracked_actor: None
        manager._actor_task_failed(task, OutOfMemoryError("low on memory"))
        return heard

    with pytest.raises(RuntimeError, match="Caught unexpected exception: low on memory"):
        failed_under_tune()
    with out_of_memory_fails_a_trial():
        (error,) = failed_under_tune()
    assert isinstance(error, RayActorError) and str(error) == "low on memory"


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """(Tuner, its results, its scheduler, its folder) of three trials under the plain stack."""
    import ray
    from ray import tune

    def train(config):
        for n in range(1, ROUNDS + 1):
            tune.report({"round": n, "loss": KINDS[config["kind"]]})

    folder = tmp_path_factory.mktemp("plain")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AIR_NEW_OUTPUT", "0")
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.delenv("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", raising=False)
        patch.delenv("RAY_AUTH_MODE", raising=False)  # what a study before it has set is too late
        ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
        try:
            scheduler = plain_asha()
            tuner = tune.Tuner(
                train,
                param_space={"kind": tune.grid_search(list(KINDS))},
                tune_config=tune.TuneConfig(
                    scheduler=scheduler, max_concurrent_trials=1, reuse_actors=True
                ),
                run_config=tune.RunConfig(name="plain", storage_path=str(folder), verbose=0),
            )
            results = tuner.fit()
            yield results, scheduler, folder / "plain", train
        finally:
            ray.shutdown()


def rounds(results):
    return {r.config["kind"]: r.metrics["round"] for r in results}


@pytest.mark.ray
def test_defect_4_a_table_by_best_value_cannot_be_had_where_a_trial_is_all_nan(fitted):
    results, *_ = fitted
    assert rounds(results) == {"winner": ROUNDS, "loser": 1, "nan": ROUNDS}, "defect 1, on Ray"
    with pytest.raises(ValueError, match="NA"):
        results.get_dataframe(filter_metric="loss", filter_mode="min")
    misspelt = results.get_dataframe(filter_metric="lost", filter_mode="min")
    assert len(misspelt) == len(KINDS), "and a misspelt metric is no error"


@pytest.mark.ray
def test_defect_5_a_restored_tuner_has_forgotten_the_rungs(fitted):
    from ray import tune

    results, scheduler, folder, train = fitted
    (bracket,) = scheduler._brackets
    assert bracket._rungs[-1][1], "the rungs were filled"
    restored = tune.Tuner.restore(str(folder), trainable=train)
    (again,) = restored._local_tuner._tune_config.scheduler._brackets
    assert [rung for rung, _ in again._rungs] == [rung for rung, _ in bracket._rungs]
    assert all(values == {} for _, values in again._rungs)


def trials_kept(callbacks, folder, n):
    """How many of n trials, ended and forgotten by everyone else, the callbacks still hold."""
    from ray.train._internal.storage import StorageContext
    from ray.tune.experiment import Trial

    known = []
    for i in range(n):
        storage = StorageContext(str(folder), "plain", trial_dir_name=f"trial{i}")
        trial = Trial("short", config={"trial_id": f"trial{i}"}, stub=True, storage=storage)
        trial.init_local_path()
        rows = [{"replicate": 0, "round": 1, "loss": 0.5}]
        result = {"fidelity": 1, "value": 0.5, "rows": rows, "of": f"trial{i}"}
        result |= {"goes_on": True}
        result |= {"spent": [0.0] * len(PHASES), "trial_id": trial.trial_id, "config": {}}
        for callback in callbacks:
            callback.on_trial_start(iteration=0, trials=[], trial=trial)
            callback.on_trial_result(iteration=0, trials=[], trial=trial, result=result)
            callback.on_trial_complete(iteration=0, trials=[], trial=trial)
        known.append(weakref.ref(trial))
    del trial
    gc.collect()
    return sum(ref() is not None for ref in known)


@pytest.mark.ray
def test_defect_6_plain_loggers_keep_every_trial_that_has_ended_and_ours_keeps_none(
    fitted, tmp_path, monkeypatch
):
    def started():
        kinds = (JsonLoggerCallback, CSVLoggerCallback)
        return [c for c in _create_default_callbacks([]) if isinstance(c, kinds)]

    monkeypatch.delenv("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", raising=False)
    plain = started()
    assert len(plain) == 2, "nobody asked for them"
    for logger in plain:
        assert trials_kept([logger], tmp_path / logger.__class__.__name__, 5) == 5
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    assert started() == [], "under our runner there are none"

    study = Study(
        name="short", question="?", trainable=f"{__name__}:nothing", replicates=1,
        metric=Metric("loss", "min"), fidelity=Fidelity("round", "rounds"),
        grid={"cell": list(range(5))}, fixed={"rounds": 1},
    )  # fmt: skip
    plan = make_plan(study, Options())
    renamed = [
        dataclasses.replace(trial, trial_id=f"trial{i}") for i, trial in enumerate(plan.trials)
    ]
    plan = dataclasses.replace(plan, trials=tuple(renamed))
    manifest = new_manifest(plan, Options(), [], [])
    writer = RecordWriter(tmp_path / "ours", manifest)
    owners = {trial.trial_id: [writer] for trial in plan.trials}
    ours = RecordCallback(owners, Progress([plan], set(), Console(quiet=True)))
    assert trials_kept([ours], tmp_path, 5) == 0
    assert writer.close() == {"finished": 5}, "and yet all is recorded"


def nothing(config):
    yield {"round": 1, "loss": 0.5}


@pytest.mark.ray
def test_defect_7_a_pruned_trial_cannot_be_told_from_a_finished_one(fitted):
    results, *_ = fitted
    trials = {t.config["kind"]: t for t in results._experiment_analysis.trials}
    assert trials["winner"].status == trials["loser"].status == "TERMINATED"
    both = [r.metrics for r in results if r.config["kind"] in ("winner", "loser")]
    assert both[0].keys() == both[1].keys() and both[0]["done"] == both[1]["done"]
    told = " ".join(str(key) for metrics in both for key in metrics)
    assert not any(word in told for word in ("reason", "cutoff", "rung", "stopped", "pruned"))
    ours = our_asha()
    stopped_at(ours, "winner", KINDS["winner"])
    stopped_at(ours, "loser", KINDS["loser"])
    assert {k: str(v) for k, v in ours.endings.items()} == {
        "loser": "stopped at rung round 1: loss 0.9 > cutoff 0.1"
    }
