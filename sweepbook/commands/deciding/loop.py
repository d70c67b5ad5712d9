"""The loop of a decision: judge, train what open claims need up to the next look, judge again."""

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Literal

from rich.console import Console

from sweepbook.commands.artifacts import make_artifacts
from sweepbook.commands.deciding.batch import Deadline, batch_folder, drop_batches, train_batch
from sweepbook.commands.deciding.judged import is_open, kept
from sweepbook.commands.deciding.said import look_line, summary
from sweepbook.commands.training import Endings, close_all, say_on
from sweepbook.findings.sequential.decided import judged_of
from sweepbook.findings.sequential.design import Design
from sweepbook.findings.sequential.judge import judge
from sweepbook.plan.further.deciding import any_grows, next_batch
from sweepbook.plan.manifest import check_unchanged, recorded_plan
from sweepbook.plan.trust.code import take_code
from sweepbook.record.batches.rows import add_batch
from sweepbook.record.load import load_record, read_manifest
from sweepbook.record.origin.decision import Decision, Ending
from sweepbook.record.planned import Trial
from sweepbook.record.provenance import command_line, now
from sweepbook.record.storage.places import Where, place
from sweepbook.record.writer import RecordWriter
from sweepbook.study.texts import count
from sweepbook.tune.console import say
from sweepbook.tune.failures.signals import ended_like_ctrl_c
from sweepbook.tune.placement import HERE, Placement

Counts = Mapping[str, int]  # status -> trials of a batch that ended so
_LACKING = ("failed", "interrupted")


def go_on(
    where: Where,
    *,
    console: Console,
    placement: Placement = HERE,
    deadline: Deadline | None = None,
    budget_s: float | None = None,
    force: bool = False,
    trust: bool = False,
    is_new: bool = False,
) -> Endings:
    """Goes on deciding the claims of a record, from wherever an earlier command left it.

    Args:
        deadline: when the command's budget is spent; None: it has none.
        trust: also take its code from outside of the folder or the project that one works in.
        is_new: nobody has trained it before.

    Returns:
        How its trials ended; those of a batch that could not be completed are counted as failed
        or interrupted.

    Raises:
        ValueError: no record, or its data, code or versions are not what they were; a judge or a
            trainable that refuses. The record is valid, and stands at its last look.
    """
    folder = place(where)
    manifest = read_manifest(folder)
    say(console, take_code(folder, manifest, trust=trust))
    changes = check_unchanged(folder, manifest, force)
    writer = RecordWriter(folder, manifest, say_on(console), as_read=True)
    try:
        if not is_new:
            resumed = {"at": now(), "command": list(command_line()), "changes": changes}
            writer.note(resumed=(*writer.manifest.resumed, resumed))
        _note(writer, ending="", budget_s=budget_s)
        loop = _Loop(writer, placement, deadline or Deadline(), console)
        lacking = loop.run()
        counts = writer.end()
        if lacking is not None:
            writer.note(status="failed" if lacking.get("failed") else "interrupted")
            writer.flush()
    except BaseException:
        close_all([writer], say_on(console))
        raise
    try:
        make_artifacts(writer, say_on(console))
    finally:
        writer.release()
    for line in summary(writer.manifest, folder):
        say(console, f"{folder.name}: {line}")
    return {folder: {**counts, **(lacking or {})}}


def _note(writer: RecordWriter, **changes: object) -> None:
    """Changes what the manifest says of the decision."""
    decision = dataclasses.replace(_decision(writer), **changes)  # type: ignore[arg-type]
    writer.note(decide=decision)
    writer.flush()


def _decision(writer: RecordWriter) -> Decision:
    decision = writer.manifest.decide
    if decision is None:
        raise ValueError(f"{writer.folder} is not a record of sweepbook decide")
    return decision


class _Loop:
    """The loop over one record: each step leaves the record valid, and can be repeated."""

    def __init__(
        self, writer: RecordWriter, placement: Placement, deadline: Deadline, console: Console
    ) -> None:
        self.writer, self.placement = writer, placement
        self.deadline, self.console = deadline, console

    def run(self) -> Counts | None:
        """Judges and trains to the end; returns how trials of an incomplete batch ended."""
        with ended_like_ctrl_c():
            try:
                while (step := self._step()) is None:
                    pass
            except KeyboardInterrupt:  # between two trainings, or Tune has not heard it
                step = self._stopped({"interrupted": 1})
        if not isinstance(step, str):
            return step
        _note(self.writer, ending=step)
        return None

    def _step(self) -> Ending | Counts | None:
        """One look; returns why it is the last, or how trials of an incomplete batch ended."""
        decision = _decision(self.writer)
        if not decision.judged:
            self._judge()
            return None
        last = decision.judged[-1]
        look = self._design().n_at(len(decision.judged) + 1)
        if not any(map(is_open, last["endings"].values())):
            return "decided"
        if look is None:
            return "looks"
        plan = recorded_plan(self.writer.manifest)
        if not any_grows(plan, last["wanted"]):
            return "decided"
        trials = next_batch(plan, last["wanted"], look)
        if trials or self._has_batch(look):
            if self.deadline.left_s == 0.0:
                return "budget"
            if lacking := self._train(trials, look):
                return self._stopped(lacking, look)
            self._take(look)
        self._judge()
        drop_batches(self.writer.folder, look)
        return None

    def _has_batch(self, look: int) -> bool:
        return (batch_folder(self.writer.folder, look) / "manifest.json").is_file()

    def _stopped(self, lacking: Counts, look: int = 0) -> Literal["budget"] | Counts:
        """A batch that is not complete: the budget was spent, or it was interrupted, or failed."""
        if n := lacking.get("failed"):
            logs = f"sweepbook logs {batch_folder(self.writer.folder, look)}"
            failed = f"{count(n, 'trial')} failed, so the look at {look} seeds is not judged"
            say(self.console, f"{failed}; what they printed: {logs}")
            return lacking
        return "budget" if self.deadline.has_passed else lacking

    def _design(self) -> Design:
        return Design.from_json(dict(_decision(self.writer).design))

    def _train(self, trials: Sequence[Trial], look: int) -> Counts:
        """Trains a batch; returns how many of its trials failed or were interrupted, if any."""
        begun = time.monotonic()
        try:
            counts = train_batch(
                self.writer,
                trials,
                look,
                placement=self.placement,
                deadline=self.deadline,
                console=self.console,
            )
        finally:
            spent = _decision(self.writer).spent_s + time.monotonic() - begun
            _note(self.writer, spent_s=round(spent, 1))
        return {status: counts[status] for status in _LACKING if counts.get(status)}

    def _take(self, look: int) -> None:
        """Takes the batch's rows into the record; what a killed command had taken, once more."""
        batch = load_record(batch_folder(self.writer.folder, look))
        add_batch(self.writer, load_record(self.writer.folder), batch)
        self.writer.flush()

    def _judge(self) -> None:
        """Judges the claims as the record stands, and keeps what was found, before all else."""
        record, decision = load_record(self.writer.folder), _decision(self.writer)
        past = list(map(judged_of, decision.judged))
        judged = kept(judge(record, self._design(), past))
        if self._has_batch(judged["n"]):
            sessions = read_manifest(batch_folder(self.writer.folder, judged["n"])).sessions
            self.writer.note(sessions=(*self.writer.manifest.sessions, *sessions))
        _note(self.writer, judged=(*decision.judged, judged))
        line = look_line(self.writer.manifest, self.deadline.left_s)
        say(self.console, line)
