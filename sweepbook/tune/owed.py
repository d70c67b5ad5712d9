"""What a plan still owes its record, and the record as it stands."""

from sweepbook.plan.plan import Plan
from sweepbook.record.account import DONE
from sweepbook.record.load import Record, load_record
from sweepbook.record.planned import Trial
from sweepbook.record.storage.outage import insist
from sweepbook.record.writer import RecordWriter


def is_open(writer: RecordWriter, trial: Trial) -> bool:
    """Whether the record still lacks the trial's ending."""
    return writer.trials[trial.trial_id]["status"] not in DONE


def n_open(plan: Plan, writer: RecordWriter) -> int:
    """Returns how many trials a plan still owes, those that a search has yet to suggest too."""
    if plan.search is None:
        return sum(is_open(writer, trial) for trial in plan.trials)
    to_come = 0 if plan.search.exhausted else plan.n_trials - len(writer.trials)
    return sum(row["status"] not in DONE for row in writer.trials.values()) + to_come


def recorded(writer: RecordWriter) -> Record:
    """Returns the record as it stands, to the last row."""
    writer.flush()
    return insist(writer.folder, lambda: load_record(writer.folder), writer.say)
