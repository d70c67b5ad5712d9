"""The card of an exported model: what it is, how good, where it comes from, what is not known."""

from __future__ import annotations

import json
from typing import Any

from sweepbook.aggregates.curves import curve_table
from sweepbook.aggregates.labels import count, listing, metric_name, number
from sweepbook.aggregates.shares import holds_shares
from sweepbook.pages.render import render_card
from sweepbook.pages.studies.claims import claims_of
from sweepbook.pages.table import Table
from sweepbook.record.best import Best
from sweepbook.record.load import Record
from sweepbook.study.forms.program import Program

_LOADED = {
    "state.json": 'state = json.loads(Path("state.json").read_text())',
    "state.pt": 'state = torch.load("state.pt", map_location="cpu", weights_only=True)["state"]',
    "state.pickle": 'state = read_state(".")',
}
_IMPORTED = {
    "state.pt": "import torch",
    "state.pickle": "from sweepbook import read_state",
}


def model_card(
    record: Record, best: Best, state_name: str | None, *, is_chosen: bool = True
) -> str:
    """Returns the card of a record's model as Markdown.

    Args:
        state_name: of the file of its state, as `state_file` names it; None: there is none.
        is_chosen: it is the record's best model, and not one of another trial.
    """
    context: dict[str, Any] = {
        "best": best,
        "lineage": best.lineage,
        "question": record.manifest.study.question,
        "metric_name": metric_name(best.metric),
        "direction": "smaller" if best.mode == "min" else "larger",
        "is_chosen": is_chosen,
        "most": _max_fidelity(record, best.trial_id),
        "metrics": _metrics(record, best),
        "settings": _pairs("setting", best.config),
        "data": record.manifest.data,
        "rows": _pairs("split", {k: f"{v:,}" for k, v in _rows(record).items()}, "rows"),
        "versions": _pairs("package", best.lineage.versions, "version"),
        "claims": claims_of(record),
        "replicates": count(best.n_replicates, "replicate"),
        "unknown": _unknown(record, best),
        "state_name": state_name,
        "is_program": isinstance(record.manifest.study.trainable, Program),
        "lines": _lines(state_name),
    }
    return render_card(context)


def _max_fidelity(record: Record, trial_id: str) -> int:
    return next(t.max_fidelity for t in record.manifest.trials if t.trial_id == trial_id)


def _rows(record: Record) -> dict[str, int]:
    return {str(k): v for k, v in record.manifest.data.rows.items() if isinstance(v, int)}


def _pairs(first: str, values: Any, second: str = "value") -> Table:
    rows = [[str(k), v if isinstance(v, str) else json.dumps(v)] for k, v in values.items()]
    return Table([first, second], rows)


def _metrics(record: Record, best: Best) -> Table:
    """Each metric at the best fidelity: the mean over replicates with its 95 % interval."""
    names = [name for name in best.metrics if not name.endswith("_s")]
    trial = record.trials[record.trials["trial_id"] == best.trial_id]
    table = curve_table(record, names, trial)
    rows = []
    for row in table[table[best.unit] == best.fidelity].to_dict("records"):
        ends = (float(row["low"]), float(row["high"]))
        span = _span(*ends, holds_shares(record, str(row["metric"])))
        rows.append([row["metric"], number(row["mean"]), span, str(int(row["n"]))])
    columns = ["metric", "mean", "95 % interval", "replicates"]
    return Table(columns, rows, frozenset(columns[1:]))


def _span(low: float, high: float, of_share: bool) -> str:
    """An interval; that of a share is cut where no share can be.

    >>> _span(0.93, 1.02, True), _span(0.93, 1.02, False)
    ('0.93 to 1 (cut at 1)', '0.93 to 1.02')
    """
    if low != low:
        return "–"
    cuts = [end for end, is_cut in (("0", low < 0), ("1", high > 1)) if of_share and is_cut]
    if of_share:
        low, high = max(low, 0.0), min(high, 1.0)
    return f"{number(low)} to {number(high)}{f' (cut at {listing(cuts)})' if cuts else ''}"


def _unknown(record: Record, best: Best) -> list[str]:
    """What nobody has tested, as sentences."""
    data = record.manifest.data
    found = [
        f"The trial and the {best.unit} were chosen by {best.metric}: expect a worse value on new "
        "data than the one above.",
        f"All numbers are of the data set {data.name}: other sources, other groups of people or "
        "things and later data were not tested.",
    ]
    if data.splits == "given":
        found.append("The split of the data was given: the intervals do not say how much another "
                     "split would change.")  # fmt: skip
    if best.n_replicates == 1:
        found.append("The trial has one replicate: how much another seed changes is not known.")
    if not any(name.startswith("test_") for name in best.metrics):
        found.append("The study reports no metric of test data: no number here is of data that "
                     "chose nothing.")  # fmt: skip
    else:
        found.append("No test row has chosen the model, but the seeds that chose it are tested: "
                     "its test values are a little too good, too. sweepbook confirm trains its "
                     "settings with other seeds.")  # fmt: skip
    if isinstance(record.manifest.study.trainable, Program):
        found += _older_files(best)
    found.append(
        "Calibration, robustness, fairness between groups and safety were not tested, unless a "
        "finding above says so."
    )
    return found


def _older_files(best: Best) -> list[str]:
    """Which files of a program are of an earlier step: it wrote on when they were looked at."""
    return [
        f"The files of replicate {number} are of {best.unit} {state['files_at']}, and the numbers "
        f"above of {best.unit} {best.fidelity}: the program writes them behind its metrics."
        for number, state in enumerate(best.state or ())
        if state["files_at"] < best.fidelity
    ]


def _lines(state_name: str | None) -> list[str]:
    """Code that loads what is in the folder, run there."""
    imports = ["import json", "from pathlib import Path"]
    if state_name in _IMPORTED:
        imports += ["", _IMPORTED[state_name]]
    loads = ['config = json.loads(Path("config.json").read_text())']
    return [*imports, "", *loads, *([_LOADED[state_name]] if state_name else [])]
