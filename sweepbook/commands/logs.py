"""Shows what the trials of a record have printed."""

import difflib

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sweepbook.record.load import Record, load_record
from sweepbook.record.logs import last_lines, logged_trials, read_log, readable
from sweepbook.record.storage.places import Where
from sweepbook.study.texts import setting_text
from sweepbook.tune.console import say

_LONGEST_LINE = 100  # of a last line in the table
_OTHER_COLUMNS = 42  # letters of all but the settings and the last line
_MOST_FOR_SETTINGS = 30  # columns that a long last line leaves to the settings at least


def logs(record: Where, trial: str | None, tail: int | None, console: Console) -> None:
    """Prints a trial's log, or without one a table of all trials, each with its last line.

    Args:
        trial: a trial_id, or the beginning of one.
        tail: so many lines from the end; None: all of them.

    Raises:
        ValueError: no record; no trial, or several, whose id begins so; a tail out of range.
    """
    if tail is not None and tail < 1:
        raise ValueError(f"--tail must be at least 1, got {tail}")
    if tail is not None and trial is None:
        raise ValueError("--tail shows the last lines of one trial's log: name a TRIAL, too")
    loaded = load_record(record)
    if trial is None:
        _show_table(loaded, console)
    else:
        _show_log(loaded, _the_one(trial, _ids(loaded)), tail, console)


def _ids(record: Record) -> list[str]:
    """The trials in their planned order."""
    planned = [trial.trial_id for trial in record.manifest.trials]
    return list(dict.fromkeys([*planned, *map(str, record.trials["trial_id"])]))


def _the_one(beginning: str, ids: list[str]) -> str:
    found = [trial_id for trial_id in ids if trial_id.startswith(beginning)]
    if beginning in found:
        return beginning
    if len(found) == 1:
        return found[0]
    if found:
        some = ", ".join(found[:5]) + (", ..." if len(found) > 5 else "")
        raise ValueError(
            f"the ids of {len(found)} trials begin with {beginning!r}: give more letters of {some}"
        )
    near = difflib.get_close_matches(beginning, ids, n=1, cutoff=0.0)
    hint = f"did you mean {near[0]}?" if near else "the record has no trials yet"
    raise ValueError(f"the record has no trial {beginning!r}: {hint}")


def _show_log(record: Record, trial_id: str, tail: int | None, console: Console) -> None:
    content = read_log(record.path, trial_id)
    if origin := _origin(record, trial_id):
        say(console, f"trial {trial_id} {origin}, and so does its log", style="dim")
    if content is None:
        say(console, f"there is no log of trial {trial_id}: {_why_none(record, trial_id)}")
        return
    text = readable(content) if tail is None else "\n".join(last_lines(content, tail))
    # as it is: a log may be long, and nothing of it is to be styled or folded
    console.file.write(text.removesuffix("\n") + "\n")


def _origin(record: Record, trial_id: str) -> str | None:
    """Where a trial is from, if not from this record alone."""
    taken, extends = record.manifest.taken, record.manifest.extends
    if trial_id in taken:
        return f"comes from record {taken[trial_id]}"
    if extends and trial_id in extends.kept:
        return f"comes from record {extends.record}"
    if extends and trial_id in extends.continued:
        old = extends.continued[trial_id]
        return f"begins as trial {old} of record {extends.record}"
    return None


def _why_none(record: Record, trial_id: str) -> str:
    status = _statuses(record).get(trial_id, "not started")
    if status == "running" and not record.path.is_local:
        return "in s3:// and gs:// a log is stored when an attempt at the trial has ended"
    return f"the trial has printed nothing (its status: {status})"


def _statuses(record: Record) -> dict[str, str]:
    return dict(zip(record.trials["trial_id"], record.trials["status"], strict=True))


def _show_table(record: Record, console: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("trial", no_wrap=True)
    settings = _settings(record)
    width = min(_MOST_FOR_SETTINGS, max(map(len, settings.values()), default=0))
    table.add_column("settings", overflow="fold", min_width=width)
    table.add_column("status", no_wrap=True)
    table.add_column("kB", justify="right", no_wrap=True)
    room = max(20, console.width - width - _OTHER_COLUMNS)
    table.add_column("last line", overflow="ellipsis", no_wrap=True, max_width=room)
    statuses, known = _statuses(record), logged_trials(record.path)
    for trial_id in _ids(record):
        content = read_log(record.path, trial_id) if trial_id in known else None
        row = [trial_id, settings.get(trial_id, ""), statuses.get(trial_id, "not started")]
        table.add_row(*map(_plain, [*row, *_size_and_end(content)]))
    console.print(table, highlight=False)
    if not known:
        say(console, f"{record.path} has no logs, because its trials have printed nothing so far")


def _size_and_end(content: bytes | None) -> tuple[str, str]:
    if content is None:
        return "–", "–"
    return f"{len(content) / 1000:.1f}", last_lines(content, 1)[0][:_LONGEST_LINE]


def _plain(text: str) -> Text:
    return Text(readable(text.encode()))


def _settings(record: Record) -> dict[str, str]:
    """The settings in which each trial differs from others."""
    configs = {trial.trial_id: trial.config for trial in record.manifest.trials}
    keys = list(dict.fromkeys(key for config in configs.values() for key in config))
    varied = [key for key in keys if len({setting_text(c.get(key)) for c in configs.values()}) > 1]
    return {
        trial_id: " ".join(f"{key}={setting_text(config.get(key))}" for key in varied)
        for trial_id, config in configs.items()
    }
