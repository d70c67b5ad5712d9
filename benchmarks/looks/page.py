"""The simulated tables of several looks as a part of a Markdown page, between two marks."""

from __future__ import annotations

import pandas as pd

from benchmarks.looks.comparison import LOOKS, RULES, design_for
from benchmarks.verdicts.errors import ERRORS
from sweepbook.findings.deciding.verdicts import ALPHA
from sweepbook.stats.intervals import t_quantile
from sweepbook.stats.sequential import spending_of

START, END = "<!-- simulated: begin -->", "<!-- simulated: end -->"


def written(page: str, rates: pd.DataFrame, studies: pd.DataFrame) -> str:
    """The page with the tables of this simulation; raises ValueError without the marks."""
    head, found, rest = page.partition(START)
    _, again, tail = rest.partition(END)
    if not (found and again):
        raise ValueError(f"the page must have the lines {START} and {END}")
    parts = [_boundaries(), _at_the_edge(rates), _found(rates), _studies(studies)]
    return head + "\n\n".join([START, *parts, END]) + tail


def _lines(head: list[str], rows: list[list[str]]) -> str:
    texts = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in texts)


def _share(value: float) -> str:
    return f"{100 * value:.1f}"


def _boundaries() -> str:
    """|t| that decides at each look, for one claim and for one of five of a family."""
    rows = []
    for what, alpha in (("5 %", ALPHA), ("1 % (one of five by Holm)", ALPHA / 5)):
        spending = spending_of(LOOKS)
        limits = [t_quantile(1 - spending.nominal(n, alpha), n - 1) for n in LOOKS]
        rows.append([what, *(f"{limit:.2f}" for limit in limits)])
    rule = design_for(unlimited=True).rule
    nominal = [rule.nominal(n, ALPHA) for n in LOOKS]
    limits = [t_quantile(1 - p, n - 1) for p, n in zip(nominal, LOOKS, strict=True)]
    rows.append(["5 %, no maximum", *(f"{limit:.2f}" for limit in limits)])
    title = "**The |t| that decides**, by the number of seeds"
    return f"{title}\n\n{_lines(['wrong in at most', *map(str, LOOKS)], rows)}"


def _at_the_edge(rates: pd.DataFrame) -> str:
    edge = rates[rates["gap"] == 0]
    rows = []
    for rule in RULES:
        own = edge[edge["rule"] == rule].set_index(["errors", "n_others"])["false"]
        cells = [f"{_share(own[e, 6])} / {_share(own[e, 0])}" for e in ERRORS]
        rows.append([rule, *cells])
    title = (
        "**False verdicts at the edge, in percent**, with 6 other trials / without any "
        f"(one trial against a number, {edge['n_paths'].min():,} paths a cell)"
    )
    return f"{title}\n\n{_lines(['rule', *ERRORS], rows)}"


def _found(rates: pd.DataFrame) -> str:
    away = rates[rates["gap"] > 0]
    rows = []
    for rule in RULES:
        for errors in ERRORS:
            own = away[(away["rule"] == rule) & (away["errors"] == errors)].sort_values("gap")
            cells = [
                " / ".join(f"{100 * value:.0f}" for value in own["decided"]),
                " / ".join(f"{value:.0f}" for value in own["mean_n"]),
                " / ".join(_share(value) for value in own["false"]),
            ]
            rows.append([rule, errors, *cells])
    title = (
        "**Decided in percent, mean number of seeds, and false in percent**, for a true "
        "difference of 0.5 / 1 / 2 standard deviations from the edge, with 6 other trials"
    )
    head = ["rule", "errors", "decided", "mean seeds", "false"]
    return f"{title}\n\n{_lines(head, rows)}"


def _studies(studies: pd.DataFrame) -> str:
    rows = []
    for kind, own in studies.groupby("kind", sort=False):
        by = own.set_index("errors")
        cells = [f"{_share(by['false'][e])} ({100 * by['given_up'][e]:.0f})" for e in ERRORS]
        rows.append([str(kind), *cells])
    title = (
        "**False verdicts at the edge, in percent of whole studies** that went through the "
        f"judge of the command ({studies['n_studies'].min()} studies; in brackets: given up)"
    )
    return f"{title}\n\n{_lines(['kind of claim', *ERRORS], rows)}"
