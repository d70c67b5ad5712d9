"""One row of the benchmarks' table: ours beside a peer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """One row: ours beside a peer, as a ratio with its goal."""

    what: str
    ours: str
    peer: str
    ratio: float
    spread: str
    at_least: float | None = None
    at_most: float | None = None

    def row(self) -> str:
        goal, met = "none", ""
        if self.at_least is not None:
            goal, met = f">= {self.at_least:g}", "yes" if self.ratio >= self.at_least else "NO"
        if self.at_most is not None:
            goal, met = f"<= {self.at_most:g}", "yes" if self.ratio <= self.at_most else "NO"
        cells = (self.what, self.ours, self.peer, f"{self.ratio:.3g}", self.spread, goal, met)
        return "| " + " | ".join(cells) + " |"
