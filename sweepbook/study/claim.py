"""What a claim is: one statement to be decided, declared before results are seen."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sweepbook.study.fields import check_fields

Kind = Literal[
    "direction",  # arms[0] is higher (lower) than arms[1]; or every arm than its against_metric
    "threshold",  # arms[0] is higher (lower) than target
    # arms[0] is target give or take smallest; or its difference from arms[1]; or, where target
    # is None and against_metric is given, the two metrics of every arm are the same
    "equivalence",
    "winner",  # arms[0] is the highest (lowest) of all arms
    "ranking",  # each arm is higher (lower) than the arm before it
    "mixture",  # at least 80 % of the seeds of arms[0] stay at chance; or get above it
    "gradients",  # arms[0] is of the expected class: vanishing, exploding or healthy
]
Quantity = Literal[
    "value",  # the metric at the fidelity
    "change",  # the metric at the fidelity minus the metric at `since`, within a replicate
    "steps_to",  # first fidelity step at which arms[0] has what arms[1] has at `since`
    "spread",  # sd of the metric about a straight line, over the last 5 steps (or since `since`);
    # of a list per step, one value per batch: over the last 20 % of the batches, at least 50
]
Direction = Literal["higher", "lower"]
Window = Literal["last", "last5", "every"] | int
Over = Literal[
    "replicates",  # intervals hold for further replicates, on these validation and test rows
    "rows",  # and for further test rows: rows and replicates are crossed random effects
]
_NUMBER_OF_ARMS = {"mixture": 1, "gradients": 1, "threshold": 1}
_EXPECTED = {  # by the kind; of other kinds nothing is
    "gradients": ("vanishing", "exploding", "healthy"),
    "mixture": (None, "fails", "learns"),
}


MOST_OF_TITLE = 32


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One statement, and the rule that decides it.

    Example:
        >>> claim = Claim(
        ...     name="higher-rate",
        ...     statement="A rate of 0.1 is better than 0.01.",
        ...     kind="direction",
        ...     metric="val_loss",
        ...     direction="lower",
        ...     smallest=0.01,
        ...     reason="smaller differences change no decision",
        ...     arms=({"rate": 0.1}, {"rate": 0.01}),
        ... )

    Args:
        name: letters, digits and hyphens; unique within a study.
        title: what the claim is called in figures and tables of the report, at most 32 characters
            on one line: "Batch norm: lower loss"; "" for words made of the statement or the name.
            Like `remedy` it decides nothing, and can be added at any time.
        statement: the published sentence, word for word; "" if nobody published it.
        reading: how the statement is read, if that needs saying.
        kind: what is claimed:
            "direction": arms[0] is higher (lower) than arms[1], or every arm than its own
            against_metric. "threshold": arms[0] is higher (lower) than target. "equivalence":
            arms[0] equals target, or arms[1] plus target, or the two metrics of every arm are
            equal, each up to smallest. "winner": arms[0] is the highest (lowest) of all arms.
            "ranking": each arm is higher (lower) than the one before it. "mixture": at least 80 %
            of the seeds of arms[0] stay at chance, or get above it, as expected. "gradients": the
            gradients of arms[0] are as expected.
        quantity: what is compared:
            "value": the metric at `fidelity`. "change": the metric at `fidelity` minus the metric
            at `since`, within a replicate. "steps_to": the first step at which arms[0] reaches
            the level that arms[1] has at `since`. "spread": the standard deviation about a
            straight line, over the last 5 steps or from `since` on; for a metric with one value
            per batch, over the last 20 % of the batches and at least 50 of them.
        metric: a column of the reports, measured on validation data unless the statement is about
            training or test data.
        smallest: smallest difference that matters, >= 0, in the unit of the metric (0.005 of an
            accuracy is half a point), or a share if `relative` is True.
        reason: why this is the smallest difference that matters, in one line.
        arms: what is compared: dicts of settings, each of which must match one trial, or several
            if `best_by` is given.
        best_by: validation metric that chooses one of several matching trials: for each seed the
            one with the best mean of its last value over the other seeds (lowest for a loss,
            else highest), so that no seed chooses what it scores.
        labels: names of the arms in the report; () for names made of the settings.
        direction: "higher" or "lower": the side on which arms[0] is claimed to lie (in a ranking,
            each next arm).
        fidelity: "last5" (mean of the last 5 steps), "last", a step counted from 1, or "every"
            (the step at which the metric is furthest from `target`).
        since: a step counted from 1: the earlier step of a "change", the step of the level of
            "steps_to", or the first step of a "spread".
        window: number of steps, >= 1, whose mean is each end of a "change".
        against_metric: another column of the same trial to compare with, instead of another arm;
            only for the kinds "direction" and "equivalence".
        target: number that "threshold" and "equivalence" compare with.
        relative: True compares logarithms: smallest, target and the estimate are then shares
            (0.05 means 5 percent higher), and the metric must be positive.
        family: claims of a study with the same family share a Holm correction; "" for a family of
            its own. The comparisons within one claim always form one family.
        over: "replicates": intervals hold for further replicates on these test rows. "rows": they
            hold for further test rows, too; only for test_acc with quantity "value"
            at the last step, and at least two arms.
        expected: what a "gradients" claim states: "vanishing", "exploding" or "healthy"; and a
            "mixture" claim: "fails" (at least 80 % of the seeds stay at chance; so does None) or
            "learns" (at least 80 % of the seeds get above chance).
        single_run: True if `target` is the result of one training of each arm, such as a printed
            number: the verdict then allows for its scatter, too. Only for the kinds "threshold"
            and "equivalence" with a target.
        remedy: what to do where the record has nothing to decide the claim by, as a sentence for
            the report: "Run it again with --set weights=all on a machine with network."; "" for
            nothing. It decides nothing, and can be added at any time.

    Raises:
        ValueError: when it is made, naming the claim, the field and its value.
    """

    name: str
    statement: str
    kind: Kind
    metric: str
    smallest: float
    reason: str
    arms: Sequence[Mapping[str, Any]]
    labels: Sequence[str] = ()
    reading: str = ""
    quantity: Quantity = "value"
    direction: Direction = "higher"
    fidelity: Window = "last5"
    since: int | None = None
    window: int = 5
    against_metric: str | None = None
    target: float | None = None
    relative: bool = False
    family: str = ""
    best_by: str | None = None
    over: Over = "replicates"
    expected: Literal["vanishing", "exploding", "healthy", "fails", "learns"] | None = None
    single_run: bool = False
    remedy: str = ""
    title: str = ""

    def __post_init__(self) -> None:
        check_fields(self, f"claim {self.name}", apart=["fidelity"])
        if not self.name or not self.name.replace("-", "").isalnum():
            raise ValueError(
                f"a claim's name must consist of letters, digits and hyphens, got {self.name!r}"
            )
        for what, value, allowed in (
            ("kind", self.kind, get_args(Kind)),
            ("quantity", self.quantity, get_args(Quantity)),
            ("direction", self.direction, get_args(Direction)),
            ("over", self.over, get_args(Over)),
        ):
            if value not in allowed:
                self._refuse(what, f"be one of {', '.join(allowed)}", value)
        if not (math.isfinite(self.smallest) and self.smallest >= 0):
            self._refuse("smallest", "be a finite number >= 0", self.smallest)
        if not self.reason.strip():
            self._refuse(
                "reason", "say why this is the smallest difference that matters", self.reason
            )
        if len(self.title) > MOST_OF_TITLE or self.title != " ".join(self.title.split()):
            self._refuse("title", f"be one line of at most {MOST_OF_TITLE} characters", self.title)
        self._check_arms()
        self._check_steps()
        self._check_kind()

    def _refuse(self, what: str, must: str, value: object) -> None:
        raise ValueError(f"{what} of claim {self.name} must {must}, got {value!r}")

    def _check_arms(self) -> None:
        n = len(self.arms)
        if self.quantity == "steps_to" and n != 2:
            self._refuse(
                "arms", "be two: the arm that gets there, and the arm whose level counts", n
            )
        elif self.kind == "direction" and self.against_metric is None and n != 2:
            self._refuse("arms", "be two, unless against_metric is given", n)
        elif self.kind in ("winner", "ranking") and n < 2:
            self._refuse("arms", "be at least two", n)
        elif n != _NUMBER_OF_ARMS.get(self.kind, n) or n == 0:
            self._refuse("arms", "be one", n)
        elif self.kind == "equivalence" and n > 2:
            self._refuse("arms", "be one or two", n)
        if self.labels and len(self.labels) != n:
            self._refuse("labels", f"be () or {n}, one per arm", self.labels)
        if any(dict(a) == dict(b) for i, a in enumerate(self.arms) for b in self.arms[:i]):
            self._refuse("arms", "differ from each other", self.arms)

    def _check_steps(self) -> None:
        if isinstance(self.fidelity, int):
            if isinstance(self.fidelity, bool) or self.fidelity < 1:
                self._refuse("fidelity", "count from 1", self.fidelity)
        elif self.fidelity not in ("last", "last5", "every"):
            self._refuse("fidelity", "be last, last5, every or a step", self.fidelity)
        if self.since is not None and self.since < 1:
            self._refuse("since", "count from 1", self.since)
        if self.window < 1:
            self._refuse("window", "be at least 1 step", self.window)
        if self.quantity in ("change", "steps_to") and self.since is None:
            self._refuse("since", f"be given for {self.quantity}", None)
        if self.quantity == "change":
            later = self.fidelity if isinstance(self.fidelity, int) else math.inf
            if self.since is not None and not self.window <= self.since < later:
                self._refuse("since", "lie after the window and before fidelity", self.since)

    def _check_kind(self) -> None:
        compares = self.kind == "threshold" or self.fidelity == "every"
        needs_target = compares or (self.kind == "equivalence" and self.against_metric is None)
        if needs_target != (self.target is not None):
            self._refuse("target", "be a number" if needs_target else "be None", self.target)
        if self.expected not in _EXPECTED.get(self.kind, (None,)):
            allowed = [repr(one) for one in _EXPECTED.get(self.kind, ()) if one]
            must = f"be {' or '.join(allowed) or 'None'}, because the kind is {self.kind}"
            self._refuse("expected", must, self.expected)
        has_target = self.kind in ("threshold", "equivalence") and self.target is not None
        if self.single_run and not has_target:
            must = "be False, unless the kind is threshold or equivalence and there is a target"
            self._refuse("single_run", must, self.single_run)
        if self.against_metric is not None and self.kind not in ("direction", "equivalence"):
            must = "be None, unless the kind is direction or equivalence"
            self._refuse("against_metric", must, self.against_metric)
        if self.best_by is not None and self.best_by.startswith("test"):
            self._refuse("best_by", "be a validation metric", self.best_by)
        if self.over == "rows":
            self._check_rows()
        if self.relative and self.target is not None and self.target <= -1:
            self._refuse("target", "be a share above -1, because relative is True", self.target)

    def _check_rows(self) -> None:
        if self.metric != "test_acc" or self.quantity != "value" or self.relative:
            must = (
                "be replicates: rows are only for metric test_acc, quantity value, relative False"
            )
            self._refuse("over", must, self.over)
        if self.kind not in ("direction", "winner", "equivalence") or len(self.arms) < 2:
            must = "be replicates: rows are only for comparisons of two arms or more"
            self._refuse("over", must, self.over)
        if self.fidelity != "last":
            self._refuse(
                "fidelity",
                "be last, because a record keeps the last predictions only",
                self.fidelity,
            )
