"""What a search is to try, resolved and checked: it goes into the record's manifest as it is."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from search_spaces import Study
from search_spaces.search_spec import Space, check_value, describe_space
from sweepbook.imports import load_object

SAMPLER = "optuna.samplers.TPESampler"


@dataclass(frozen=True, kw_only=True)
class SearchPlan:
    """The resolved search of a study; JSON keeps it without loss.

    Args:
        space: as `describe_space` gives it.
        scientific, nuisance: the searched settings, and those of the cells, by their role.
        cells: each cell's own settings; {} where there is one cell alone.
        configs: each cell's complete config, into which a suggestion's settings go.
        n_trials_per_cell, n_random, points, seed: as in `Search`.
        n_trials: of all cells.
        warm_start: what earlier records tell the samplers, one dict per trial: `cell` (index),
            `settings`, `status`, `fidelity` and the metric's `value` there, `record`.
        optuna_storage: where Optuna keeps its studies as well, to be watched; None: in memory.
        exhausted: the search ended early, since nothing new was left to suggest.
    """

    space: Space
    scientific: Sequence[str]
    nuisance: Sequence[str]
    cells: Sequence[Mapping[str, Any]]
    configs: Sequence[Mapping[str, Any]]
    n_trials_per_cell: int
    n_trials: int
    n_random: int
    points: Sequence[Mapping[str, Any]]
    seed: int
    sampler: str = SAMPLER
    warm_start: Sequence[Mapping[str, Any]] = ()
    optuna_storage: str | None = None
    exhausted: bool = False

    def cell_of(self, config: Mapping[str, Any]) -> int:
        """Returns the index of the cell that a config belongs to.

        Raises:
            ValueError: to none.
        """
        for index, cell in enumerate(self.cells):
            if all(config.get(key) == value for key, value in cell.items()):
                return index
        raise ValueError(f"no cell of the search has {dict(config)}")

    def name_of(self, cell: int) -> str:
        """Returns a cell's settings as text; "" where there is one cell alone."""
        return " ".join(f"{key}={value}" for key, value in self.cells[cell].items())


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
        raise ValueError(f"--trials is for searches, and study {study.name} is a grid")
    per_cell = n_trials or search.n_trials
    try:
        declared = describe_space(load_object(search.space)())
        space = {key: domain for key, domain in declared.items() if key not in settings}
        by = [*study.grid, *dict.fromkeys(key for point in study.points for key in point)]
        points = [{k: v for k, v in p.items() if k not in settings} for p in search.points]
        _check(study, declared, space, by, points)
        if len(points) > per_cell:
            raise ValueError(f"{len(points)} points cannot be tried first in {per_cell} trials")
        for config in configs:
            _check_ends(config, space, kind)
    except ValueError as error:
        raise ValueError(f"study {study.name}, space {search.space}: {error}") from error
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
        raise ValueError("--set fixes every open setting: nothing is left to search")
    for key in (study.fidelity.setting, "seed", "replicates"):
        if key in declared:
            raise ValueError(f"{key!r} cannot be searched: every trial must have the same")
    for key in by:
        if key in declared:
            raise ValueError(f"{key!r} is in the grid, and open as well")
    scientific = study.search.scientific if study.search else ()
    unknown = [key for key in scientific if key not in declared]
    if unknown:
        raise ValueError(f"scientific settings that are not open: {', '.join(unknown)}")
    for point in points:
        for key, value in point.items():
            check_value(space, key, value)


def _check_ends(config: Mapping[str, Any], space: Space, kind: type | None) -> None:
    """Builds the config with each end of each range: its own rules raise here, not in a trial."""
    if kind is None:
        return
    fields = {field.name for field in dataclasses.fields(kind)}
    for key, domain in space.items():
        if key not in fields:
            raise ValueError(f"{key!r} is open, but {kind.__name__} has no such setting")
        for value in domain.get("choices") or (domain["low"], domain["high"]):
            kind(**{**config, key: value})


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


def check_concurrency(searches: Sequence[str], address: str | None, limit: int | None) -> None:
    """Checks that a search on a running cluster is told how many of its trials to train at a time.

    The machines that are there now say nothing: a cluster may start more when trials wait, and
    a search only suggests as many as it is to have at a time.

    Raises:
        ValueError: where `--address` is given without `--max-concurrent`.
    """
    if searches and address is not None and limit is None:
        raise ValueError(
            f"study {searches[0]} is a search: with --address give --max-concurrent N, the trials "
            "that it has at a time. The cluster starts machines for as many, and the more there "
            "are, the less each knows of the others"
        )
