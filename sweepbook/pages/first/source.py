"""Where the first finding on the page comes from: its record and trials, as an example."""

from __future__ import annotations

from collections.abc import Sequence

from sweepbook.aggregates.labels import listing
from sweepbook.pages.studies.section import Section

_MOST = 3  # trials that are named


def an_example(sections: Sequence[Section]) -> str:
    """ "The first finding rests on the trial 8bcb561b3f5c of record lr."; "" where none does."""
    for section in sections:
        for headline in section.claims.headlines[:1]:
            frame = section.claims.frame
            found = frame.loc[frame["name"] == headline.finding, "trial_ids"].dropna()
            ids = " ".join(found).split()
            if ids:
                noun = "trial" if len(ids) == 1 else "trials"
                of = f"{listing(ids, most=_MOST)} of record {section.record.name}"
                return f"The first finding rests on the {noun} {of}."
    return ""
