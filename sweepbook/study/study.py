"""What a study is: one question with its search space, as a frozen, checked value."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from typing import Any, Literal

from sweepbook.study.asha import ASHA
from sweepbook.study.claim import Claim
from sweepbook.study.fields import check_fields
from sweepbook.study.forms.estimator import Estimator, follow_estimator
from sweepbook.study.forms.fused import Fused
from sweepbook.study.forms.paths import check_paths
from sweepbook.study.forms.trainable import Trainable, hooks_of
from sweepbook.study.option import Option
from sweepbook.study.published import Published
from sweepbook.study.search import Search
from sweepbook.study.spaces.lists import listed_settings
from sweepbook.study.spaces.taken import check_nested, take_space
from sweepbook.study.texts import check_words

Settings = Mapping[str, Any]
_LISTED = ("grid", "points", "fixed", "packages")  # checked where they are made lists
MOST_NAME = 200  # bytes; a folder's name has at most 255, and a record's may get a suffix


@dataclass(frozen=True)
class Metric:
    """The metric that a study optimizes, measured on validation data.

    Example:
        >>> Metric("val_loss", "min")
        Metric(name='val_loss', mode='min')

    Args:
        name: key of the dicts that the trainable yields. It may not begin with "test".
        mode: "min" if smaller values are better, "max" if larger ones are.

    Raises:
        ValueError: a test metric, or another mode.
    """

    name: str
    mode: Literal["min", "max"]

    def __post_init__(self) -> None:
        check_fields(self, "a metric")
        if self.mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', got {self.mode!r}")
        if self.name.startswith("test"):
            raise ValueError(
                f"a study's metric must be measured on validation data, got {self.name!r}: test "
                "data may not select"
            )


@dataclass(frozen=True)
class Fidelity:
    """How much training a trial gets: a unit, and the setting that says how many of them.

    Example:
        With Fidelity("epoch", "epochs") and fixed={"epochs": 20} the trainable yields
        {"epoch": 1, ...} to {"epoch": 20, ...}.

    Args:
        unit: key of the yielded dicts that counts 1, 2, 3, ..., e.g. "epoch", "round" or "eval".
        setting: name of the setting with the number of units, a whole number >= 1. The options
            --epochs and --scale change it. "": every trial has one unit.
        count: import path "module:function" of a function (config) -> number of units, for a
            trainable whose number of units is not the setting itself. None: it is.
    """

    unit: str
    setting: str = ""
    count: str | None = None

    def __post_init__(self) -> None:
        check_fields(self, "a fidelity")


@dataclass(frozen=True, kw_only=True)
class Study:
    """One question with the trials that are to answer it.

    A trial is one config, trained with `replicates` seeds. The configs are all combinations of
    the values in `grid`, combined with each dict in `points`; `fixed` is added to every config.

    Example:
        >>> study = Study(
        ...     name="rate",
        ...     question="Which learning rate is best?",
        ...     trainable="my_study:train",
        ...     metric=Metric("val_loss", "min"),
        ...     fidelity=Fidelity("epoch", "epochs"),
        ...     grid={"rate": [0.01, 0.1], "width": [16, 64]},
        ...     fixed={"epochs": 20},
        ... )
        >>> study.n_trials
        4

    Args:
        name: letters, digits, - and _; the record's folder is called so.
        question: one sentence, shown above the results.
        trainable: import path "module:function" of the generator that trains;
            or a `Program`, or an `Estimator`.
        metric: what is optimized.
        fidelity: how much training a trial gets. None: one fit, of an `Estimator`.
        grid: setting -> list of its values. Values are texts, numbers, True, False, None, and
            lists and dicts of these; numpy's become Python's, tuples lists, paths texts.
        points: dicts of settings that change together.
        fixed: settings that all configs share.
        space: a `param_space` of Ray Tune, or a dict of Optuna's distributions: its constants are
            added to `fixed`, its grid_search to `grid`, its ranges to `search`, and `space` is
            None then. Its dicts are nested settings.
        nested: True if "optimizer/lr" is the setting lr of the dict optimizer, which the trainable
            then finds in its config. A space or a search with nested dicts makes it True.
        replicates: seeds per trial, >= 1. None: 5, or one for each fold of an `Estimator`.
        seed: seed of the study, 0 .. 2**63 - 1; the seeds of the replicates follow from it.
        stacked: True if the trainable takes the settings `replicates` and `seed`, trains all
            replicates together and yields lists under "replicates". False: there is one generator
            per replicate, and each gets a `seed` of its own.
        fused: how trials that differ in a few settings alone train in one stack. None: they
            cannot.
        fuse: True if they do, unless the study has a search; needs `fused` and `stacked`. The
            numbers of each trial are the same either way.
        single: import path of a function (config) -> True if every seed gives the same model;
            such a trial gets 1 replicate. None: no trial does.
        data: import path of a function (config) -> description of the data, a dict with name,
            sha256 and rows. It raises ValueError if the data cannot be used. None: the trainable
            loads its own data.
        cost: import path of a function (config, description of the data) -> estimated seconds on
            one core, of one replicate unless `stacked`. None: the estimate is the fidelity.
        cpus: CPUs that one trial occupies, > 0.
        gpus: GPUs that one trial occupies: 0, a share from 0 to 1, or a whole number.
        scheduler: stops unpromising trials early. None: every trial trains to its end.
        search: settings whose values a sampler picks from ranges. Each config of grid and points
            is then a cell with a search of its own. None: the grid is everything.
        hang_s: seconds that a step of a trial may take, the first with its imports and data. A
            trial that takes longer is ended and retried. None: no limit.
        extendable: True if n epochs are the same as the first n epochs of a longer training: more
            epochs then continue from the checkpoints. False if the length changes the training,
            as with a schedule of the learning rate: a longer trial then starts again.
        figures: figures of the report, each a dict with kind, name, title, note (words for the
            caption) and the keys of its kind. The kind may also be the import path of a function
            (spec, record).
        artifacts: name -> import path of a function (record) -> DataFrame. The record keeps the
            tables, e.g. for figures of your own.
        claims: statements to decide, declared before results are seen.
        claims_of: import path of a function (configs, files) -> further claims, which depend on
            the command line; files maps each file that a setting names to its SHA-256. None: no
            further claims.
        known_files: first digits of a file's SHA-256 -> the name by which the report calls it.
        options: settings that have an option of their own on the command line.
        published: published values that the report shows beside the results.
        answers: text of a Jinja template that answers the question from the findings; "": none.
        packages: names of installed packages whose versions can change a number. A record keeps
            the versions, and is only resumed with the same ones.
        words: word -> one sentence; the report's glossary explains them, too. At most 5.

    Raises:
        ValueError: when it is made, naming the field and its value.
    """

    name: str
    question: str
    trainable: Trainable
    metric: Metric
    fidelity: Fidelity = None  # type: ignore[assignment]  # not once it is made
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    points: Sequence[Settings] = ({},)
    fixed: Settings = field(default_factory=dict)
    space: InitVar[Settings | None] = None
    nested: bool = False
    replicates: int = None  # type: ignore[assignment]  # not once it is made
    seed: int = 0
    stacked: bool = False
    fused: Fused | None = None
    fuse: bool = False
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
    words: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self, space: Settings | None) -> None:
        if isinstance(self.trainable, Estimator):
            follow_estimator(self, self.trainable, Fidelity("fit"))
        if self.replicates is None:
            object.__setattr__(self, "replicates", 5)
        check_fields(self, f"study {self.name}", apart=_LISTED)
        if not self.name or not self.name.replace("-", "").replace("_", "").isalnum():
            raise ValueError(
                f"a study's name must consist of letters, digits, - and _, got {self.name!r}"
            )
        if len(self.name.encode()) > MOST_NAME:
            raise ValueError(
                f"a study's name must have at most {MOST_NAME} bytes, because its record's folder "
                f"is called so: {self.name[:30]}... has {len(self.name.encode())}"
            )
        check_paths(self.name, self.hooks(), self.artifacts)
        if isinstance(self.packages, str):
            raise ValueError(
                f"packages of {self.name} must be a list of names, got {self.packages!r}"
            )
        check_words(self.name, self.words)
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
        self._set(listed_settings(self))
        self._set(take_space(self, space))
        if self.nested:
            check_nested(self)
        empty = [key for key, values in self.grid.items() if not values]
        if empty or not self.points:
            what = f"its grid has no values for {', '.join(empty)}" if empty else "points is empty"
            raise ValueError(f"study {self.name} has no config to try: {what}")

    def _set(self, fields: Settings) -> None:
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def hooks(self) -> dict[str, str]:
        """Returns what -> import path of every function that the study names."""
        named: dict[str, str | None] = {**hooks_of(self.trainable)}
        named |= {key: getattr(self, key) for key in ("single", "data", "cost")}
        named |= {"claims_of": self.claims_of, "fidelity's count": self.fidelity.count}
        if self.fused:
            named |= {"fused's train": self.fused.train, "fused's size": self.fused.size}
        if self.search and isinstance(self.search.space, str):  # a dict has become its domains
            named |= {"search's space": self.search.space or None}
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


def is_gpu_share(gpus: float) -> bool:
    """Whether a trial can be given so many GPUs: none, a share of one, or some whole ones."""
    return 0 <= gpus <= 1 or (1 < gpus < math.inf and gpus == int(gpus))
