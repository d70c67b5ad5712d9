"""Trains one config of a study for a step, in this very process: to look, and to debug."""

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial

from rich.console import Console

from sweepbook.checks.declared import missing_columns
from sweepbook.commands.trying.chosen import choice_lines, chosen_trial
from sweepbook.commands.trying.failed import failure_text
from sweepbook.commands.trying.said import say_differences, say_kept, say_step
from sweepbook.commands.trying.steps import STEPS_TO_COMPARE, Tried, differences
from sweepbook.commands.words import studies_and_options
from sweepbook.doors.checked import door_problems
from sweepbook.plan.options import Options
from sweepbook.plan.plan import Plan
from sweepbook.plan.plans import make_plans
from sweepbook.record.planned import Trial
from sweepbook.study.errors import Faults
from sweepbook.study.project import Project
from sweepbook.tune.cluster.environment import set_environment
from sweepbook.tune.console import say
from sweepbook.tune.worker.seen_gpus import only_gpus
from sweepbook.tune.worker.states.torch_state import loaded
from sweepbook.tune.worker.within_ray import forget_arguments


def try_study(
    words: Sequence[str],
    options: Options,
    own: Sequence[str],
    project: Project | None,
    steps: int,
    console: Console,
    errors: Console,
) -> bool:
    """Trains one config of a study for some steps and says what came of it.

    No Ray is started and no file is written; the training has this process's input and output.

    Args:
        words, own: see `studies_and_options`.
        errors: for what the training raises.

    Returns:
        Whether all went well: False where the training raised, or does not go on from its state.

    Raises:
        ValueError: no study or several; an option, a setting or a trainable that cannot be used.
    """
    if steps < 1:
        raise ValueError(f"--steps must be at least 1, got {steps}")
    sys.dont_write_bytecode = True
    set_environment()
    studies, options = studies_and_options(words, options, own, project)
    if len(studies) != 1:
        names = ", ".join(study.name for study in studies) or "none"
        raise ValueError(f"try takes one study, as in my_study.py:NAME, and got {names}")
    (plan,) = make_plans(studies, options, partial(say, console))
    if problems := door_problems(plan):
        raise Faults("\n".join(problems))
    trial = chosen_trial(plan, options)
    for line in choice_lines(plan, trial):
        say(console, line)
    forget_arguments()
    _compute_as_a_worker(trial)
    with only_gpus(trial.gpus):
        return _try(plan, options, Tried(trial), steps, console, errors)


def _try(
    plan: Plan, options: Options, tried: Tried, n_steps: int, console: Console, errors: Console
) -> bool:
    def train() -> None:
        for step in tried.steps(n_steps):
            say_step(step, tried.trial, plan.study.metric.mode, console)

    if not _is_well(train, tried.trial, errors):
        return False
    say_kept(tried, console)
    for line in missing_columns(plan, options, frozenset(tried.columns)):
        say(console, f"not yielded: {line}")
    return _goes_on(tried, n_steps, console, errors)


def _goes_on(tried: Tried, n_steps: int, console: Console, errors: Console) -> bool:
    """Whether the training goes on from a state as without a break, as far as it was asked."""
    unit, last = tried.trial.unit, tried.last
    if tried.before_last is None or last is None:
        if "state" in tried.sizes and tried.takes_state and n_steps < STEPS_TO_COMPARE:
            say(
                console, f"--steps {STEPS_TO_COMPARE} also tries whether it goes on from its state"
            )
        return True
    say(console, f"{unit} {last.fidelity} again, from the state before it:")
    found: list[str] = []

    def train() -> None:
        again = tried.last_again()
        if again is None or again.fidelity != last.fidelity:
            at = "its end" if again is None else f"{unit} {again.fidelity}"
            raise ValueError(f"after a break the training went on to {at}: see its use of `state`")
        found.extend(differences(last, again))

    if not _is_well(train, tried.trial, errors):
        return False
    say_differences(found, f"{unit} {last.fidelity}", console)
    return not found


def _is_well(train: Callable[[], None], trial: Trial, errors: Console) -> bool:
    """Whether a training raises nothing; what it raises is told with its author's traceback."""
    try:
        train()
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        say(errors, failure_text(error, trial), style="red")
        return False
    return True


def _compute_as_a_worker(trial: Trial) -> None:
    """Has libraries compute with the trial's CPUs, as Ray has them do in a worker."""
    if "OMP_NUM_THREADS" in os.environ:
        return
    n_threads = max(1, int(trial.cpus))
    os.environ["OMP_NUM_THREADS"] = str(n_threads)
    if torch := loaded():
        torch.set_num_threads(n_threads)
