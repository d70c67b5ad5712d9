"""Whether a search has as many trials as its report will ask for."""

from __future__ import annotations

from sweepbook.aggregates.labels import count
from sweepbook.findings.search_checks import TRIALS_PER_SETTING
from sweepbook.plan.plan import Plan


def too_few_trials(plan: Plan) -> list[str]:
    """One sentence on a search of fewer trials than its report asks for; [] of any other study."""
    if plan.search is None:
        return []
    search, n_settings = plan.search, len(plan.search.space)
    needed = TRIALS_PER_SETTING * n_settings
    if search.n_trials_per_cell >= needed:
        return []
    cell = "each cell" if len(search.cells) > 1 else "the search"
    trials = count(search.n_trials_per_cell, "trial")
    n_random = min(search.n_random, search.n_trials_per_cell)
    return [
        f"study {plan.study.name}: {cell} has {trials}, {n_random} of them drawn at random. For "
        f"{count(n_settings, 'searched setting')} the report asks for {needed} "
        f"({TRIALS_PER_SETTING} per setting), and will say that there are too few"
    ]
