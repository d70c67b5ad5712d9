"""A study's search, resolved for its cells and checked."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sweepbook.plan.asked import ask_space
from sweepbook.plan.space import check_value, describe_space, plain_space
from sweepbook.plan.values import plain_settings
from sweepbook.record.planned import SearchPlan
from sweepbook.study.configs import made_config
from sweepbook.study.search import Space
from sweepbook.study.settings import OWN
from sweepbook.study.spaces.names import SEPARATOR, flat, nested
from sweepbook.study.study import Study


def plan_search(
    study: Study,
    configs: Sequence[dict[str, Any]],
    settings: Mapping[str, Any],
    n_trials: int | None,
    seed: int,
    kind: type | None,
) -> SearchPlan:
    """Returns the search of a study whose cells have these complete configs.

    Args:
        settings: of the command line; one that is open is fixed by it.
        n_trials: per cell; None: as declared.
        seed: the study's.
        kind: the dataclass of the trainable's config, whose rules every end of the space meets.

    Raises:
        ValueError: a space, point or number that cannot be used.
    """
    search = study.search
    if search is None:
        raise ValueError(f"--trials is for searches, but study {study.name} is a grid")
    per_cell = n_trials or search.n_trials
    path = search.space if isinstance(search.space, str) else ""  # a dict has become its domains
    asked = ask_space(study, path) if path else None
    try:
        declared = (
            plain_space(search.domains) if asked is None else describe_space(asked, study.nested)
        )
        space = {key: domain for key, domain in declared.items() if key not in settings}
        by = [*study.grid, *dict.fromkeys(key for point in study.points for key in point)]
        points = [plain_settings(point, study.name) for point in search.points]
        points = [flat(point) for point in points] if study.nested else points
        points = [{k: v for k, v in p.items() if k not in settings} for p in points]
        _check(study, declared, space, by, points)
        if len(points) > per_cell:
            raise ValueError(
                f"the number of trials per cell must be at least the number of points "
                f"({len(points)}), got {per_cell}"
            )
        for config in configs:
            _check_ends(config, space, kind, study.nested)
    except ValueError as error:
        what = f"space {path}" if path else "its space"
        raise ValueError(f"study {study.name}, {what}: {error}") from error
    return SearchPlan(
        space=space,
        scientific=[*by, *(key for key in search.scientific if key in space)],
        nuisance=[key for key in space if key not in search.scientific],
        cells=[{key: config[key] for key in by} for config in configs],
        configs=configs,
        n_trials_per_cell=per_cell,
        n_trials=per_cell * len(configs),
        n_random=search.n_random,
        points=[p for p in points if p],
        seed=seed if search.seed is None else search.seed,
    )


def _check(
    study: Study, declared: Space, space: Space, by: Sequence[str], points: Sequence[Any]
) -> None:
    if not space:
        raise ValueError(
            "--set fixes every open setting, so nothing is left to search: leave one of them open"
        )
    for key in (study.fidelity.setting, *OWN):
        if key in declared:
            raise ValueError(
                f"{key!r} cannot be searched, because it must be the same in every trial: take it "
                "out of the space"
            )
    for key in by:
        if key in declared:
            raise ValueError(
                f"{key!r} is in the space and in the grid (or the points): leave it in one of them"
            )
    scientific = study.search.scientific if study.search else ()
    unknown = [key for key in scientific if key not in declared]
    if unknown:
        raise ValueError(
            f"scientific names {', '.join(unknown)}, but the space has {', '.join(declared)} only"
        )
    for point in points:
        for key, value in point.items():
            check_value(space, key, value)


def _check_ends(
    config: Mapping[str, Any], space: Space, kind: type | None, is_nested: bool
) -> None:
    """Builds the config with each end of each range: its own rules raise here, not in a trial."""
    if kind is None:
        return
    fields = {field.name for field in dataclasses.fields(kind)}
    for key, domain in space.items():
        if (key.partition(SEPARATOR)[0] if is_nested else key) not in fields:
            raise ValueError(f"the space has {key!r}, but {kind.__name__} has no such field")
        for value in domain.get("choices") or (domain["low"], domain["high"]):
            whole = {**config, key: value}
            made_config(kind, nested(whole) if is_nested else whole)


def draws(space: Space, n_draws: int, seed: int = 0) -> list[dict[str, Any]]:
    """Returns random settings of a space, to estimate what its trials cost. Pure, seeded."""
    rng = np.random.default_rng(seed)
    return [{key: _draw(domain, rng) for key, domain in space.items()} for _ in range(n_draws)]


def _draw(domain: Mapping[str, Any], rng: np.random.Generator) -> Any:
    if domain["kind"] == "choice":
        return domain["choices"][rng.integers(len(domain["choices"]))]
    low, high = domain["low"], domain["high"]
    if domain["log"]:
        value = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    else:
        value = float(rng.uniform(low, high))
    if domain["step"]:
        value = low + round((value - low) / domain["step"]) * domain["step"]
    return round(value) if domain["kind"] == "int" else value
