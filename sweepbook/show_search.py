"""What `sweepbook show` says of a search."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from sweepbook.plan import Plan, suggested_trial
from sweepbook.search_plan import draws


def show_search(plan: Plan, console: Console) -> None:
    """Prints the open settings with their roles, and the cells with what they cost."""
    search, study = plan.search, plan.study
    if search is None:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("open setting", "values", "role"):
        table.add_column(column)
    for key, domain in search.space.items():
        role = "scientific" if key in search.scientific else "nuisance"
        table.add_row(key, _shown_domain(domain), role)
    console.print(table)
    rows = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("cell", "trials", f"{study.fidelity.unit}s at most", "one core, about"):
        rows.add_column(column)
    total = 0.0
    for index in range(len(search.configs)):
        costs = [suggested_trial(plan, index, s).cost_s for s in draws(search.space, 200)]
        cost = search.n_trials_per_cell * sum(costs) / len(costs)
        total += cost
        most = str(suggested_trial(plan, index, {}).max_fidelity)
        shown = _duration(cost) if study.cost else "unknown"
        name = search.name_of(index) or "the whole space"
        rows.add_row(name, str(search.n_trials_per_cell), most, shown)
    console.print(rows)
    asha = study.scheduler
    stopped = f"; ASHA stops most of them early: {asha}" if asha else ""
    about = _duration(total) if study.cost else "an unknown time"
    console.print(
        f"{search.n_trials} trials x {plan.n_replicates} replicates, sampled by {search.sampler}, "
        f"seed {search.seed}; about {about} of one core if all were trained to their end{stopped}"
    )


def _shown_domain(domain: Mapping[str, Any]) -> str:
    if domain["kind"] == "choice":
        return ", ".join(map(str, domain["choices"]))
    extra = ", logarithmic" if domain["log"] else ""
    extra += f", in steps of {domain['step']}" if domain["step"] else ""
    return f"{domain['low']:g} .. {domain['high']:g}{extra}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
