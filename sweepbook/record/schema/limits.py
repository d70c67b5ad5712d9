"""The ranges and forms of what a record says, as annotations of the dataclasses that hold it."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

MOST_BYTES = 512 * 2**20  # of a manifest
MOST_LEVELS = 60  # of lists and objects within each other
MOST_ITEMS = 1_000_000  # of a list or an object, and so of trials
MOST_LETTERS = 1_000_000  # of a text
MOST_REPLICATES = 100_000  # of a trial
MOST_STEPS = 1_000_000_000  # of a trial, in its unit of fidelity
MOST_CELLS = 500_000_000  # of a table: 4 GB of numbers
MOST_INTEGER = 2**64  # of any whole number, as a table can hold it


@dataclass(frozen=True)
class Range:
    """The range of a number, both ends included."""

    low: float
    high: float

    def __str__(self) -> str:
        if self.high >= 2**62:
            return f"of at least {self.low:,}"
        return f"from {self.low:,} to {self.high:,}"


@dataclass(frozen=True)
class Form:
    """The form of a text: a regular expression, and what it stands for in words."""

    pattern: str
    words: str

    def fits(self, text: Any) -> bool:
        """Whether a text has this form as a whole."""
        return isinstance(text, str) and re.fullmatch(self.pattern, text) is not None


# ours have 12 digits 0-9a-f; whether one is that of its config is for `verify` to say
TRIAL_ID = Form("[0-9A-Za-z_-]{1,64}", "a trial_id of at most 64 letters, digits, - and _")

TrialId = Annotated[str, TRIAL_ID]
Replicates = Annotated[int, Range(1, MOST_REPLICATES)]
Steps = Annotated[int, Range(1, MOST_STEPS)]
Number = Annotated[int, Range(0, MOST_STEPS)]  # of trials, in their order
Seed = Annotated[int, Range(0, 2**63 - 1)]
Share = Annotated[float, Range(0, 1_000_000)]  # of CPUs, GPUs, and factors
Seconds = Annotated[float, Range(0, 1e12)]
Status = Literal["running", "complete", "failed", "interrupted"]
