"""The adapter between a trainable's generator and Ray Tune: this runs in the workers."""

import contextlib
import ctypes
import gc
import os
import pickle
import sys
from collections.abc import Generator, Iterator, Mapping
from typing import Any

from sweepbook.record.ledger import Ledger
from sweepbook.study.hooks import add_to_path
from sweepbook.tune.cluster.environment import NOT_ON_PATH
from sweepbook.tune.worker.assignment import Assignment, Pack, check_reachable
from sweepbook.tune.worker.course import Course
from sweepbook.tune.worker.failure import TrainableFailed, told
from sweepbook.tune.worker.hang import guarded, trace_path
from sweepbook.tune.worker.output import captured
from sweepbook.tune.worker.pack import captured_by_all, pack_reports
from sweepbook.tune.worker.states.torch_state import loaded
from sweepbook.tune.worker.within_ray import (
    end_children_at_sigterm,
    forget_arguments,
    sole_reporter,
)
from sweepbook.tune.worker.yielded import Step


def run_assignment(config: Mapping[str, Any], assignments: Mapping[str, bytes]) -> None:
    """Ray Tune's function trainable: trains one assigned trial, or a pack, step by step.

    A search's assignment comes with the config, for it is not known in advance.

    A report is {"fidelity": int, "value": the metric's mean over replicates, "rows": one dict per
    replicate, "spent": seconds by phase so far, a list as in `sweepbook.record.ledger.PHASES`,
    "of": trial_id, "goes_on": whether an interrupted trial goes on where it was}. That of a pack
    holds one for each of its trials, see `pack_reports`.

    Args:
        assignments: trial_id -> the pickled `Assignment`; pack_id -> the pickled `Pack`.
    """
    _give_memory_back()
    end_children_at_sigterm()
    forget_arguments()
    _import_as_the_driver_does()
    own = config.get("assignment")
    assignment: Assignment | Pack = own or pickle.loads(assignments[config["trial_id"]])
    if isinstance(assignment, Pack):
        output, every = captured_by_all(assignment.members), pack_reports(assignment)
    else:
        output = captured(assignment.records, assignment.trial.trial_id)
        every = reports(assignment)
    with output, sole_reporter() as tell, contextlib.closing(every) as made:
        while (report := _next(made)) is not None:
            tell(report)  # Tune ends this thread here where the trial is stopped


def _next(made: Iterator[dict[str, Any]]) -> dict[str, Any] | None:
    """The next report, or None at the end; whatever the trainable raises can be told by a driver.

    An exception of its own class may not be loadable there, and `sys.exit` would end the thread
    without a word.
    """
    try:
        return next(made, None)
    except BaseException as error:
        raise TrainableFailed(told(error)) from None


def _import_as_the_driver_does() -> None:
    """Takes a folder that the driver has not off sys.path, and puts what Ray has brought first.

    Modules that Ray brings are on PYTHONPATH, which it puts after the driver's working folder.
    """
    sys.path[:] = [path for path in sys.path if path != os.environ.get(NOT_ON_PATH)]
    add_to_path(*filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)))


def _give_memory_back() -> None:
    """Returns to the system what earlier trials of this process have freed.

    Tune trains each trial in a thread of its own, and glibc keeps what a thread has freed: after
    ten trials of a convolutional model a worker held 8 GB. torch keeps the memory of a GPU, which
    the trials of other workers on the same GPU cannot use then.
    """
    if (torch := loaded()) and torch.cuda.is_initialized():
        gc.collect()  # what an earlier trial's objects hold in circles
        torch.cuda.empty_cache()
    with contextlib.suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def reports(assignment: Assignment) -> Generator[dict[str, Any]]:
    """Yields what is to be reported, and keeps checkpoints; goes on from one where it exists.

    A trial whose replicates have all diverged ends early, and one that hangs ends its process.
    """
    ledger = Ledger()
    add_to_path(*assignment.import_paths)
    check_reachable(assignment.records)
    course = Course(assignment.trial, assignment.records, ledger, assignment.keeping)
    if course.is_over():
        ledger.lap("start")
        yield course.report(course.began_at)
        return
    if course.stands_at_rung():  # the driver may have died before it judged the trial there
        ledger.lap("start")
        yield course.report(course.began_at)
    try:
        yield from _train(course)
    except GeneratorExit:
        raise
    except BaseException:
        if course.unreported:  # good rows: of the last step, or those that a checkpoint held
            yield course.report(max(course.steps))
        raise


def _train(course: Course) -> Iterator[dict[str, Any]]:
    """Steps the trainable from the course's state on."""
    trial, ledger, lockstep = course.trial, course.ledger, course.lockstep
    trace = trace_path(course.records[0], trial.trial_id)
    steps = guarded(lockstep.steps(), trial.hang_s, trace)
    ledger.lap("start")
    try:
        for step in steps:
            ledger.step(step.times)
            course.add(step)
            if step.fidelity >= trial.max_fidelity:
                yield from _last(course, steps)
                return
            course.keep()
            ledger.lap("report")
            yield course.report(step.fidelity)
            ledger.lap("report")
            if course.has_diverged():
                return
    finally:
        steps.close()
        lockstep.close()
    yield from _ended_early(course)


def _last(course: Course, steps: Iterator[Step]) -> Iterator[dict[str, Any]]:
    """Ends a trial at its last step: its trainable's code behind the last yield runs, too."""
    checkpoint, predictions = course.checkpoint(), course.lockstep.predictions()
    if course.trial.ends_itself:
        next(steps, None)
        course.ledger.lap("train")
    course.write_predictions(predictions)
    course.write(checkpoint)
    course.ledger.lap("report")
    yield course.report(course.trial.max_fidelity)


def _ended_early(course: Course) -> Iterator[dict[str, Any]]:
    """Ends a trial whose trainable ended by itself, before its last fidelity."""
    course.write_predictions(course.lockstep.predictions())
    course.write(course.checkpoint())
    if rows := course.unreported:  # it had ended already, and its driver had not heard of it
        course.ledger.lap("report")
        yield course.report(int(rows[-1][course.trial.unit]))
