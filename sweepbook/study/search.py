"""A search over open settings, as a frozen, checked value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sweepbook.study.claim import Claim
from sweepbook.study.published import Published

Settings = Mapping[str, Any]
Space = dict[str, dict[str, Any]]  # setting -> {"kind": ..., ...}, as in `describe_space`


@dataclass(frozen=True, kw_only=True)
class Search:
    """Which settings are open, and how many configs of them are tried.

    Every cell of the study's grid and points is searched by itself, with a sampler and rungs of
    its own, so that cells are compared at the same budget. A study without a grid is one cell.

    Args:
        space: import path of a function () -> {setting: ray.tune primitive}, so that listing
            studies needs no Ray: uniform, loguniform, quniform, randint, lograndint, qrandint
            or choice. `describe_space` names what is refused, when the study is planned.
        n_trials: configs tried in each cell, >= 1.
        scientific: open settings that the question is about, beside the grid's; the others are
            nuisance parameters, searched so that the comparison is fair.
        points: settings tried first in every cell; one that leaves some open has them sampled.
        n_random: configs drawn at random in each cell, after the points and before the model
            suggests any, >= 1. What an earlier record tells (a warm start) counts among them.
        seed: of the sampler, 0 .. 2**63 - 1; None: the study's.
        confirm_figures, confirm_claims: of the grid study that trains the winners anew.
        confirm_published: what is published about the same configs untuned, by the settings that
            are compared: it stands beside the winners.

    Raises:
        ValueError: at construction, naming the field and its value.
    """

    space: str
    n_trials: int
    scientific: Sequence[str] = ()
    points: Sequence[Settings] = ()
    n_random: int = 10
    seed: int | None = None
    confirm_figures: Sequence[Mapping[str, Any]] = ()
    confirm_claims: Sequence[Claim] = ()
    confirm_published: Published | None = None

    def __post_init__(self) -> None:
        if self.space.count(":") != 1:
            raise ValueError(f"space of a search must be 'module:function', got {self.space!r}")
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
