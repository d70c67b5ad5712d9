"""A record as a script or a notebook holds it: it shows itself, its figures and its findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sweepbook.record import load
from sweepbook.record.storage.places import Place
from sweepbook.study.claim import Claim
from sweepbook.tune.screen import show_figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sweepbook.pages.script import Drawn
    from sweepbook.record.best import Best

Where = str | Path | Place | load.Record


class Record(load.Record):
    """One study's record. Iterating gives its first two frames: `trials, reports = record`.

    Attributes:
        trials: a frame with one row per trial, sorted by trial_id: trial_id, status (finished,
            stopped, diverged, failed, interrupted; running while the study runs), reason,
            config/SETTING for every setting, last_fidelity, time_total_s (seconds) and more.
        reports: a frame with one row per trial, replicate and step of the fidelity: trial_id,
            replicate, the unit's own column (such as epoch), and every metric. The first three
            are its key: no two rows share them, and the rows are sorted by them.
        manifest: what is recorded beside the tables: study, seed, versions, data, times.
        path: the folder of the record, or its place in a store.

    A notebook that ends a cell with a record shows its status, its best trials and its verdicts.
    """

    def figure(self, name: str) -> Figure:
        """Draws one figure of the report.

        Args:
            name: the figure's name, with or without the study's name before it, or its kind where
                the report has one figure of that kind: `record.figure("curves")`.

        Returns:
            The matplotlib figure, which a notebook shows; `savefig` writes it.

        Raises:
            ValueError: no figure has the name (the message lists those that there are), or it is
                a table: `record.numbers(name)` has its frame.
            NothingToDraw: the record holds nothing that fits; the message says what is missing.
        """
        drawn = self._drawn(name)
        if drawn.figure is None:
            raise ValueError(f"{name!r} is a table: record.numbers({name!r}) gives its frame")
        show_figures()
        return drawn.figure

    def numbers(self, name: str) -> pd.DataFrame:
        """Returns the frame of numbers that a figure or a table of the report shows.

        Args:
            name: as for `figure`.

        Raises:
            ValueError: no figure has the name; the message lists those that there are.
            NothingToDraw: the record holds nothing that fits; the message says what is missing.
        """
        return self._drawn(name).numbers

    def _drawn(self, name: str) -> Drawn:
        """Draws a figure or a table as the report does."""
        from sweepbook.pages.script import draw_named

        return draw_named(load.with_known_files(self), name)

    def findings(self) -> pd.DataFrame:
        """Returns what the record decides: one row per finding, the study's claims first.

        The columns are those of `finding_table`: name, sentence, verdict ("holds", "does not
        hold", "undecided", "not available"), estimate, low and high (a 95 % interval), and more.

        Raises:
            ValueError: a finding cannot be computed; the message says why.
        """
        from sweepbook.pages.studies.claims import finding_table

        return finding_table(load.with_known_files(self))

    def with_claims(self, claims: Sequence[Claim]) -> Record:
        """Returns the record with further claims, for its findings and its report.

        They are marked as declared after the training began. What the record declares itself
        stays, and a claim that is equal to one of these keeps its mark. The folder of the record
        is not changed.

        Args:
            claims: of a study, or new ones, as `higher` and `Claim` give them.

        Raises:
            ValueError: a claim does not fit the record's trials, steps or metrics.

        Example:
            record = record.with_claims(STUDY.claims)
            sweepbook.write_report(record, "report")
        """
        from sweepbook.commands.judging.later import with_claims

        return with_claims(self, claims)

    def best(self, trial_id: str | None = None) -> Best:
        """Returns the best model of the record: its settings, metrics, state and lineage.

        The study's metric chooses, on validation data: the trial and the step with the best mean
        over all replicates; of equal ones the lower step, then the trial_id that comes first.
        Trials that failed, or of which a replicate diverged, are not chosen; trials that a
        scheduler has stopped may be. In a record of `confirm` the mean of the last 5 steps
        chooses.

        Args:
            trial_id: of a trial whose own best model is wanted instead, however it ended; the
                beginning of its id is enough.

        Raises:
            ValueError: no trial has a value yet, or there is no such trial.
        """
        from sweepbook.record.best import best_of

        return best_of(self, trial_id)

    def __repr__(self) -> str:
        from sweepbook.notebook.summary import text_of

        return text_of(self)

    def _repr_html_(self) -> str:
        from sweepbook.notebook.summary import html_of

        return html_of(self)


def load_record(path: Where) -> Record:
    """Loads a record, whether its study has ended or still runs.

    Args:
        path: the record's folder (STORAGE/NAME), or its URI (s3://... or gs://...); a record that
            is loaded already is read again.

    Returns:
        The record; `trials, reports = load_record(path)` gives its two frames. Trials without an
        ending are "running", or "interrupted" once the study has ended.

    Raises:
        ValueError: there is no record there, it cannot be read, or a newer version of Sweepbook
            has written it; the message names the file.
        OSError: a store cannot be reached, or it refuses.
    """
    read = load.load_record(place_of(path))
    return Record(**{field.name: getattr(read, field.name) for field in fields(read)})


def place_of(path: Where) -> str | Path | Place:
    """Returns where a record lies that is given by its place or as itself."""
    return path.path if isinstance(path, load.Record) else path
