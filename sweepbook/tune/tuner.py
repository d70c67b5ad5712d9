"""Ray Tune's Tuner over our trials: the only file that builds one."""

import pickle
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sweepbook.plan.plan import Plan
from sweepbook.record.ledger import slots
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.screen import in_notebook
from sweepbook.tune.site import Site
from sweepbook.tune.standing import Standing
from sweepbook.tune.worker.assignment import Assignment, Pack
from sweepbook.tune.worker.run import run_assignment

TUNE = "tune"  # Tune's own folder in the scratch folder, never read


@dataclass(frozen=True)
class Suggested:
    """The trials of a search: its plan, the searcher that Tune asks, and how many it owes."""

    plan: Plan
    searcher: Any
    n_trials: int

    def at_a_time(self) -> int:
        """Returns how many there is room for: without a limit Tune would ask for one."""
        import ray

        most_cpus, most_gpus = (max(need) for need in zip(*self.plan.needs, strict=True))
        return slots(most_cpus, most_gpus, ray.cluster_resources(), None)


def tuner_of(
    assignments: Mapping[str, Assignment | Pack],
    callback: Any,
    scheduler: Any,
    site: Site,
    suggested: Suggested | None = None,
) -> Any:
    """Returns a Tuner of planned assignments, or of what a search suggests.

    What an earlier Tuner of this site has left is removed.

    Args:
        assignments: by trial_id, or pack_id; none for a search.
        scheduler: None: every trial trains to its end.
    """
    from ray import tune

    shutil.rmtree(site.scratch / TUNE, ignore_errors=True)
    space = {} if suggested else {"trial_id": tune.grid_search(list(assignments))}
    return tune.Tuner(
        _trainable(assignments),
        param_space=space,
        tune_config=_tune_config(scheduler, site.placement.max_concurrent, suggested),
        run_config=tune.RunConfig(
            name=TUNE,
            storage_path=str(site.scratch),
            verbose=0,
            callbacks=[callback],
            progress_reporter=_silent() if in_notebook() else None,
            stop=callback.stops,
        ),
    )


def _silent() -> Any:
    """What keeps Tune from a table of its own, which it shows in a notebook whatever we say."""
    from ray import tune

    class Silent(tune.ProgressReporter):
        def should_report(self, trials: Any, done: bool = False) -> bool:
            return False

    return Silent()


def _tune_config(scheduler: Any, max_concurrent: int | None, suggested: Suggested | None) -> Any:
    from ray import tune

    source: dict[str, Any] = {}
    if suggested is not None:
        source = {"search_alg": suggested.searcher, "num_samples": suggested.n_trials}
        max_concurrent = max_concurrent or suggested.at_a_time()
    return tune.TuneConfig(
        reuse_actors=True,
        scheduler=scheduler,
        max_concurrent_trials=max_concurrent,
        trial_name_creator=lambda trial: str(trial.config["trial_id"]),
        trial_dirname_creator=lambda trial: str(trial.config["trial_id"]),
        **source,
    )


def _trainable(assignments: Mapping[str, Assignment | Pack]) -> Any:
    """Our worker's function with the assignments, and what each trial occupies."""
    from ray import tune

    packed = {trial_id: pickle.dumps(own) for trial_id, own in assignments.items()}
    trainable = tune.with_parameters(run_assignment, assignments=packed)
    return tune.with_resources(trainable, _resources(assignments))


def _resources(assignments: Mapping[str, Assignment | Pack]) -> Callable[[dict[str, Any]], Any]:
    """A function (config) -> what the trial occupies.

    Tune unpickles the trainable, with what this refers to, several times per trial, and each
    trial all assignments: both must stay small, or a trial costs more the more there are.
    """
    from ray import tune

    usual, unusual = _needs(assignments)

    def resources(config: dict[str, Any]) -> tune.PlacementGroupFactory:
        own = config.get("assignment")
        cpus, gpus = own.needs if own else unusual.get(config["trial_id"], usual)
        return tune.PlacementGroupFactory([{"CPU": cpus, "GPU": gpus}])

    return resources


def _needs(
    assignments: Mapping[str, Assignment | Pack],
) -> tuple[tuple[float, float], dict[str, tuple[float, float]]]:
    """The (cpus, gpus) of most trials, and those of the others by trial_id."""
    needs = {trial_id: own.needs for trial_id, own in assignments.items()}
    usual = Counter(needs.values()).most_common(1)[0][0] if needs else (1.0, 0.0)
    return usual, {i: need for i, need in needs.items() if need != usual}


def fit(tuner: Any, writers: Sequence[RecordWriter], standing: Standing) -> None:
    """Runs a Tuner to its end; what it makes of its own files is nobody's concern.

    Raises:
        OSError: of a writer's storage. Whatever else ended it while trials were open.
    """
    from sweepbook.tune.failures.memory import out_of_memory_fails_a_trial

    try:
        with out_of_memory_fails_a_trial():
            tuner.fit()
    except OSError:
        raise
    except Exception:
        for writer in writers:
            writer.flush()  # a full disk is told as such, not as what Tune could not read
        if standing.n_unknown or standing.n_open:
            raise
