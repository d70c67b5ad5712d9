"""Ray Tune's Tuner over our trials: the only file that builds one."""

import pickle
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sweepbook.plan.plan import Plan
from sweepbook.record.ledger import slots
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.progress import Progress
from sweepbook.tune.worker import Assignment, run_assignment

TUNE = "tune"  # Tune's own folder in the scratch folder, never read


def tuner_of(
    assignments: dict[str, Assignment],
    callback: Any,
    scheduler: Any,
    scratch: Path,
    max_concurrent: int | None,
    search: tuple[Plan, Any, int] | None = None,
) -> Any:
    """Returns a Tuner of planned assignments, or of what a search suggests.

    Args:
        assignments: by trial_id; none for a search.
        search: its plan, its searcher and how many trials it owes.
        max_concurrent: most trials at a time; None: as many as there is room for.
    """
    import ray
    from ray import tune

    # Tune unpickles the trainable, with what `resources` refers to, several times per trial, and
    # each trial all assignments: both must stay small, or a trial costs more the more there are.
    usual, unusual = _needs(assignments)

    def resources(config: dict[str, Any]) -> tune.PlacementGroupFactory:
        own = config.get("assignment")
        cpus, gpus = own.trial.needs if own else unusual.get(config["trial_id"], usual)
        return tune.PlacementGroupFactory([{"CPU": cpus, "GPU": gpus}])

    packed = {trial_id: pickle.dumps(own) for trial_id, own in assignments.items()}
    trainable = tune.with_parameters(run_assignment, assignments=packed)
    space, source, at_a_time = {"trial_id": tune.grid_search(list(assignments))}, {}, None
    if search is not None:
        plan, searcher, n_trials = search
        space, source = {}, {"search_alg": searcher, "num_samples": n_trials}
        # without a limit Tune would ask for one trial at a time
        most_cpus, most_gpus = (max(need) for need in zip(*plan.needs, strict=True))
        at_a_time = slots(most_cpus, most_gpus, ray.cluster_resources(), None)
    return tune.Tuner(
        tune.with_resources(trainable, resources),
        param_space=space,
        tune_config=tune.TuneConfig(
            reuse_actors=True,
            scheduler=scheduler,
            max_concurrent_trials=max_concurrent or at_a_time,
            trial_name_creator=lambda trial: str(trial.config["trial_id"]),
            trial_dirname_creator=lambda trial: str(trial.config["trial_id"]),
            **source,
        ),
        run_config=tune.RunConfig(
            name=TUNE,
            storage_path=str(scratch),
            verbose=0,
            callbacks=[callback],
        ),
    )


def fit(tuner: Any, writers: Sequence[RecordWriter], progress: Progress) -> None:
    """Runs a Tuner to its end; what it makes of its own files is nobody's concern.

    Raises:
        OSError: of a writer's storage. Whatever else ended it while trials were open.
    """
    from sweepbook.tune.memory import out_of_memory_fails_a_trial

    try:
        with out_of_memory_fails_a_trial():
            tuner.fit()
    except OSError:
        raise
    except Exception:
        for writer in writers:
            writer.flush()  # a full disk is told as such, not as what Tune could not read
        if progress.n_unknown or len(progress.endings) < len(progress.trials):
            raise


def _needs(
    assignments: Mapping[str, Assignment],
) -> tuple[tuple[float, float], dict[str, tuple[float, float]]]:
    """The (cpus, gpus) of most trials, and those of the others by trial_id."""
    needs = {trial_id: own.trial.needs for trial_id, own in assignments.items()}
    usual = Counter(needs.values()).most_common(1)[0][0] if needs else (1.0, 0.0)
    return usual, {i: need for i, need in needs.items() if need != usual}
