"""Flat names of nested settings: "optimizer/lr" is the setting lr of the dict optimizer."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

SEPARATOR = "/"


def nested(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a config of flat names as the nested dicts that they mean.

    Example:
        >>> nested({"optimizer/lr": 0.1, "optimizer/name": "sgd", "epochs": 5})
        {'optimizer': {'lr': 0.1, 'name': 'sgd'}, 'epochs': 5}

    Raises:
        ValueError: a setting is both a value and a dict.
    """
    check_names(config)
    found: dict[str, Any] = {}
    for name, value in config.items():
        *above, last = name.split(SEPARATOR)
        inner = found
        for part in above:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return found


def flat(config: Mapping[str, Any], whole: Collection[str] = ()) -> dict[str, Any]:
    """Returns nested dicts as a config of flat names, which `nested` makes the same dicts of.

    An empty dict, and one with keys that no flat name can have, is a value.

    Example:
        >>> flat({"optimizer": {"lr": 0.1, "betas": [0.9, 0.99]}, "tags": {}})
        {'optimizer/lr': 0.1, 'optimizer/betas': [0.9, 0.99], 'tags': {}}

    Args:
        whole: flat names of settings whose value is a dict as it stands.
    """
    return dict(_flat("", config, whole))


def check_names(names: Iterable[str]) -> None:
    """Checks that flat names can be made nested dicts.

    Raises:
        ValueError: one has an empty part, or is a value and a dict at once.
    """
    known = list(names)
    dicts: dict[str, str] = {}  # name of a dict -> a setting in it
    for name in known:
        parts = name.split(SEPARATOR)
        if not all(parts) and len(parts) > 1:
            raise ValueError(
                f"the setting {name!r} of a nested study has an empty part: write "
                "'optimizer/lr' for the setting lr of the dict optimizer"
            )
        for depth in range(1, len(parts)):
            dicts.setdefault(SEPARATOR.join(parts[:depth]), name)
    if both := [name for name in known if name in dicts]:
        raise ValueError(
            f"the setting {both[0]!r} has a value of its own and is the dict of "
            f"{dicts[both[0]]!r}: write every setting of that dict with such a name, or none"
        )


def _flat(
    prefix: str, config: Mapping[str, Any], whole: Collection[str]
) -> Iterable[tuple[str, Any]]:
    for key, value in config.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value and name not in whole and all(map(_fits, value)):
            yield from _flat(f"{name}{SEPARATOR}", value, whole)
        else:
            yield name, value


def _fits(key: Any) -> bool:
    return isinstance(key, str) and bool(key) and SEPARATOR not in key
