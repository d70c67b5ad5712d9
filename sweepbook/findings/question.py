"""A claim as it is put to a record, with what only its findings know of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sweepbook.study.claim import Claim


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is to be decided about a record.

    Args:
        claim: what decides it.
        said: our own statement, where nobody has published one.
        chosen: the arms were ordered after seeing their values.
        only_mixed: of a "mixture": not worth telling where all replicates say the same.
        group: name of the question that other trials are asked as well; "" where none is.
    """

    claim: Claim
    said: str = ""
    chosen: bool = False
    only_mixed: bool = False
    group: str = ""

    @property
    def statement(self) -> str:
        """What is decided, in words: as published, else our own, else how it is read."""
        return self.claim.statement or self.said or self.claim.reading


def slug(text: str) -> str:
    """ "depth 6, width 16" -> "depth-6-width-16", as a part of a claim's name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
