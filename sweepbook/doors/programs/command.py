"""What a program is started with: its words, its environment and its file of settings."""

import json
import math
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sweepbook.study.forms.program import Program
from sweepbook.study.forms.words import (
    GIVEN,
    argument_text,
    filled_words,
    setting_of,
    variable_text,
)
from sweepbook.study.spaces.names import SEPARATOR, flat

_PYTHON = ("python", "python3")


def words_of(program: Program, config: Mapping[str, Any], given: Mapping[str, str]) -> list[str]:
    """Returns the words of the command for a config.

    Args:
        given: the texts of {seed}, {replicate}, {checkpoint_dir} and {config_file}.

    Raises:
        ValueError: a setting cannot be an argument.
        KeyError: the config has no setting of a placeholder's name.
    """
    named = program.placeholders - {*GIVEN}
    texts = {name: argument_text(name, setting_of(config, name)) for name in named}
    others = flat(settings_of(config)).items() if "options" in program.placeholders else ()
    has_own = {name.replace(".", SEPARATOR) for name in named} | named
    rest = [f"--{name}={argument_text(name, v)}" for name, v in others if name not in has_own]
    return filled_words(program.words, {**given, **texts}, rest)


def settings_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a config without the seed."""
    return {name: value for name, value in config.items() if name != "seed"}


def executable(word: str, folder: Path) -> str | None:
    """Returns the file of the program that a command's first word names; None: there is none."""
    if os.sep in word:
        found = os.path.join(folder, word)
        return found if os.path.isfile(found) and os.access(found, os.X_OK) else None
    return sys.executable if word in _PYTHON else shutil.which(word, path=_path(os.environ))


def environment_of(
    program: Program, config: Mapping[str, Any], number: int, environment: Mapping[str, str]
) -> dict[str, str]:
    """Returns the environment that a replicate's program is started with."""
    found = {**environment, "PYTHONUNBUFFERED": "1", "PATH": _path(environment)}
    if program.settings == "environment":
        found |= {name: variable_text(value) for name, value in settings_of(config).items()}
        found |= {"SEED": str(config["seed"]), "REPLICATE": str(number)}
    return found


def settings_file(program: Program, config: Mapping[str, Any], folder: Path) -> Path | None:
    """Writes the settings with the seed into a file, where the command names one."""
    if "config_file" not in program.placeholders:
        return None
    path = folder / f"config.{program.settings}"
    is_yaml = program.settings == "yaml"
    text = _yaml(dict(config)) if is_yaml else json.dumps(dict(config), indent=1)
    path.write_text(f"{text}\n")
    return path


def _yaml(value: Any) -> str:
    """A plain value as JSON that YAML reads alike, which takes 1e-05 for a text, not 1.0e-05."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{json.dumps(k)}: {_yaml(v)}' for k, v in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, float):
        if not math.isfinite(value):
            return {"nan": ".nan", "inf": ".inf", "-inf": "-.inf"}[str(value)]
        number, e, power = repr(value).partition("e")
        return f"{number if '.' in number else f'{number}.0'}{e}{power}"
    return json.dumps(value)


def _path(environment: Mapping[str, str]) -> str:
    """The PATH with the folder of the Python that runs this first."""
    own = os.path.dirname(sys.executable)
    return os.pathsep.join([own, environment.get("PATH", os.defpath)])
