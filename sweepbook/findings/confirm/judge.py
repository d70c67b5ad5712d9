"""What judges a confirmation's winners: test rows, where the record has them.

Validation rows have chosen the winners: a config that happens to suit them also does so with
other seeds. So the winners are compared on the test metric that goes with the study's metric
(test_acc with val_acc), over test rows and seeds where there are predictions.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sweepbook.aggregates.hits import Hits
from sweepbook.aggregates.labels import metric_name, test_twin
from sweepbook.aggregates.predictions import grouped_predictions, hit_table
from sweepbook.aggregates.shares import holds_shares
from sweepbook.record.load import Record
from sweepbook.study.claim import Over, Window


@dataclass(frozen=True, eq=False)
class Judge:
    """The metric that judges, and the test rows that each trial got right, {} of no rows."""

    record: Record
    metric: str
    hits: dict[str, Hits] = field(default_factory=dict)

    @property
    def is_test(self) -> bool:
        """Whether other rows judge than those that chose."""
        return self.metric != self.record.metric

    @property
    def of_share(self) -> bool:
        """Whether the metric is a share from 0 to 1."""
        return holds_shares(self.record, self.metric)

    @property
    def over(self) -> Over:
        """What the intervals are over."""
        return "rows" if self.hits else "replicates"

    @property
    def fidelity(self) -> Window:
        """The steps that count: there are predictions of the last one alone."""
        return "last" if self.hits else "last5"

    @property
    def value(self) -> str:
        """What is compared: "mean test accuracy at the last step"."""
        steps = "at the last step" if self.hits else "over the last 5 steps"
        return f"mean {metric_name(self.metric)} {steps}"

    @property
    def rows_sentence(self) -> str:
        """Which rows judge: others than those that chose, or the same; "" where nobody knows."""
        name = metric_name(self.record.metric)
        if self.is_test:
            return f"Judged on test rows: the {name} chose the winners."
        if self.record.manifest.data.splits == "one per replicate":
            return ""  # fresh seeds have rows of their own
        return (
            f"Judged by the {name}, since no test metric goes with it in this record: the rows "
            "that chose the winners also score them, which flatters them a little."
        )


def judge_of(record: Record) -> Judge:
    """Test rows where each finished winner has a value of theirs at every step's end."""
    twin, trials = test_twin(record.metric), record.trials
    if twin is None or twin not in record.reports:
        return Judge(record, record.metric)
    ids = trials.loc[trials["status"] == "finished", "trial_id"].astype("str").tolist()
    reports = record.reports[record.reports["trial_id"].isin(ids)]
    ends = reports[
        reports[record.unit] == reports.groupby("trial_id")[record.unit].transform("max")
    ]
    if not ids or set(ends["trial_id"]) != set(ids) or ends[twin].isna().any():
        return Judge(record, record.metric)
    return Judge(record, twin, _hits(record, ids) if twin == "test_acc" else {})


def _hits(record: Record, ids: list[str]) -> dict[str, Hits]:
    """Of each trial; {} where one has no test predictions of every replicate."""
    predictions = grouped_predictions(record)
    if predictions.empty:
        return {}
    try:
        tables = {name: hit_table(predictions, name) for name in ids}
    except ValueError:  # replicates with test rows of their own
        return {}
    n = record.manifest.n_replicates
    rows = [set(table.index) for table in tables.values()]
    whole = all(len(t) and t.shape[1] in (1, n) for t in tables.values())
    if not whole or any(own != rows[0] for own in rows):
        return {}
    return {name: Hits(table) for name, table in tables.items()}
