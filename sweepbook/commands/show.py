"""What `sweepbook show` says of a study."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from rich.console import Console
from rich.text import Text

from sweepbook.checks.declared import problems_of, undecided_of
from sweepbook.checks.sentences import claim_rows, figure_rows
from sweepbook.commands.words import studies_and_options
from sweepbook.plan.options import Options
from sweepbook.plan.plan import Plan, suggested_trial
from sweepbook.plan.plans import make_plans
from sweepbook.plan.search import draws
from sweepbook.record.planned import SearchPlan
from sweepbook.study.errors import Faults
from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.forms.trainable import trainable_name
from sweepbook.study.option import Option
from sweepbook.study.project import Project
from sweepbook.study.study import Study
from sweepbook.study.texts import count, one_line, setting_text, visible
from sweepbook.tune.console import rough_duration, say, table_of

MOST = 200  # trials in a table; of more the first and the last are shown
FIRST, LAST = 40, 10
MOST_LETTERS = 200  # of a setting that every trial has


def show(
    words: Sequence[str],
    options: Options,
    own: Sequence[str],
    project: Project | None,
    console: Console,
) -> None:
    """Prints what the named studies plan under the options.

    Args:
        words, own: see `studies_and_options`.

    Raises:
        ValueError: no study; an option or setting that cannot be used; after all is printed, a
            fault in what a study declares.
    """
    studies, options = studies_and_options(words, options, own, project)
    if not studies:
        raise ValueError("name a study (sweepbook list shows them), or a study file")
    problems = []
    for plan in make_plans(studies, options, partial(say, console)):
        show_plan(plan, console)
        problems += problems_of(plan, options)
    if problems:
        raise Faults("\n".join(problems))


def show_plan(plan: Plan, console: Console) -> None:
    """Prints the study's question, what is trained, what it costs, what is drawn and decided."""
    study = plan.study
    heading = Text.assemble((study.name, "bold"), ": ", one_line(study.question))
    console.print(heading, soft_wrap=True)
    aim = "lowest" if study.metric.mode == "min" else "highest"
    say(
        console,
        f"trainable {trainable_name(study.trainable)}; the {aim} {study.metric.name} is the best",
    )
    if study.options:
        _show_options(study.options, console)
    if plan.search:
        _show_search(plan, plan.search, console)
    else:
        _show_trials(plan, console)
    _show_declared(plan, console)


def _show_options(options: Sequence[Option], console: Console) -> None:
    """Prints the options that the study itself declares, with what they do."""
    forms = {"flag": "", "text": " TEXT", "name_or_file": " NAME|FILE"}
    rows = [(f"{option.flag}{forms[option.kind]}", one_line(option.help)) for option in options]
    console.print(table_of(("option of this study", "what it does"), rows, overflow="fold"))


def _show_trials(plan: Plan, console: Console) -> None:
    study = plan.study
    configs = [t.config for t in plan.trials]
    differing = _differing(configs)
    _show_constants(plan, configs, console)
    varied = _telling(plan, differing)
    if follow := [k for k in differing if k not in varied]:
        say(console, visible(f"following from these: {', '.join(follow)}"))
    sizes = sorted({t.n_replicates for t in plan.trials})
    several = ["replicates"] if len(sizes) > 1 else []
    columns = ["trial", *varied, *several, f"{study.fidelity.unit}s"]
    columns += ["core time"] if study.cost else []
    left_out = len(plan.trials) - FIRST - LAST if len(plan.trials) > MOST else 0
    shown = [*plan.trials[:FIRST], *plan.trials[-LAST:]] if left_out else plan.trials
    rows = []
    for trial in shown:
        values = [setting_text(trial.config[k]) for k in varied]
        values += [str(trial.n_replicates)] if several else []
        cost = [rough_duration(trial.cost_s)] if study.cost else []
        rows.append((trial.trial_id, *values, str(trial.max_fidelity), *cost))
    if left_out:
        rows.insert(FIRST, ("...", *[""] * (len(columns) - 1)))
    console.print(table_of(columns, rows, overflow="fold"))
    if left_out:
        say(console, f"{left_out:,} trials in the middle are not shown")
    total, n_steps = (sum(t.cost_s for t in plan.trials), sum(t.max_fidelity for t in plan.trials))
    say(
        console,
        f"{count(len(plan.trials), 'trial')} of {_replicates(sizes)}, "
        f"{count(n_steps, study.fidelity.unit)} per replicate in all; {_cost(plan, total)}",
    )
    if study.scheduler:
        say(console, f"ASHA may stop trials early: {study.scheduler}")


def _differing(configs: Sequence[Mapping[str, Any]]) -> list[str]:
    return [k for k in configs[0] if len({setting_text(c.get(k)) for c in configs}) > 1]


def _show_constants(plan: Plan, configs: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Prints the settings that all configs share; of a declared list that it is one value."""
    differing = _differing(configs)
    same = {k: v for k, v in configs[0].items() if k not in differing}
    if not same:
        return
    shared = ", ".join(f"{k} {_shortened(setting_text(v))}" for k, v in same.items())
    say(console, visible(f"in every trial: {shared}"))
    lists = [k for k, v in same.items() if isinstance(v, list) and k in plan.study.fixed]
    if lists:
        is_one = "is a list and one value" if len(lists) == 1 else "are lists and one value each"
        say(
            console,
            visible(
                f"{', '.join(lists)} {is_one}: to try each of its items, put it into the grid"
            ),
        )


def _replicates(sizes: Sequence[int]) -> str:
    """ "1 replicate", "3 replicates", "1 or 5 replicates"."""
    *first, last = sizes
    return " or ".join([*map(str, first), count(last, "replicate")])


def _shortest(study: Study) -> str:
    """The options of a short run of a study."""
    epochs = ["--epochs 1"] if study.fidelity.setting else []
    folds = study.trainable.folds or 2 if isinstance(study.trainable, Estimator) else 1
    return " ".join([*epochs, f"--replicates {folds}"])


def _cost(plan: Plan, seconds: float, under: str = "") -> str:
    """What the trials cost, in words; under: which condition."""
    if plan.study.cost is None:
        return (
            "how long they take is unknown: the study declares no cost; time a short run "
            f"({_shortest(plan.study)})"
        )
    about = rough_duration(seconds)
    return f"about {about} of one core{under} (a rough estimate, good to a factor of two)"


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}..."


def _telling(plan: Plan, differing: list[str]) -> list[str]:
    """Of the settings that differ, the declared ones, and others as far as it takes them."""
    declared = {key for cell in plan.study.configs() for key in cell}
    chosen = [key for key in differing if key in declared]
    configs = [t.config for t in plan.trials]
    for key in (k for k in differing if k not in declared):
        if len({str([c[k] for k in chosen]) for c in configs}) == len(configs):
            break
        chosen.append(key)
    return chosen


def _show_search(plan: Plan, search: SearchPlan, console: Console) -> None:
    """Prints the open settings with their roles, and the cells with what they cost."""
    study = plan.study
    _show_constants(plan, search.configs, console)
    open_settings = [
        (key, _shown_domain(domain), "compared" if key in search.scientific else "tuned")
        for key, domain in search.space.items()
    ]
    console.print(table_of(("searched setting", "values", "role"), open_settings))
    rows: list[tuple[object, ...]] = []
    total = 0.0
    for index in range(len(search.configs)):
        costs = [suggested_trial(plan, index, s).cost_s for s in draws(search.space, 200)]
        cost = search.n_trials_per_cell * sum(costs) / len(costs)
        total += cost
        most = str(suggested_trial(plan, index, {}).max_fidelity)
        shown = [rough_duration(cost)] if study.cost else []
        name = search.name_of(index) or "the whole space"
        rows.append((name, search.n_trials_per_cell, most, *shown))
    columns = ["cell", "trials", f"{study.fidelity.unit}s at most"]
    columns += ["core time"] if study.cost else []
    console.print(table_of(columns, rows))
    asha = study.scheduler
    stopped = f"; ASHA stops most of them early: {asha}" if asha else ""
    say(
        console,
        f"{count(search.n_trials, 'trial')} of {_replicates([plan.n_replicates])}, sampled by "
        f"{search.sampler}, "
        f"seed {search.seed}; {_cost(plan, total, ' if all are trained to their end')}{stopped}",
    )


def _show_declared(plan: Plan, console: Console) -> None:
    """Prints what is drawn and what is decided, also by a search's confirmation."""
    for heading, rows in (
        ("What the report draws", figure_rows(plan)),
        ("What it decides", claim_rows(plan)),
        ("What the report of its confirmation draws", figure_rows(plan, of_confirmation=True)),
        ("What the report of its confirmation decides", claim_rows(plan, of_confirmation=True)),
    ):
        if rows:
            console.print()
            console.print(Text(heading, style="bold"))
            console.print(table_of(("", ""), rows, has_header=False, overflow="fold"))
    for line in undecided_of(plan):
        console.print()
        say(console, f"Note: {line}")


def _shown_domain(domain: Mapping[str, Any]) -> str:
    if domain["kind"] == "choice":
        return ", ".join(map(setting_text, domain["choices"]))
    extra = ", logarithmic" if domain["log"] else ""
    extra += f", in steps of {domain['step']}" if domain["step"] else ""
    return f"{domain['low']:g} .. {domain['high']:g}{extra}"
