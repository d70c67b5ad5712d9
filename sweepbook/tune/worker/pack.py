"""Several trials in one worker, trained together in one stack, each with a course of its own."""

import contextlib
import itertools
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

from sweepbook.doors.door import Door
from sweepbook.record.ledger import Ledger
from sweepbook.record.logs import log_path
from sweepbook.record.storage.files import make_folder, write_bytes
from sweepbook.study.configs import made_config
from sweepbook.study.forms.trainable import type_of_configs
from sweepbook.study.hooks import add_to_path, load_object
from sweepbook.tune.worker.assignment import Assignment, Pack, check_reachable
from sweepbook.tune.worker.course import Course
from sweepbook.tune.worker.hang import guarded, trace_path
from sweepbook.tune.worker.output import captured
from sweepbook.tune.worker.yielded import Step

Report = dict[str, Any]


def pack_reports(pack: Pack) -> Generator[Report]:
    """Yields what is to be reported of a pack: {"of": its id, "members": one report per trial}.

    Each trial goes on from its own checkpoint. Those that stand elsewhere than others, since the
    worker was killed between two checkpoints, are trained in a stack of their own. A trial whose
    replicates have all diverged is reported no more. Each is kept where the pack ends, and one
    that stands there already is only reported: its driver may have died before it was judged.
    """
    ledger = Ledger()
    add_to_path(*pack.members[0].import_paths)
    for own in pack.members:
        check_reachable(own.records)
    courses = [Course(own.trial, own.records, ledger, own.keeping) for own in pack.members]
    over = [c for c in courses if c.is_over() or (pack.until and c.began_at >= pack.until)]
    ledger.lap("start")
    if over:
        yield _told(pack, [course.report(course.began_at) for course in over])
    left = sorted((c for c in courses if c not in over), key=lambda c: c.began_at)
    for _, group in itertools.groupby(left, key=lambda course: course.began_at):
        for reports in _train(list(group), pack, ledger):
            yield _told(pack, reports)


def _told(pack: Pack, reports: Sequence[Report]) -> Report:
    """The reports of some members as one; each has spent its share of the worker's time."""
    n = len(pack.members)
    members = [own | {"spent": [seconds / n for seconds in own["spent"]]} for own in reports]
    first = {key: members[0][key] for key in ("fidelity", "value")}
    return {**first, "of": pack.pack_id, "members": members}


def _train(courses: Sequence[Course], pack: Pack, ledger: Ledger) -> Iterator[list[Report]]:
    """Steps trials that stand at the same fidelity; yields the reports of each step."""
    trial, records = courses[0].trial, courses[0].records
    limit_s = trial.hang_s and trial.hang_s * len(courses)
    with contextlib.closing(_opened(courses, pack.train)):
        steps = guarded(_steps(courses), limit_s, trace_path(records[0], trial.trial_id))
        ledger.lap("import")
        try:
            for taken in steps:
                ledger.step(_sum([step.times for _, step in taken]))
                for course, step in taken:
                    course.add(step)
                at = taken[0][1].fidelity
                live = [course for course, _ in taken]
                if at >= trial.max_fidelity:
                    yield _last(live, steps)
                    return
                is_judged = pack.until is not None and at >= pack.until
                for course in live:
                    course.write(course.checkpoint()) if is_judged else course.keep()
                ledger.lap("report")
                yield [course.report(at) for course in live]
                ledger.lap("report")
                if is_judged:
                    return
        finally:
            steps.close()
            for course in courses:
                course.lockstep.close()
    if ended := [course for course in courses if not course.has_diverged()]:
        yield _ended_early(ended)


def _opened(courses: Sequence[Course], train: str) -> Any:
    """The one generator of all, which each course now sees as one of its own."""
    kind = type_of_configs(courses[0].trial.trainable)
    configs = [course.trial.given_config() for course in courses]
    settings = [made_config(kind, config) if kind else config for config in configs]
    states = [own.lockstep.kept[0].state if own.lockstep.kept else None for own in courses]
    together: Any = load_object(train)(settings, states)
    parts = itertools.tee(_checked(together, len(courses)), len(courses))
    for number, (course, part) in enumerate(zip(courses, parts, strict=True)):
        course.lockstep.door = Door(_part_of(part, number), None, takes_state=True)
    return together


def _part_of(yielded: Iterator[Sequence[Any]], number: int) -> Any:
    """A trainable that yields what the stack yields of one config."""

    def train(config: Any, state: Any = None) -> Iterator[Any]:
        for every in yielded:
            yield every[number]

    return train


def _checked(together: Iterator[Any], n: int) -> Iterator[Sequence[Any]]:
    for every in together:
        if not isinstance(every, Sequence) or len(every) != n:
            what = f"{len(every)} of them" if isinstance(every, Sequence) else repr(every)[:60]
            raise TypeError(f"a fused trainable must yield a list of {n} dicts, got {what}")
        yield every


def _steps(courses: Sequence[Course]) -> Iterator[list[tuple[Course, Step]]]:
    """Yields a step of each course whose replicates have not all diverged, until they end."""
    steps = {id(course): course.lockstep.steps() for course in courses}
    live = list(courses)
    while live:
        found = [(course, next(steps[id(course)], None)) for course in live]
        taken = [(course, step) for course, step in found if step is not None]
        if not taken:
            return
        yield taken
        for course in live:
            if course.has_diverged():
                course.lockstep.close()  # what is yielded of it is kept for nobody
        live = [course for course in live if not course.has_diverged()]


def _last(courses: Sequence[Course], steps: Iterator[Any]) -> list[Report]:
    """Ends trials at their last step: the trainable's code behind the last yield runs, too."""
    kept = [(own, own.checkpoint(), own.lockstep.predictions()) for own in courses]
    ledger = courses[0].ledger
    if courses[0].trial.ends_itself:
        next(steps, None)
        ledger.lap("train")
    for course, checkpoint, predictions in kept:
        course.write_predictions(predictions)
        course.write(checkpoint)
    ledger.lap("report")
    return [course.report(course.trial.max_fidelity) for course in courses]


def _ended_early(courses: Sequence[Course]) -> list[Report]:
    """Ends trials whose trainable ended by itself, before their last fidelity."""
    for course in courses:
        course.write_predictions(course.lockstep.predictions())
        course.write(course.checkpoint())
    return [course.report(max(course.steps)) for course in courses]


def _sum(times: Sequence[Mapping[str, float] | None]) -> dict[str, float] | None:
    told = [own for own in times if own is not None]
    if len(told) < len(times):
        return None
    return {phase: sum(own.get(phase, 0.0) for own in told) for own in told for phase in own}


@contextlib.contextmanager
def captured_by_all(members: Sequence[Assignment]) -> Iterator[None]:
    """What this process prints meanwhile goes to the log of each trial.

    The first trial's gets it at once, the others' when the attempt ends.
    """
    first, *others = members
    log = log_path(first.records[0], first.trial.trial_id)
    before = log.read_bytes() if log.is_file() else b""
    try:
        with captured(first.records, first.trial.trial_id):
            yield
    finally:
        content = log.read_bytes() if log.is_file() else b""
        printed = content.removeprefix(before)
        for own in others if printed else ():
            for record in own.records:
                path = log_path(record, own.trial.trial_id)
                with contextlib.suppress(OSError):  # no reason for a trial to fail
                    make_folder(path.parent)
                    write_bytes(path, (path.read_bytes() if path.is_file() else b"") + printed)
