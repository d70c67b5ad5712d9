"""What went wrong with a program, in one line: how it ended, and what it said last."""

import re
import signal
from pathlib import Path

from sweepbook.doors.programs.lines import other_form
from sweepbook.doors.programs.process import Process
from sweepbook.record.planned import Trial
from sweepbook.study.forms.program import Program
from sweepbook.study.texts import shortened, visible

_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)(, in (?P<name>.+))?$')
_MOST_LINES, _MOST_LETTERS = 3, 200


def log_words(trial: Trial) -> str:
    """Returns where all that a trial has printed can be read."""
    return f"`sweepbook logs RECORD {trial.trial_id}` shows all that it printed"


def quoted(line: str) -> str:
    """Returns a line of a program's output as a message shows it."""
    return repr(shortened(line.strip(), 80))


def ended_badly(process: Process, program: Program, trial: Trial) -> str:
    """Returns a sentence about a program that ended with an error."""
    code = process.exit_code or 0
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        why = f"was ended by {name}"
        why += " (where nobody has sent it, the system was out of memory)" if code == -9 else ""
    else:
        why = f"ended with exit code {code}"
    said = _traceback(process, program) or _last_lines(process)
    return f"the program {why}{said}; {log_words(trial)}"


def ran_too_long(process: Process, program: Program, trial: Trial, at: int) -> str:
    """Returns a sentence about a program that was ended because of its limit."""
    where = f"after {trial.unit} {at}" if at else f"before its first {trial.unit}"
    return (
        f"the program ran longer than timeout_s={program.timeout_s:g} and was ended {where}"
        f"{_last_lines(process)}; {log_words(trial)}"
    )


def said_nothing(process: Process, program: Program, trial: Trial) -> str:
    """Returns a sentence about a program that ended well without a line with the metric."""
    other = "stderr" if program.stream == "stdout" else "stdout"
    for stream in (program.stream, other):
        for line in process.last[stream]:
            form = other_form("" if stream == other else program.metrics, line, trial.metric)
            if form is not None:
                changes = [] if form == program.metrics else [f'metrics="{form}"']
                changes += [f'stream="{other}"'] if stream == other else []
                return (
                    f"the program ended without a metric line, but its {stream} has the line "
                    f"{quoted(line)}: write Program(..., {', '.join(changes)})"
                )
    if (found := _naming(process, trial.metric)) is not None:
        return (
            f"the program ended without a metric line, but it has printed {quoted(found.string)}, "
            f"in which {trial.metric} is not read: print {_example(program, trial)}"
            f"{_pattern(found['name'], trial.metric)}"
        )
    how = _example(program, trial)
    return (
        f"the program ended without a metric line on {program.stream}: after each {trial.unit} it "
        f"prints {how}{_last_lines(process)}; {log_words(trial)}"
    )


def _example(program: Program, trial: Trial) -> str:
    """What a line with a metric looks like."""
    return {
        "json": f'a JSON object such as {{"{trial.unit}": 1, "{trial.metric}": 0.5}}',
        "pairs": f"a line such as {trial.unit}=1 {trial.metric}=0.5",
    }.get(program.metrics, "a line that the regular expression of metrics finds")


def _naming(process: Process, metric: str) -> re.Match[str] | None:
    """The last line that has a number behind a metric's name, which nobody has read."""
    name = re.compile(rf"(?<!\w)(?P<name>{re.escape(metric)})(?!\w)\W*\d", re.I)
    lines = [line for stream in ("stderr", "stdout") for line in process.last[stream]]
    return next((found for line in reversed(lines) if (found := name.search(line))), None)


def _pattern(name: str, metric: str) -> str:
    """A regular expression that reads such a line, where one can have the metric's name."""
    if not metric.isidentifier():
        return ""
    return rf", or write metrics=r'{name}\W+?(?P<{metric}>[-+.\deE]*\d)'"


def _traceback(process: Process, program: Program) -> str:
    """The error and the last frame of a Python traceback in the program's own folder."""
    lines = list(process.last["stderr"])
    frames = [match for line in lines if (match := _FRAME.match(line))]
    if not frames:
        return ""
    own = [match for match in frames if _is_own(match["file"], program.place)] or frames[-1:]
    last = next((line for line in reversed(lines) if line.strip()), "")
    file, line, name = own[-1]["file"], own[-1]["line"], own[-1]["name"]
    place = f"{Path(file).name}, line {line}{f', in {name}' if name else ''}"
    return f": {visible(shortened(last.strip(), _MOST_LETTERS))} ({place})"


def _is_own(file: str, folder: Path) -> bool:
    path = folder / file
    return folder in path.parents and "site-packages" not in path.parts


def _last_lines(process: Process) -> str:
    """What it said last: on stderr, or else on stdout."""
    for stream in ("stderr", "stdout"):
        lines = [line.strip() for line in process.last[stream] if line.strip()]
        if lines:
            text = " | ".join(shortened(line, _MOST_LETTERS) for line in lines[-_MOST_LINES:])
            return f"; the last that it said on {stream} is {visible(text)}"
    return "; it has printed nothing"
