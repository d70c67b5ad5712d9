"""How a record came to have as many replicates as it has: until its claims were decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Ending = Literal["", "decided", "looks", "budget"]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The design of sequential tests, and what was judged so far, look by look.

    Args:
        record, record_digest: the record that this one began from.
        design: plain JSON values: the looks, alpha, its spending, and what is frozen at look 1.
        judged: one dict per look, in order: `look` (from 1), `n` (replicates), `endings` (claim ->
            plain values) and `wanted`, the trial_ids that open claims need until the next look.
        ending: "decided": nothing is wanted any more; "looks": the last look is over; "budget": it
            was spent; "": it goes on, or was interrupted.
        budget_s: seconds that the last command was given; None: no limit.
        spent_s: seconds that all commands have trained so far.
    """

    record: str
    record_digest: str | None = None
    design: Mapping[str, Any]
    judged: tuple[Mapping[str, Any], ...] = ()
    ending: Ending = ""
    budget_s: float | None = None
    spent_s: float = 0.0

    @property
    def looks(self) -> tuple[int, ...]:
        """The numbers of replicates at which it looks, upwards; the first is that of look 1."""
        return tuple(int(n) for n in self.design["looks"])
