"""What is wrong with a program, as far as it can be seen before it runs."""

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sweepbook.doors.programs.command import executable, settings_of
from sweepbook.doors.programs.lines import KEY
from sweepbook.plan.plan import Plan
from sweepbook.study.forms.program import Program
from sweepbook.study.forms.words import (
    GIVEN,
    argument_text,
    filled,
    names_in,
    setting_of,
)
from sweepbook.study.settings import setting_key
from sweepbook.study.spaces.names import SEPARATOR
from sweepbook.study.texts import shortened

_QUOTED = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.""")
_SHELL = re.compile(r"\|\|?|&&?|;|<<?|\d?>>?|`|\$[\w{(]|(?<!\S)~(?=/|\s|$)")
_SCRIPTS = (".py", ".sh", ".bash", ".r", ".jl", ".pl", ".js", ".rb", ".lua")
_NOT_NAMES = ("PATH", "HOME", "USER", "SHELL", "LANG", "TMPDIR", "SEED", "REPLICATE")
_NOT_BEGINNINGS = ("LD_", "DYLD_", "PYTHON", "RAY_", "CUDA_", "OMP_")


def problems(program: Program, plan: Plan) -> list[str]:
    """Returns a sentence for each thing that will not work, with what to write instead."""
    study = plan.declared or plan.study
    found = [*_of_folder(program), *_of_shell(program), *_of_metric(program, plan)]
    found += _of_names(program, plan)
    if not found:
        found += [*_of_values(program, plan), *_of_use(program, plan)]
    if study.stacked:
        found.append("stacked=True is for a trainable that trains all replicates together, and a "
                     "program trains one: leave stacked out")  # fmt: skip
    return [f"study {study.name}: {problem}" for problem in found]


def _configs(plan: Plan) -> list[Mapping[str, Any]]:
    """The complete configs of the plan; of a search, those of its cells."""
    return list(plan.search.configs) if plan.search else [trial.config for trial in plan.trials]


def _settings(plan: Plan) -> list[str]:
    searched = list(plan.search.space) if plan.search else []
    return list(dict.fromkeys([*settings_of(plan.a_config), *searched]))


def _varied(plan: Plan) -> list[str]:
    """The settings that differ between trials."""
    configs, searched = _configs(plan), set(plan.search.space) if plan.search else set()
    return [
        name
        for name in _settings(plan)
        if name in searched or len({setting_key(config.get(name)) for config in configs}) > 1
    ]


def _of_folder(program: Program) -> list[str]:
    """The folder, the program in it, and the script that the program is to run."""
    if not program.place.is_dir():
        return [f"the program's folder {program.folder} does not exist: folder must name one"]
    first, script = program.words[0], next(iter(program.words[1:2]), "")
    if not names_in(first) and executable(filled(first, {}), program.place) is None:
        if (program.place / first).is_file():
            return [f"{first!r} cannot be executed: write its interpreter first, as in "
                    f"`sh {first}`, or type chmod +x {first} in {program.folder}"]  # fmt: skip
        what = f"in {program.folder}" if "/" in first else "in PATH"
        return [f"the command's program {first!r} was not found {what}"]
    is_script = script.lower().endswith(_SCRIPTS) and not script.startswith("-")
    if is_script and not names_in(script) and not (program.place / script).is_file():
        near = _near(script, _scripts(program.place))
        return [f"{program.folder} has no file {script!r}, which the command runs{near}"]
    return []


def _scripts(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.suffix in _SCRIPTS]


def _of_shell(program: Program) -> list[str]:
    """What only a shell understands."""
    if not isinstance(program.command, str):
        return []
    found = _SHELL.search(_QUOTED.sub("_", program.command))
    if found is None:
        return []
    return [
        f"the command has {found[0]!r}, and no shell reads it: write a list of words where it is "
        f'meant as it is, or ["sh", "-c", {shortened(program.command, 60)!r}]'
    ]


def _of_metric(program: Program, plan: Plan) -> list[str]:
    """Whether a line can hold the study's metric at all."""
    metric = plan.study.metric.name
    if program.metrics == "json":
        return []
    if program.metrics == "pairs":
        if re.fullmatch(KEY, metric):
            return []
        return [f"the metric {metric!r} cannot be read from a pair such as name=0.5, whose name "
                'has no blanks: print JSON lines and write metrics="json", or rename it'
        ]  # fmt: skip
    groups = list(re.compile(program.metrics).groupindex)
    if metric in groups:
        return []
    if not metric.isidentifier():
        return [f"no group of a regular expression can be called {metric!r}, as the metric is: "
                "give the metric of the study a name of letters, digits and _"]  # fmt: skip
    return [
        f"the regular expression of metrics has no group for the metric {metric}, but "
        f"{', '.join(groups)}: write (?P<{metric}>...) where its number stands"
    ]


def _of_names(program: Program, plan: Plan) -> list[str]:
    """Placeholders that no setting fills, and settings that no variable can be called like."""
    config, known = plan.a_config, _settings(plan)
    found = []
    for name in sorted(program.placeholders - {*GIVEN, *known}):
        try:
            setting_of(config, name)
        except KeyError:
            given = ", ".join(f"{{{one}}}" for one in [*known, *GIVEN])
            found.append(
                f"the command has {{{name}}}, but the study has no setting {name!r}"
                f"{_near(name, [*known, *GIVEN])} (there are {given})"
            )
    found += [
        f"the setting {name!r} would be taken for {{{name}}}, which Sweepbook fills itself: "
        "rename it"
        for name in sorted({*known} & {*GIVEN})
    ]
    if program.settings == "environment":
        found += [
            f"a setting {name!r} cannot be an environment variable, or would replace one that "
            "programs need: rename it"
            for name in known
            if not name or "=" in name or name in _NOT_NAMES or name.startswith(_NOT_BEGINNINGS)
        ]
    return found


def _of_values(program: Program, plan: Plan) -> list[str]:
    """Values that cannot be given in the way that the program takes them."""
    named = program.placeholders - {*GIVEN}
    found: dict[str, None] = {}
    for config in _configs(plan):
        searched = plan.search.space if plan.search else {}
        names = [*named, *(settings_of(config) if "options" in program.placeholders else ())]
        for name in (name for name in names if name not in searched):
            _note(found, argument_text, name, setting_of(config, name))
    if plan.search:
        for name, domain in plan.search.space.items():
            if name in named or "options" in program.placeholders:
                for value in domain.get("choices") or domain.get("values") or ():
                    _note(found, argument_text, name, value)
    return list(found)


def _note(found: dict[str, None], text: Any, name: str, value: Any) -> None:
    try:
        text(name, value)
    except ValueError as error:
        found[str(error)] = None


def _of_use(program: Program, plan: Plan) -> list[str]:
    """Settings that have no effect, and replicates that would all be the same."""
    if program.gives_everything:
        return []
    used = {name.partition(".")[0] for name in program.placeholders} | program.placeholders
    used |= {name.replace(".", SEPARATOR) for name in program.placeholders}
    found = []
    if "options" not in program.placeholders:
        unused = [name for name in _varied(plan) if name not in used]
        found += [
            f"the setting {name} varies, but the command never uses it: write {{{name}}} where "
            f"the program takes it, as in --{name} {{{name}}}"
            for name in unused
        ]
        found += _of_length(plan, {*used, *unused})
    several = plan.n_replicates > 1 and (
        plan.search is not None or any(trial.n_replicates > 1 for trial in plan.trials)
    )
    if several and not {"seed", "replicate"} & program.placeholders:
        found.append(
            f"the command never uses {{seed}}, so all {plan.n_replicates} replicates of a trial "
            "would be the same: write --seed {seed}, or whatever the program takes, or "
            "replicates=1"
        )
    return found


def _of_length(plan: Plan, used: set[str]) -> list[str]:
    """A program that is not told how long it is to train: a longer one would be cut off."""
    unit, length = plan.study.fidelity.unit, plan.study.fidelity.setting
    if not length or length in used:
        return []
    return [
        f"the command never uses {{{length}}}, so the program would not know how many {unit}s it "
        f"is to train: write --{length} {{{length}}}, or whatever the program takes; where it "
        f"takes nothing, give {length} the number that it trains, and write "
        f"env {length.upper()}={{{length}}} before the command"
    ]


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f": did you mean {near[0]!r}?" if near else ""
