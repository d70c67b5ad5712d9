"""What a study is: one question with its search space, as a frozen, checked value."""

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sweepbook.study.asha import ASHA
from sweepbook.study.claim import Claim
from sweepbook.study.option import Option
from sweepbook.study.published import Published
from sweepbook.study.search import Search

Settings = Mapping[str, Any]
MOST_NAME = 200  # bytes; a folder's name has at most 255, and a record's may get a suffix


@dataclass(frozen=True)
class Metric:
    """What a study optimizes: the name of a yielded validation metric, and its direction."""

    name: str
    mode: Literal["min", "max"]

    def __post_init__(self) -> None:
        if self.mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', got {self.mode!r}")
        if self.name.startswith("test"):
            raise ValueError(
                f"a study's metric must be measured on validation data, got {self.name!r}: test "
                "data may not select"
            )


@dataclass(frozen=True)
class Fidelity:
    """How much training a trial gets: the counted unit and the setting that says how many.

    Args:
        unit: the column that counts 1, 2, ...: "epoch", "round", "eval".
        setting: the whole-numbered config key that the command line's --epochs and --scale set.
        count: import path of a function (config) -> number of units that a trial gets; None: the
            setting itself. A trial whose count does not follow the setting keeps its config.
    """

    unit: str
    setting: str
    count: str | None = None


@dataclass(frozen=True, kw_only=True)
class Study:
    """One question with its search space.

    A trial is one config of the space with `replicates` seeds. The grid is the product of the
    lists in `grid`, for each of the joint settings in `points`, with `fixed` in every config.

    Args:
        name: as on the command line.
        question: one sentence, shown above the results.
        trainable: import path of the generator, "package.module:function".
        grid: setting -> the values that it takes: a list, or whatever else has several in an
            order. Values are texts, numbers, True, False, None, and lists and dicts of these;
            numpy's become Python's, tuples and arrays lists, paths texts.
        points: settings that change together, one dict each.
        fixed: settings that every config shares.
        stacked: the trainable takes `replicates` and `seed` and trains its replicates itself,
            yielding lists under "replicates". Otherwise one generator per replicate is stepped
            in turn, each with its own `seed` drawn from (study seed, replicate).
        single: import path of a function (config) -> whether every seed gives the same model, so
            that the trial gets 1 replicate, whatever `replicates` says; None: no trial does.
        data: import path of a function (config) -> description of the data set, which raises
            ValueError where the data cannot be used; None: the trainable's own business.
        cost: import path of a function (config, data description) -> rough seconds on one core
            (of one replicate, where replicates are not stacked),
            used to order trials and to estimate; None: the fidelity counts.
        cpus, gpus: what one trial occupies; gpus may be a share below 1 of one GPU.
        scheduler: stops trials early at rungs; None: every trial trains to its end.
        search: which settings are open; each config of grid and points is then a cell that is
            searched by itself. None: the grid is all.
        hang_s: seconds within which a trial must make a step, the first with its imports and
            data; one that does not is ended, and retried as after an error. None: no limit.
        extendable: a training of n units is the first n units of a longer one, so that more
            epochs go on from a record's checkpoints. False where the length shapes the training,
            as with a schedule of the learning rate: a longer trial is then trained anew.
        figures: what the report draws, as dicts: kind, name, title, note (words for the caption)
            and what the kind needs. A kind of one's own is "module:function" with (spec, record).
        artifacts: name -> import path of a function (record) -> DataFrame, which is kept in the
            record when its trials have ended: what a figure of one's own needs code or data for.
        claims: what is to be decided, declared before results are seen.
        claims_of: import path of a function (configs, files) -> further claims, on what a command
            line alone brings into the study, such as a file of weights; files: path -> SHA-256
            of those that a setting names. None: there are none.
        known_files: how the SHA-256 of a file begins -> the value that the report takes a setting
            for that names such a file: a download that was given by hand, say.
        options: settings that have an option of their own on the command line.
        published: what somebody has published about the question, to stand beside the results.
        answers: text of a Jinja template that answers the question from the findings alone, a
            paragraph to each part of it; pages/answers.py names what it may call. "": none.
        packages: installed distributions whose versions can change a number, beside the tool's
            own few; a record keeps them, and goes on under the same ones only.

    Raises:
        ValueError: at construction, naming the field and its value.
    """

    name: str
    question: str
    trainable: str
    metric: Metric
    fidelity: Fidelity
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    points: Sequence[Settings] = ({},)
    fixed: Settings = field(default_factory=dict)
    replicates: int = 5
    seed: int = 0
    stacked: bool = False
    single: str | None = None
    data: str | None = None
    cost: str | None = None
    cpus: float = 1
    gpus: float = 0
    scheduler: ASHA | None = None
    search: Search | None = None
    hang_s: float | None = None
    extendable: bool = False
    figures: Sequence[Mapping[str, Any]] = ()
    claims: Sequence[Claim] = ()
    claims_of: str | None = None
    known_files: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[Option] = ()
    artifacts: Mapping[str, str] = field(default_factory=dict)
    published: Published | None = None
    answers: str = ""
    packages: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not self.name or not self.name.replace("-", "").replace("_", "").isalnum():
            raise ValueError(
                f"a study's name must consist of letters, digits, - and _, got {self.name!r}"
            )
        if len(self.name.encode()) > MOST_NAME:
            raise ValueError(
                f"a study's name must have at most {MOST_NAME} bytes, because its record's folder "
                f"is called so: {self.name[:30]}... has {len(self.name.encode())}"
            )
        for what, path in self.hooks().items():
            if path.count(":") != 1:
                raise ValueError(f"{what} of {self.name} must be 'module:function', got {path!r}")
        for name, path in self.artifacts.items():
            if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name):
                raise ValueError(
                    f"an artifact of {self.name} must be called as a file can be (letters, "
                    f"digits, ., _ and -), got {name!r}"
                )
            if path.count(":") != 1:
                raise ValueError(
                    f"artifact {name} of {self.name} must be 'module:function', got {path!r}"
                )
        if isinstance(self.packages, str):
            raise ValueError(
                f"packages of {self.name} must be a list of names, got {self.packages!r}"
            )
        if self.replicates < 1:
            raise ValueError(f"replicates of {self.name} must be >= 1, got {self.replicates}")
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"seed of {self.name} must lie in 0 .. 2**63 - 1, got {self.seed}")
        if self.cpus <= 0:
            raise ValueError(f"a trial of {self.name} needs cpus > 0, got {self.cpus}")
        if not is_gpu_share(self.gpus):
            raise ValueError(
                f"gpus of {self.name} must be a share of one GPU, 0 .. 1, or a whole number, "
                f"got {self.gpus}"
            )
        if self.hang_s is not None and not 0 < self.hang_s < math.inf:
            raise ValueError(
                f"hang_s of {self.name} must be seconds > 0, or None, got {self.hang_s}"
            )
        named = [option.setting for option in self.options]
        if twice := sorted({key for key in named if named.count(key) > 1}):
            raise ValueError(
                f"study {self.name} declares two options for {', '.join(twice)}: drop one of them"
            )
        self._list_values()
        empty = [key for key, values in self.grid.items() if not values]
        if empty or not self.points:
            what = f"its grid has no values for {', '.join(empty)}" if empty else "points is empty"
            raise ValueError(f"study {self.name} has no config to try: {what}")

    def _list_values(self) -> None:
        """Makes lists of the grid's values and of the points: a generator can be read once."""
        for what, settings in (("grid", self.grid), ("fixed", self.fixed)):
            if not isinstance(settings, Mapping):
                raise ValueError(f"{what} of {self.name} must be a dict, got {settings!r:.60}")
        grid = {key: _listed(v, f"grid of {self.name}: {key}") for key, v in self.grid.items()}
        points = _listed(self.points, f"points of {self.name}")
        if wrong := [point for point in points if not isinstance(point, Mapping)]:
            raise ValueError(
                f"points of {self.name} must be dicts of settings, got {wrong[0]!r:.60}"
            )
        object.__setattr__(self, "grid", grid)
        object.__setattr__(self, "points", points)

    def hooks(self) -> dict[str, str]:
        """Returns what -> import path of every function that the study names."""
        named = {key: getattr(self, key) for key in ("trainable", "single", "data", "cost")}
        named |= {"claims_of": self.claims_of, "fidelity's count": self.fidelity.count}
        named |= {"search's space": self.search.space if self.search else None}
        return {what: path for what, path in named.items() if path is not None}

    def configs(self) -> list[dict[str, Any]]:
        """Returns the grid's settings, one dict per trial, in the order of declaration.

        Of a search, one dict per cell.
        """
        cells = list(itertools.product(*self.grid.values()))
        return [
            {**self.fixed, **dict(zip(self.grid, cell, strict=True)), **point}
            for point, cell in itertools.product(self.points, cells)
        ]

    @property
    def n_trials(self) -> int:
        """How many trials it plans; a command line may change that."""
        return len(self.configs()) * (self.search.n_trials if self.search else 1)


def _listed(values: Any, what: str) -> Sequence[Any]:
    """The values of anything that has several, in their order.

    Raises:
        ValueError: it has none, or no order.
    """
    if isinstance(values, set | frozenset):
        raise ValueError(
            f"{what} is a set, and its order changes from run to run: write a list, or sorted(...)"
        )
    is_one = isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable)
    if is_one or getattr(values, "shape", None) == ():
        raise ValueError(
            f"{what} must be a list, got {values!r:.60}: write [...] around one value, or put it "
            "into fixed"
        )
    return values if isinstance(values, list | tuple) else list(values)


def is_gpu_share(gpus: float) -> bool:
    """Whether a trial can be given so many GPUs: none, a share of one, or some whole ones."""
    return 0 <= gpus <= 1 or (1 < gpus < math.inf and gpus == int(gpus))
