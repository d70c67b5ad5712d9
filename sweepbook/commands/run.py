"""Runs studies, from a command to finished records, or goes on with a record."""

import dataclasses
import re
from collections import Counter
from collections.abc import Sequence
from functools import partial

from rich.console import Console

from sweepbook.checks.declared import check_declared
from sweepbook.commands.extend import extend
from sweepbook.commands.resume import resume
from sweepbook.commands.training import Endings, close_all, new_folders, say_on, train_and_close
from sweepbook.commands.words import studies_and_options
from sweepbook.plan.manifest import new_manifest
from sweepbook.plan.modules.code import whole_code_sha256
from sweepbook.plan.modules.shipping import import_paths
from sweepbook.plan.options import Options
from sweepbook.plan.plan import Plan
from sweepbook.plan.plans import make_plans
from sweepbook.plan.room import check_concurrency, check_room
from sweepbook.plan.trust.known import remember
from sweepbook.record.cache import take_known_trials
from sweepbook.record.digest import check_digest
from sweepbook.record.load import load_record
from sweepbook.record.origin.derived import Confirms
from sweepbook.record.provenance import command_line
from sweepbook.record.storage.places import Place, Where, place
from sweepbook.record.writer import RecordWriter
from sweepbook.search.warm_start import with_warm_start
from sweepbook.study.forms.trainable import module_of
from sweepbook.study.project import Project
from sweepbook.study.study import Study
from sweepbook.study.texts import count
from sweepbook.tune.cluster.environment import set_environment
from sweepbook.tune.console import say
from sweepbook.tune.placement import HERE, Placement

AS_DECLARED = Options()
_PLAIN = re.compile(r"\w[\w.-]{0,199}")  # no shell or other system reads such a name otherwise


def run(
    words: Sequence[str],
    options: Options,
    own: Sequence[str],
    project: Project | None,
    *,
    record: str | None,
    force: bool,
    trust: bool = False,
    storage: str | None,
    name: str | None,
    cache: bool,
    warm_start: Sequence[str],
    optuna_storage: str | None,
    placement: Placement,
    console: Console,
) -> Endings:
    """Runs the named studies, resumes a record, or extends it by what the options ask for.

    Args:
        words, own: see `studies_and_options`.
        record: to go on with; None: the studies get new ones.

    Raises:
        ValueError: neither a study nor a record; both; options that do not go with a record.
    """
    studies, options = studies_and_options(words, options, own, project)
    if record is not None:
        if not options.scheduler:
            raise ValueError(
                "--no-scheduler does not go with --resume: a resume never continues a trial that "
                "the scheduler has stopped. To train every trial to its end, run the study anew: "
                "sweepbook run STUDY --no-scheduler"
            )
        gpus, options = options.gpus, dataclasses.replace(options, gpus=None)
        of_new_records = (storage, name, optuna_storage) != (None, None, None) or not cache
        if studies or options != options.extending or warm_start or of_new_records:
            raise ValueError(
                "--resume takes a record as it was planned: give no study and no other option "
                "than --gpus-per-trial, or --replicates, --epochs, --scale or --trials to extend "
                "it"
            )
        go_on = (
            partial(resume, record) if options == Options() else partial(extend, record, options)
        )
        return go_on(console=console, placement=placement, force=force, gpus=gpus, trust=trust)
    if not studies:
        raise ValueError(
            "no study is named: give a study (sweepbook list shows them), a study file such as "
            "my_study.py, or --resume RECORD"
        )
    return run_studies(
        studies,
        options,
        storage="records" if storage is None else storage,
        name=name,
        cache=cache,
        warm_start=warm_start,
        optuna_storage=optuna_storage,
        placement=placement,
        console=console,
    )


def run_studies(
    studies: Sequence[Study],
    options: Options = AS_DECLARED,
    *,
    storage: Where = "records",
    console: Console | None = None,
    name: str | None = None,
    placement: Placement = HERE,
    cache: bool = True,
    warm_start: Sequence[str] = (),
    optuna_storage: str | None = None,
    confirms: Confirms | None = None,
) -> Endings:
    """Runs studies, each into a record of its own, and returns how its trials ended.

    Everything is checked before anything starts or is written, figures, claims and answers
    included; which claims the options leave without their trials is said. With `cache`, trials
    that an ended record under the same storage holds are taken from there. `warm_start` names
    records that the searches among the studies begin with, `optuna_storage` where Optuna keeps
    theirs; `confirms` is the search whose winners the study trains anew.

    Raises:
        ValueError: a name, setting, figure, claim, data set or storage that cannot be used.
    """
    if name is not None and not _PLAIN.fullmatch(name):
        raise ValueError(
            "--name must be a folder's name of letters, digits, -, _ and . that begins with a "
            f"letter, a digit or _, got {name!r:.80}"
        )
    console = console or Console()
    set_environment()
    plans = make_plans(studies, options, say_on(console))
    check_declared(plans, options, say_on(console), refuse=confirms is None)
    plans = [_with_search_options(plan, warm_start, optuna_storage, console) for plan in plans]
    check_room([need for plan in plans for need in plan.needs], placement.address)
    searches = [plan.study.name for plan in plans if plan.search]
    check_concurrency(searches, placement.address, placement.max_concurrent)
    names = [name if name and len(plans) == 1 else _join(name, p.study.name) for p in plans]
    folders = new_folders(place(storage), names)
    for plan, folder in zip(plans, folders, strict=True):
        if plan.search and optuna_storage:
            from sweepbook.search.kept import kept_studies

            kept_studies(plan.search, folder)
    say(console, ", ".join(f"{p.study.name}: {count(p.n_trials, 'trial')}" for p in plans))
    command = list(command_line())
    paths = import_paths([plan.study for plan in plans])
    if confirms is None:  # what a record brings is no wish of the user's
        remember([plan.study for plan in plans], paths)
    manifests = [new_manifest(plan, options, command, paths) for plan in plans]
    writers: list[RecordWriter] = []
    try:
        for folder, manifest in zip(folders, manifests, strict=True):
            manifest = dataclasses.replace(
                manifest,
                confirms=confirms,
                max_concurrent=placement.max_concurrent,
                retries=placement.retries,
            )
            writers.append(RecordWriter(folder, manifest, say_on(console)))
        if cache:
            _take_known(plans, writers, place(storage), console)
    except KeyboardInterrupt:
        return close_all(writers, say_on(console))
    except BaseException:
        close_all(writers, say_on(console))
        raise
    return train_and_close(plans, writers, paths, placement, console)


def _with_search_options(
    plan: Plan, warm_start: Sequence[str], optuna_storage: str | None, console: Console
) -> Plan:
    if not warm_start and optuna_storage is None:
        return plan
    if plan.search is None:
        raise ValueError(
            "--warm-start and --optuna-storage are for searches, but study "
            f"{plan.study.name} is a grid"
        )
    search = dataclasses.replace(plan.search, optuna_storage=optuna_storage)
    plan = dataclasses.replace(plan, search=search)
    for path in warm_start:
        record = load_record(path)
        check_digest(record)
        plan, line = with_warm_start(plan, record)
        say(console, line)
    return plan


def _take_known(
    plans: Sequence[Plan], writers: Sequence[RecordWriter], storage: Place, console: Console
) -> None:
    modules = {module_of(plan.study.trainable) for plan in plans}
    hashes = [whole_code_sha256(module) for module in modules if module]
    taken, damaged = take_known_trials(writers, hashes)
    for line in damaged:
        say(console, line)
    for name, n_trials in Counter(taken.values()).items():
        say(console, f"{count(n_trials, 'trial')} reused from {storage / name}")


def _join(name: str | None, study: str) -> str:
    return f"{name}-{study}" if name else study
