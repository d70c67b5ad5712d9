"""Hyperparameter studies on Ray Tune whose conclusions hold.

All that a study file, a notebook or an analysis script imports is here. What needs pandas, Ray or
matplotlib is imported when it is first asked for, so that a study file is read quickly.
"""

import importlib
from typing import TYPE_CHECKING, Any

from sweepbook.study.asha import ASHA
from sweepbook.study.claim import Claim
from sweepbook.study.option import Option
from sweepbook.study.search import Search
from sweepbook.study.study import Fidelity, Metric, Study

if TYPE_CHECKING:
    from sweepbook.commands.run import run_studies as run
    from sweepbook.pages.report import write_report
    from sweepbook.record.load import load_record

__all__ = [
    "ASHA",
    "Claim",
    "Fidelity",
    "Metric",
    "Option",
    "Search",
    "Study",
    "load_record",
    "run",
    "write_report",
]

_LAZY = {
    "load_record": "sweepbook.record.load:load_record",
    "run": "sweepbook.commands.run:run_studies",
    "write_report": "sweepbook.pages.report:write_report",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'sweepbook' has no attribute {name!r}")
    module, _, attribute = _LAZY[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
