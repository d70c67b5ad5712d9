"""The gate before a record's code: what may be run is made importable, and all else refused."""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from sweepbook.plan.trust.names import why_not
from sweepbook.plan.trust.places import is_within, located, why_outside
from sweepbook.plan.trust.programs import why_not_run
from sweepbook.record.manifest import Manifest
from sweepbook.record.storage.places import Place
from sweepbook.study.forms.program import Program
from sweepbook.study.forms.trainable import trainable_name
from sweepbook.study.project import add_behind_project
from sweepbook.study.texts import shortened, visible

_NEVER = ("in the record itself", "belongs to Python itself", "belongs to Sweepbook itself")
_MOST = 120  # characters of a name or a file in a sentence


def take_code(
    record: Place | None,
    manifest: Manifest,
    *,
    trust: bool = False,
    figures: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Makes the code that a record names importable, and returns a line that says which it is.

    Nothing is imported here. This is asked before a record's trainable or another function that
    it names is imported or called.

    Args:
        record: where it lies; None: nowhere yet.
        trust: also take code from outside of the folder or the project that one works in.
        figures: those of it that are declared anew, with whose kinds it is the same.

    Raises:
        ValueError: a name that may not be taken, or a trial that is none of the record's study.
    """
    whose = "the record" if record is None else str(record)
    _check_trials(whose, manifest)
    _check_optuna(whose, record, manifest, trust)
    taken = [path for path in manifest.import_paths if _is_taken(Path(path), record, trust)]
    add_behind_project(*taken)
    for what, name in {**_names(manifest), **_own_kinds(figures)}.items():
        why = why_not(name, record, trust) or _why_not_found(name, manifest.import_paths, record)
        if why:
            raise _refusal(whose, f"{name} as its {what}", why)
    code = manifest.study.trainable
    if isinstance(code, Program):
        if why := why_not_run(code, _settings(manifest), record, trust):
            raise _refusal(whose, f"the program {code.text}", why)
        return f"the code of {whose}: {_short(code.text)}, in {code.folder}"
    module = trainable_name(code).partition(":")[0]
    return (
        f"the code of {whose}: {_short(trainable_name(code))}, in {located(module) or 'no file'}"
    )


def _own_kinds(figures: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What -> import path of the kinds of figures that are no kinds of the tool."""
    kinds = [str(one.get("kind")) for one in figures if isinstance(one, Mapping)]
    return {f"kind {kind} of a figure": kind for kind in kinds if ":" in kind}


def _names(manifest: Manifest) -> dict[str, str]:
    """What -> import path of every function that a record names and somebody may call."""
    study = manifest.study
    tables = {f"artifact {name}": path for name, path in study.artifacts.items()}
    return {**study.hooks(), **tables}


def _check_trials(whose: str, manifest: Manifest) -> None:
    """Checks that trials are of the study, and that all settings are plain values in a dict.

    Raises:
        ValueError: naming the trial.
    """
    for trial in manifest.trials:
        if not re.fullmatch(r"\w{1,64}", str(trial.trial_id)):
            raise ValueError(
                f"{whose}: {trial.trial_id!r:.60} is no id of a trial: nothing of it is run"
            )
        if trial.trainable != manifest.study.trainable:
            raise ValueError(
                f"{whose}: trial {trial.trial_id!r:.40} names another trainable than its study, "
                "so somebody has changed its manifest.json: nothing of it is run"
            )
    searched = manifest.search.configs if manifest.search else ()
    for config in (*(trial.config for trial in manifest.trials), *searched):
        if not isinstance(config, dict) or not all(map(_is_plain, config.values())):
            raise ValueError(
                f"{whose}: the settings of a trial must be a dict of plain values, got "
                f"{config!r:.60}: nothing of it is run"
            )


def _check_optuna(whose: str, record: Place | None, manifest: Manifest, trust: bool) -> None:
    """Checks that the file in which a search is watched is no file of anybody else's.

    Raises:
        ValueError: it lies elsewhere.
    """
    where = manifest.search.optuna_storage if manifest.search else None
    folder = Path((where or "").removeprefix("sqlite:///")).parent
    if where and not trust and (why := why_outside(folder, record)):
        raise ValueError(
            f"{whose} names {_short(where)} as its --optuna-storage, into which nothing is "
            f"written: {folder} {why}. Add --trust if you trust the record"
        )


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(k, str) and _is_plain(v) for k, v in value.items())
    return value is None or isinstance(value, bool | int | float | str)


def _is_taken(folder: Path, record: Place | None, trust: bool) -> bool:
    is_chosen = trust or not why_outside(folder, record)
    return folder.is_absolute() and is_chosen and not is_within(folder, record)


def _why_not_found(name: str, folders: Sequence[str], record: Place | None) -> str:
    """Why a module is not found, where a folder has it that is not taken; "" where none has."""
    top = name.partition(":")[0].partition(".")[0]
    if PathFinder.find_spec(top) is not None or top in sys.modules:
        return ""
    for folder in folders:
        if PathFinder.find_spec(top, [folder]) is not None:
            if is_within(Path(folder), record):
                return f"{folder} lies in the record itself"
            return f"{folder} {why_outside(Path(folder), record) or 'is no absolute path'}"
    return ""


def _settings(manifest: Manifest) -> Iterator[str]:
    for trial in manifest.trials:
        yield from trial.config
    yield from (manifest.search.space if manifest.search else ())


def _refusal(whose: str, what: str, why: str) -> ValueError:
    then = ". Change to the folder of the code, name its project with --project, or add --trust"
    if why.endswith(_NEVER):
        then = ", and such code is never run"
    return ValueError(f"{whose} names {_short(what)}, which is not run: {why}{then}")


def _short(text: str) -> str:
    return shortened(visible(text), _MOST)
