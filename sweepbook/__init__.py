"""Hyperparameter studies on Ray Tune whose conclusions hold when someone else runs them again.

What a study file, a notebook or a script imports is here, and nothing else of the package is
public: the names of its rooms may change. What needs pandas, Ray or matplotlib is imported when
it is first asked for, so that a study file is read quickly.

    declare    Study, Metric, Fidelity, Search, ASHA, Fused, Claim; Program, Estimator;
               Option, Published, PublishedValue
    claim      higher, lower, best, worst, same, learns: short forms of the usual claims
    train      run, resume, confirm, which return a Record; Interrupted
    report     report, from a training loop; LightningReport and TransformersReport, callbacks
    check      verify
    load       load_record, with_known_files; Best and read_state of a record's best model
    aggregate  select_trials, curve_table, end_table, last_rows, trial_table, finding_table
    compare    compare_records, of two records of the same study
    draw       draw, draw_all; NothingToDraw where a record has nothing to show
    write      write_report, write_figure, write_table; find_project

A script that trains and reports:

    record = sweepbook.run(STUDY, replicates=3)
    sweepbook.write_report([record], "report")
"""

import importlib
import importlib.metadata
from typing import TYPE_CHECKING, Any

from sweepbook.study.asha import ASHA
from sweepbook.study.claim import Claim
from sweepbook.study.claims.short import best, higher, learns, lower, same, worst
from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.forms.fused import Fused
from sweepbook.study.forms.program import Program
from sweepbook.study.option import Option
from sweepbook.study.published import Published, PublishedValue
from sweepbook.study.search import Search
from sweepbook.study.study import Fidelity, Metric, Study

if TYPE_CHECKING:
    from sweepbook.aggregates.curves import curve_table, end_table, last_rows
    from sweepbook.aggregates.nothing import NothingToDraw
    from sweepbook.aggregates.trials import select_trials
    from sweepbook.doors.lightning import LightningReport
    from sweepbook.doors.report import report
    from sweepbook.doors.transformers import TransformersReport
    from sweepbook.notebook.interrupted import Interrupted
    from sweepbook.notebook.record import Record, load_record
    from sweepbook.notebook.run import confirm, resume, run
    from sweepbook.notebook.verify import verify
    from sweepbook.pages.compared.records import compare_records
    from sweepbook.pages.report import write_report
    from sweepbook.pages.script import draw, draw_all, write_figure, write_table
    from sweepbook.pages.studies.claims import finding_table
    from sweepbook.pages.studies.trials import trial_table
    from sweepbook.record.best import Best, read_state
    from sweepbook.record.load import with_known_files
    from sweepbook.study.project import find_project

__all__ = [
    "ASHA",
    "Best",
    "Claim",
    "Estimator",
    "Fidelity",
    "Fused",
    "Interrupted",
    "LightningReport",
    "Metric",
    "NothingToDraw",
    "Option",
    "Program",
    "Published",
    "PublishedValue",
    "Record",
    "Search",
    "Study",
    "TransformersReport",
    "best",
    "compare_records",
    "confirm",
    "curve_table",
    "draw",
    "draw_all",
    "find_project",
    "finding_table",
    "higher",
    "end_table",
    "last_rows",
    "learns",
    "load_record",
    "lower",
    "read_state",
    "report",
    "resume",
    "run",
    "same",
    "select_trials",
    "trial_table",
    "verify",
    "with_known_files",
    "worst",
    "write_figure",
    "write_report",
    "write_table",
]

_LAZY = {
    "Best": "sweepbook.record.best",
    "LightningReport": "sweepbook.doors.lightning",
    "Interrupted": "sweepbook.notebook.interrupted",
    "NothingToDraw": "sweepbook.aggregates.nothing",
    "Record": "sweepbook.notebook.record",
    "TransformersReport": "sweepbook.doors.transformers",
    "compare_records": "sweepbook.pages.compared.records",
    "confirm": "sweepbook.notebook.run",
    "curve_table": "sweepbook.aggregates.curves",
    "draw": "sweepbook.pages.script",
    "draw_all": "sweepbook.pages.script",
    "find_project": "sweepbook.study.project",
    "finding_table": "sweepbook.pages.studies.claims",
    "end_table": "sweepbook.aggregates.curves",
    "last_rows": "sweepbook.aggregates.curves",
    "load_record": "sweepbook.notebook.record",
    "read_state": "sweepbook.record.best",
    "report": "sweepbook.doors.report",
    "resume": "sweepbook.notebook.run",
    "run": "sweepbook.notebook.run",
    "select_trials": "sweepbook.aggregates.trials",
    "trial_table": "sweepbook.pages.studies.trials",
    "verify": "sweepbook.notebook.verify",
    "with_known_files": "sweepbook.record.load",
    "write_figure": "sweepbook.pages.script",
    "write_report": "sweepbook.pages.report",
    "write_table": "sweepbook.pages.script",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.metadata.version("sweepbook")
    if name not in _LAZY:
        raise AttributeError(f"module 'sweepbook' has no attribute {name!r}")
    return getattr(importlib.import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
