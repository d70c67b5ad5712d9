"""Hyperparameter studies on Ray Tune whose conclusions hold.

All that a study file, a notebook or an analysis script imports is here. What needs pandas, Ray or
matplotlib is imported when it is first asked for, so that a study file is read quickly.

A study file declares: Study, Metric, Fidelity, Search, ASHA, Claim. A script runs studies with
run, which takes Options and a Placement, and writes their report with write_report, which takes
the project of find_project where figures are the project's own. An analysis script of one's own
goes in four steps:

    load       load_record, with_known_files
    aggregate  select_trials, curve_table, last_rows, trial_table, finding_table
    draw       draw, draw_all; NothingToDraw where a record has nothing to show
    write      write_figure, write_table
"""

import importlib
from typing import TYPE_CHECKING, Any

from sweepbook.study.asha import ASHA
from sweepbook.study.claim import Claim
from sweepbook.study.option import Option
from sweepbook.study.published import Published, PublishedValue
from sweepbook.study.search import Search
from sweepbook.study.study import Fidelity, Metric, Study

if TYPE_CHECKING:
    from sweepbook.aggregates.curves import curve_table, last_rows
    from sweepbook.aggregates.nothing import NothingToDraw
    from sweepbook.aggregates.trials import select_trials
    from sweepbook.commands.run import run_studies as run
    from sweepbook.pages.claims import finding_table
    from sweepbook.pages.report import write_report
    from sweepbook.pages.script import draw, draw_all, write_figure, write_table
    from sweepbook.pages.trials import trial_table
    from sweepbook.plan.options import Options
    from sweepbook.record.load import load_record, with_known_files
    from sweepbook.study.project import find_project
    from sweepbook.tune.placement import Placement

__all__ = [
    "ASHA",
    "Claim",
    "Fidelity",
    "Metric",
    "NothingToDraw",
    "Option",
    "Options",
    "Placement",
    "Published",
    "PublishedValue",
    "Search",
    "Study",
    "curve_table",
    "draw",
    "draw_all",
    "find_project",
    "finding_table",
    "last_rows",
    "load_record",
    "run",
    "select_trials",
    "trial_table",
    "with_known_files",
    "write_figure",
    "write_report",
    "write_table",
]

_LAZY = {
    "NothingToDraw": "sweepbook.aggregates.nothing:NothingToDraw",
    "Options": "sweepbook.plan.options:Options",
    "Placement": "sweepbook.tune.placement:Placement",
    "curve_table": "sweepbook.aggregates.curves:curve_table",
    "draw": "sweepbook.pages.script:draw",
    "draw_all": "sweepbook.pages.script:draw_all",
    "find_project": "sweepbook.study.project:find_project",
    "finding_table": "sweepbook.pages.claims:finding_table",
    "last_rows": "sweepbook.aggregates.curves:last_rows",
    "load_record": "sweepbook.record.load:load_record",
    "run": "sweepbook.commands.run:run_studies",
    "select_trials": "sweepbook.aggregates.trials:select_trials",
    "trial_table": "sweepbook.pages.trials:trial_table",
    "with_known_files": "sweepbook.record.load:with_known_files",
    "write_figure": "sweepbook.pages.script:write_figure",
    "write_report": "sweepbook.pages.report:write_report",
    "write_table": "sweepbook.pages.script:write_table",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'sweepbook' has no attribute {name!r}")
    module, _, attribute = _LAZY[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
