"""A search over open settings, as a frozen, checked value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sweepbook.study.claim import Claim
from sweepbook.study.fields import check_fields
from sweepbook.study.published import Published
from sweepbook.study.spaces.declared import open_domains
from sweepbook.study.spaces.domains import check_described

Settings = Mapping[str, Any]
Space = dict[str, dict[str, Any]]  # setting -> {"kind": ..., ...}, as in `domain_of`


@dataclass(frozen=True, kw_only=True)
class Search:
    """Settings with ranges instead of lists of values, and how many configs to try.

    Optuna picks the values. Each config of the study's grid and points is a cell, which has a
    search of its own with the same number of trials, so that cells are compared at the same
    budget. A study without grid and points is one cell.

    Example:
        >>> search = Search(space="my_study:space", n_trials=50)

        with, in my_study.py,

            def space():
                from ray import tune
                return {"rate": tune.loguniform(1e-4, 1e-1), "width": tune.choice([16, 64])}

    Args:
        n_trials: configs to try in each cell, >= 1.
        space: a dict from settings to domains of ray.tune (uniform, loguniform, quniform, randint,
            lograndint, qrandint or choice) or to distributions of Optuna; or the import path of a
            function without parameters that returns such a dict. "": the study's own `space`
            has the ranges.
        scientific: settings of the space that the question is about. The others are only tuned,
            so that the comparison is fair.
        points: dicts of settings that are tried first in every cell. Settings that a point leaves
            out are sampled.
        n_random: configs that are drawn at random in each cell, after the points and before the
            sampler learns, >= 1. Trials of a warm start count among them.
        seed: seed of the sampler, 0 .. 2**63 - 1. None: the study's seed.
        confirm_figures: figures of the study that retrains the winners (sweepbook confirm).
        confirm_claims: claims of that study.
        confirm_published: published values of that study.
        domains: what a dict given as `space` becomes, which is then "": setting -> plain values.

    Raises:
        ValueError: when it is made, naming the field and its value.
    """

    n_trials: int
    space: str | Mapping[str, Any] = ""
    scientific: Sequence[str] = ()
    points: Sequence[Settings] = ()
    n_random: int = 10
    seed: int | None = None
    confirm_figures: Sequence[Mapping[str, Any]] = ()
    confirm_claims: Sequence[Claim] = ()
    confirm_published: Published | None = None
    domains: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_fields(self, "a search", apart=["n_trials", "n_random", "scientific"])
        self._describe()
        check_described(self.domains)
        for name in ("n_trials", "n_random"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name} of a search must be a whole number >= 1, got {value!r}")
        if self.seed is not None and not 0 <= self.seed < 2**63:
            raise ValueError(f"seed of a search must lie in 0 .. 2**63 - 1, got {self.seed}")
        if isinstance(self.scientific, str):
            raise ValueError(f"scientific must be a list of settings, got {self.scientific!r}")
        if len(self.points) > self.n_trials:
            raise ValueError(
                f"n_trials of a search must be at least the number of its points "
                f"({len(self.points)}), got {self.n_trials}"
            )

    def _describe(self) -> None:
        """Makes plain values of a space that is given as a dict."""
        if isinstance(self.space, str):
            if self.space and self.space.count(":") != 1:
                raise ValueError(
                    "space of a search must be 'module:function' or a dict of ranges, "
                    f"got {self.space!r}"
                )
            return
        if not self.space:
            raise ValueError("the space has no open setting: a search needs one at least")
        object.__setattr__(self, "domains", open_domains(self.space))
        object.__setattr__(self, "space", "")
