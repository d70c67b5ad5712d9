"""What one look saw of one comparison, as plain values that a manifest keeps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sweepbook.findings.deciding.outcomes import Comparison
from sweepbook.findings.sequential.design import LEAST_N, Rule
from sweepbook.stats.intervals import t_quantile

LEAST_SEEN = 20  # seeds, 1.2 % of such samples show no failure of what happens to one in five


class Edge(NamedTuple):
    """The test against one edge of the band of differences that makes a claim true.

    inside: whether the estimate lies on the band's side. p: two-sided, of this look alone;
    guarded: with one more unusual seed, 1 where this one moves it to the other side.
    """

    edge: float
    inside: bool
    p: float
    guarded: float


class Seen(NamedTuple):
    """A comparison at the look at n replicates: its estimate, and the tests of its edges.

    seeds_se: the part of the standard error that shrinks with further seeds. n_seen: seeds of this
    comparison and of other trials, which show how seeds fail.
    """

    label: str
    n: int
    n_seen: int
    mean: float
    se: float
    df: float
    seeds_se: float
    edges: tuple[Edge, ...]

    @property
    def is_inside(self) -> bool:
        """Whether the estimate lies in the band."""
        return all(edge.inside for edge in self.edges)

    @property
    def nearest(self) -> Edge:
        """The test against the edge that is nearest to the estimate."""
        return min(self.edges, key=lambda one: abs(one.edge - self.mean))

    def t(self, edge: float) -> float:
        """(mean - edge) / standard error; NaN where there is no spread."""
        return (self.mean - edge) / self.se if self.se > 0 else math.nan

    def as_json(self) -> dict[str, Any]:
        """Plain values, None for what is not known."""
        plain = {name: _plain(value) for name, value in self._asdict().items() if name != "edges"}
        return plain | {"edges": [[_plain(v) for v in edge] for edge in self.edges]}


def seen_of(test: Comparison, n: int, n_seen: int) -> Seen:
    """What the look at n replicates saw of a comparison.

    n_seen: seeds that show how seeds fail; while they are fewer than LEAST_SEEN, nothing is
    decided, since a seed that fails may not have been seen yet.
    """
    found = test.difference
    shrinks = found.sd / math.sqrt(found.n) if found.n > 1 else math.nan
    if not math.isnan(test.seeds_se):
        shrinks = test.seeds_se
    shrinks = min(shrinks, found.se)
    edges = _edges(test)
    if n_seen < LEAST_SEEN:
        edges = [edge._replace(guarded=1.0) for edge in edges]
    return Seen(test.label, n, n_seen, found.mean, found.se, found.df, shrinks, tuple(edges))


def seen_in(content: Mapping[str, Any]) -> Seen:
    """What `as_json` kept; raises ValueError where it is not complete."""
    try:
        edges = tuple(
            Edge(_number(edge), bool(inside), _number(p), _number(guarded))
            for edge, inside, p, guarded in content["edges"]
        )
        mean, se, df, seeds = (_number(content[k]) for k in ("mean", "se", "df", "seeds_se"))
        n, n_seen = int(content["n"]), int(content["n_seen"])
        return Seen(str(content["label"]), n, n_seen, mean, se, df, seeds, edges)
    except (KeyError, TypeError) as error:
        raise ValueError(f"what a look saw lacks a value: {error}") from error


def _edges(test: Comparison) -> list[Edge]:
    low, high = test.band
    sides = [(low, (low, math.inf)), (high, (-math.inf, high))]
    tests = [(edge, test._replace(band=side)) for edge, side in sides if math.isfinite(edge)]
    return [Edge(edge, one.inside, one.p, one.guarded_p) for edge, one in tests]


def level_of(rule: Rule, seen: Seen, p: float) -> float:
    """The smallest alpha at which this look's p value decides, at most 1."""
    return rule.level(seen.n, p) if seen.n >= LEAST_N else 1.0


def sequential_p(rule: Rule, past: Sequence[Seen], place: int, inside: bool) -> float:
    """The smallest alpha at which any look so far has crossed one edge to one side, at most 1.

    past: of one comparison, by look. place: of the edge. inside: towards the band, or out of it.
    """
    levels = [
        level_of(rule, seen, seen.edges[place].guarded)
        for seen in past
        if seen.edges[place].inside == inside
    ]
    return min(levels, default=1.0)


def repeated_interval(rule: Rule, seen: Seen, alpha: float) -> tuple[float, float]:
    """The interval of one look's difference that holds at all looks together, at 1 - alpha.

    NaN without a spread, infinite where this look could decide nothing at this alpha.
    """
    if math.isnan(seen.se) or seen.n < LEAST_N:
        return math.nan, math.nan
    half = limit_of(rule, seen, alpha) * seen.se if seen.se > 0 else 0.0
    return seen.mean - half, seen.mean + half


def left_by_all(rule: Rule, past: Sequence[Seen], alpha: float) -> tuple[float, float]:
    """What the repeated intervals of all looks leave together; the last one's where it is nothing.

    It shows why a claim is decided whose edges were crossed at several looks.
    """
    ends = [repeated_interval(rule, seen, alpha) for seen in past]
    known = [(low, high) for low, high in ends if not math.isnan(low)]
    if not known:
        return math.nan, math.nan
    low, high = max(low for low, _ in known), min(high for _, high in known)
    return (low, high) if low <= high else known[-1]


def limit_of(rule: Rule, seen: Seen, alpha: float) -> float:
    """|t| that decides at this look, at alpha; inf where none does."""
    return limit_at(rule, seen.n, seen.df, alpha)


def limit_at(rule: Rule, n: int, df: float, alpha: float) -> float:
    """|t| that decides at the look at n replicates, at alpha, with so many degrees of freedom."""
    if n < LEAST_N or math.isnan(df):
        return math.inf
    nominal = rule.nominal(n, alpha)
    return t_quantile(1 - nominal, df) if nominal > 0 else math.inf


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
