"""Trains studies from a script or a notebook, as the command line does from a terminal."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, overload

from sweepbook.commands.confirm import confirm as train_winners
from sweepbook.commands.extend import extend
from sweepbook.commands.resume import resume as train_the_rest
from sweepbook.commands.run import run_studies
from sweepbook.commands.training import NO_ARTIFACTS, Endings, tell_endings
from sweepbook.notebook.interrupted import Interrupted
from sweepbook.notebook.own_code import check_studies, forget_changed_code
from sweepbook.notebook.record import Record, Where, load_record, place_of
from sweepbook.plan.options import Options
from sweepbook.study.hooks import is_importing
from sweepbook.study.study import Study
from sweepbook.tune.placement import Placement
from sweepbook.tune.screen import screen

_INTERRUPTED = ("interrupted", "untried", NO_ARTIFACTS)
_running = [False]  # whether a run of this process goes on


@overload
def run(studies: Study, **options: Any) -> Record: ...
@overload
def run(studies: list[Study] | tuple[Study, ...], **options: Any) -> list[Record]: ...
def run(  # type: ignore[misc]  # the overloads leave the options to this signature
    studies: Study | list[Study] | tuple[Study, ...],
    *,
    replicates: int | None = None,
    seed: int | None = None,
    epochs: int | None = None,
    scale: float | None = None,
    trials: int | None = None,
    scheduler: bool = True,
    fuse: bool | None = None,
    settings: Mapping[str, Any] | None = None,
    own_options: Mapping[str, Any] | None = None,
    data: str | None = None,
    gpus_per_trial: float | None = None,
    storage: str = "records",
    name: str | None = None,
    cache: bool = True,
    warm_start: Sequence[str] = (),
    optuna_storage: str | None = None,
    address: str | None = None,
    max_concurrent: int | None = None,
    max_failures: int | None = None,
    max_node_losses: int | None = None,
) -> Record | list[Record]:
    """Trains a study, or several, and returns the record of each.

    Everything that can be checked is checked before anything starts. The functions that a study
    names must lie in a file that workers can import, not in a notebook's cell; a script calls
    `run` under `if __name__ == "__main__":`.

    Args:
        studies: one study, or a list of them. Trials that several share are trained once.
        replicates: seeds per trial, at least 1; None: as the study declares.
        seed: study seed, at least 0, from which the seed of each replicate is drawn; None: as
            the study declares.
        epochs: fidelity of every trial (epochs, rounds, ...), at least 1; None: as declared.
        scale: factor of every trial's fidelity, above 0; give it or `epochs`, not both.
        trials: configs to try in each cell of a search, at least 1; None: as declared.
        scheduler: False: no trial is stopped early.
        fuse: whether trials that differ in a few settings alone train in one stack; None: as
            the study declares.
        settings: setting -> value in every trial.
        own_options: setting -> value of options that a study itself declares.
        data: folder of the data set, for studies that take one; None: as declared.
        gpus_per_trial: GPUs of one trial; 0.5: two trials share one. None: as declared.
        storage: folder of the records, or s3://BUCKET/... or gs://BUCKET/....
        name: the record's name; with several studies, the beginning of their names. None: the
            study's name. A suffix is added where a record of that name exists.
        cache: reuse finished trials from records in the same storage.
        warm_start: records whose trials a search begins with.
        optuna_storage: where Optuna keeps its studies, for a dashboard: "sqlite:///FILE".
        address: of a running Ray cluster; None: this machine.
        max_concurrent: most trials at a time; None: as many as there is room for.
        max_failures: retries per failed trial, at least 0. None: as the record was begun with,
            and 1 for a new one.
        max_node_losses: retries after losing a trial's machine, at least 0. None: as the record
            was begun with, and 3 for a new one.

    Returns:
        The record, or a list of records in the order of the studies. A trial that fails does
        not raise: its record says why (`record.trials["error"]`).

    Raises:
        ValueError: something cannot be done as asked; the message names the value.
        OSError: the storage or the Ray cluster cannot be used.
        Interrupted: after Ctrl-C or the stop button, with the records closed; the message says
            how to go on. It is a KeyboardInterrupt.

    Example:
        record = sweepbook.run(STUDY, replicates=3)
        record.figure("curves")
    """
    wanted = list(studies) if isinstance(studies, list | tuple) else [studies]
    check_studies(wanted)
    placement = _placement(address, max_concurrent, max_failures, max_node_losses)
    options = Options(
        data=data,
        replicates=replicates,
        seed=seed,
        epochs=epochs,
        scale=scale,
        gpus=gpus_per_trial,
        trials=trials,
        scheduler=scheduler,
        fuse=fuse,
        settings=settings or {},
        optional=own_options or {},
    )
    with _one_at_a_time():
        forget_changed_code(wanted)
        ended = run_studies(
            wanted,
            options,
            storage=storage,
            name=name,
            cache=cache,
            warm_start=warm_start,
            optuna_storage=optuna_storage,
            placement=placement,
            console=screen(),
        )
    records = _records(ended)
    return records if isinstance(studies, list | tuple) else records[0]


def resume(
    record: Where,
    *,
    replicates: int | None = None,
    epochs: int | None = None,
    scale: float | None = None,
    trials: int | None = None,
    gpus_per_trial: float | None = None,
    force: bool = False,
    trust: bool = False,
    address: str | None = None,
    max_concurrent: int | None = None,
    max_failures: int | None = None,
    max_node_losses: int | None = None,
) -> Record:
    """Trains what a record still lacks, or writes a new record with more training.

    Trials that were interrupted or that failed continue from their checkpoints if they have one.

    Args:
        record: the record, its folder, or its URI.
        replicates, epochs, scale, trials: more than the record has, for a new record in the same
            storage; None: as they are.
        gpus_per_trial: GPUs, or the share of one, of what still trains on them; None: as before.
        force: continue although code or versions have changed; the record then says so.
        trust: run the code that the record names wherever it lies: in another folder, in an
            installed library, or any program. False: only code that this Python finds in a
            folder of its path or in the current folder, and never code within the record.
        address, max_concurrent, max_failures, max_node_losses: as for `run`.

    Returns:
        The record, read again; the new one if there is more training.

    Raises:
        ValueError: no record, its code may not be run, or code, data or versions have changed
            since; nothing is written.
        OSError, Interrupted: as for `run`.
    """
    placement = _placement(address, max_concurrent, max_failures, max_node_losses)
    longer = Options(replicates=replicates, epochs=epochs, scale=scale, trials=trials)
    where, gpus = place_of(record), Options(gpus=gpus_per_trial).gpus  # it checks the number
    go_on = (
        partial(train_the_rest, where) if longer == Options() else partial(extend, where, longer)
    )
    with _one_at_a_time():
        ended = go_on(console=screen(), placement=placement, force=force, gpus=gpus, trust=trust)
    return _records(ended)[0]


def confirm(
    record: Where,
    *,
    seed: int,
    by: Sequence[str] | None = None,
    top: int = 1,
    replicates: int | None = None,
    epochs: int | None = None,
    storage: str | None = None,
    name: str | None = None,
    force: bool = False,
    trust: bool = False,
    address: str | None = None,
    max_concurrent: int | None = None,
    max_failures: int | None = None,
    max_node_losses: int | None = None,
) -> Record:
    """Retrains the winners of a search or a grid with new seeds and without early stopping.

    The score that has selected a winner is too optimistic; the new record's is not.

    Args:
        record: the record of a search or a grid, its folder, or its URI.
        seed: the new record's study seed, other than the record's.
        by: settings whose combinations are compared; None: the search's cells, or of a grid the
            best of all trials.
        top: winners of each combination, at least 1: the best, and its runners-up.
        replicates: seeds per winner, at least 1; None: 5, or those of the study if it has an
            Estimator.
        epochs: fidelity of every trial; None: as in the record.
        storage: folder of the new record; None: beside the other.
        name: the new record's name; None: the study's with "-confirm".
        force: go on although code or versions have changed.
        trust: as for `resume`.
        address, max_concurrent, max_failures, max_node_losses: as for `run`.

    Raises:
        ValueError: the seed is the record's own, a setting is unknown, or no trial can be
            chosen.
        OSError, Interrupted: as for `run`.
    """
    placement = _placement(address, max_concurrent, max_failures, max_node_losses)
    with _one_at_a_time():
        ended = train_winners(
            place_of(record),
            by=by,
            top=top,
            replicates=replicates,
            seed=seed,
            epochs=epochs,
            storage=storage,
            name=name,
            placement=placement,
            force=force,
            trust=trust,
            console=screen(),
        )
    return _records(ended)[0]


def _placement(
    address: str | None,
    max_concurrent: int | None,
    max_failures: int | None,
    max_node_losses: int | None,
) -> Placement:
    placement = Placement(
        address=address,
        max_concurrent=max_concurrent,
        max_failures=max_failures,
        max_node_losses=max_node_losses,
    )
    placement.prepare()
    return placement


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Refuses a run within a run: a study's file that calls `run` when it is imported.

    Raises:
        ValueError: another run of this process goes on, or a study's module is being imported.
        Interrupted: Ctrl-C or the stop button came before or after the training.
    """
    if _running[0] or is_importing():
        why = (
            "a run of this process has not ended yet"
            if _running[0]
            else "sweepbook.run was called while the file of a study was being imported"
        )
        raise ValueError(
            f"{why}: a file that names its own functions in a study must call sweepbook.run under "
            '`if __name__ == "__main__":`, since Sweepbook imports the file'
        )
    _running[0] = True
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted("stopped before the training began, or after it had ended") from None
    finally:
        _running[0] = False


def _records(ended: Endings) -> list[Record]:
    """Tells how the trials of each record ended, and reads the records.

    Raises:
        Interrupted: some trials were interrupted, by Ctrl-C or the stop button.
    """
    tell_endings(ended, screen(), go_on="sweepbook.resume('{}')", then=None)
    is_open = [any(counts.get(status) for status in _INTERRUPTED) for counts in ended.values()]
    if open_ones := [str(place) for place, is_one in zip(ended, is_open, strict=True) if is_one]:
        calls = ", ".join(f"sweepbook.resume({place!r})" for place in open_ones)
        raise Interrupted(f"the training was interrupted, and its record is closed: {calls}")
    return [load_record(folder) for folder in ended]
