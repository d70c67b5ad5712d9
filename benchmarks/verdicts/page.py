"""The tables of error rates as a part of a Markdown page, between two marks."""

from __future__ import annotations

import pandas as pd

START, END = "<!-- simulated: begin -->", "<!-- simulated: end -->"
_ERRORS = ("normal", "t3", "skewed", "bimodal")


def written(page: str, table: pd.DataFrame, wrong: pd.DataFrame) -> str:
    """The page with the tables of this simulation; raises ValueError without the marks."""
    head, found, rest = page.partition(START)
    _, again, tail = rest.partition(END)
    if not (found and again):
        raise ValueError(f"the page must have the lines {START} and {END}")
    parts = [_at_the_edge(table, 6), _at_the_edge(table, 0), _found(table), _counts(table)]
    parts.append(_wrong(wrong))
    return head + "\n\n".join([START, *parts, END]) + tail


def _lines(head: list[str], rows: list[list[str]]) -> str:
    texts = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in texts)


def _share(value: float) -> str:
    return f"{100 * value:.1f}"


def _at_the_edge(table: pd.DataFrame, n_others: int) -> str:
    """False verdicts at the edge in percent, each cell for 3, 5 and 10 replicates."""
    known = table[(table["effect"] == "edge") & (table["n_others"] == n_others)]
    rows = [
        [str(kind), *(_by_n(own[own["errors"] == errors], "false") for errors in _ERRORS)]
        for kind, own in known.groupby("kind", sort=False)
    ]
    what = f"with {n_others} other trials" if n_others else "without any other trial"
    title = f"**False verdicts at the edge, in percent, {what}** (n = 3 / 5 / 10)"
    return f"{title}\n\n{_lines(['kind of verdict', *_ERRORS], rows)}"


def _found(table: pd.DataFrame) -> str:
    """At the effects 0 and 2: what is false, and what is decided."""
    known = table[table["effect"].isin(["0", "2"]) & (table["n_others"] == 6)]
    known = known[known["errors"].isin(["normal", "bimodal"])]
    rows = []
    for (kind, effect), own in known.groupby(["kind", "effect"], sort=False):
        cells = [str(kind), str(effect)]
        for errors in ("normal", "bimodal"):
            part = own[own["errors"] == errors]
            decided = part.assign(decided=part["holds"] + part["fails"] - part["false"])
            cells += [_by_n(part, "false"), _by_n(decided, "decided")]
        rows.append(cells)
    head = ["kind of verdict", "true effect", "normal: false", "normal: rightly decided"]
    head += ["bimodal: false", "bimodal: rightly decided"]
    title = "**False and right verdicts away from the edge, in percent** (n = 3 / 5 / 10)"
    return f"{title}\n\n{_lines(head, rows)}"


def _counts(table: pd.DataFrame) -> str:
    known = table[table["effect"].str.contains("fail|slope")]
    known = known[known["errors"].isin(["", "normal"])]
    rows = []
    for (kind, effect), own in known.groupby(["kind", "effect"], sort=False):
        sizes = " / ".join(str(n) for n in own["n"])
        shares = [" / ".join(_share(v) for v in own[what]) for what in ("false", "holds", "fails")]
        rows.append([str(kind), str(effect), sizes, *shares])
    head = ["kind of verdict", "truth", "n", "false", "holds", "does not hold"]
    return f"**Counts and classes, in percent**\n\n{_lines(head, rows)}"


def _wrong(wrong: pd.DataFrame) -> str:
    rows = [
        [row["rule"], row["kind"], row["errors"], str(row["n"]), _share(row["false"]),
         _share(row["ours"])]
        for row in wrong.to_dict("records")
    ]  # fmt: skip
    head = ["rule that is wrong on purpose", "kind of verdict", "errors", "n"]
    head += ["false with it", "false with ours"]
    title = "**What the simulation sees of wrong rules** (false verdicts at the edge, in percent)"
    return f"{title}\n\n{_lines(head, rows)}"


def _by_n(own: pd.DataFrame, what: str) -> str:
    return " / ".join(_share(value) for value in own.sort_values("n")[what])
