"""make fuzz: mutated records through every reader, and drawn command lines, with their counts.

python -m tests.hostile.mutate_run --records 10000 --commands 2000 [--write docs/reliability.md]
"""

import argparse
import re
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.hostile.mutate_base import copy_of, make_base
from tests.hostile.mutate_commands import command_lines, outcome_of_command
from tests.hostile.mutate_how import Mutation, apply, mutations
from tests.hostile.mutate_read import FINE, HANG, READERS, REFUSED, TRACEBACK, outcome_of

MOST_MEMORY = 12 * 2**30  # bytes of addresses; Arrow, numpy and torch map far more than they use
KINDS = (FINE, REFUSED, TRACEBACK, HANG)
BEGIN, END = "<!-- counts of make fuzz -->", "<!-- end of counts -->"
Counts = dict[str, Counter[str]]


def run_records(n: int, seed_: int, work: Path, failures: list[str]) -> Counts:
    """Counts the outcomes of n mutated records by the kind of their first mutation."""
    base, counts = make_base(work / "base"), dict[str, Counter[str]]()

    @seed(seed_)
    @settings(
        max_examples=n, database=None, phases=[Phase.generate], deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.lists(mutations, min_size=1, max_size=2), st.sampled_from(READERS))
    def once(drawn: list[Mutation], read) -> None:
        record = copy_of(base, work / "demo")
        for mutation in drawn:
            apply(record, mutation)
        outcome = outcome_of(read, record)
        kind = f"{drawn[0][0]}, {read.__name__.removeprefix('read_')}"
        counts.setdefault(kind, Counter())[outcome.kind] += 1
        if outcome.kind in (TRACEBACK, HANG):
            failures.append(f"{outcome.kind}: {outcome.said} <- {read.__name__} {drawn!r:.300}")

    once()
    return counts


def run_commands(n: int, seed_: int, work: Path, failures: list[str]) -> Counts:
    """Counts the outcomes of n drawn command lines by their command."""
    counts = dict[str, Counter[str]]()
    base = make_base(work / "of commands")

    @seed(seed_)
    @settings(
        max_examples=n, database=None, phases=[Phase.generate], deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(command_lines)
    def once(drawn: tuple[list[str], list[Mutation]]) -> None:
        words, mutated = drawn
        outcome = outcome_of_command(words, mutated, base, work / "here")
        counts.setdefault(f"sweepbook {words[0]}", Counter())[outcome.kind] += 1
        if outcome.kind in (TRACEBACK, HANG):
            failures.append(f"{outcome.kind}: {outcome.said} <- {drawn!r:.300}")

    once()
    return counts


def table(counts: Counts, what: str) -> str:
    """The counts as a table of Markdown, the sum last."""
    total = sum(counts.values(), Counter())
    rows = [*sorted(counts.items()), ("all", total)]
    lines = [f"| {what} | n | {' | '.join(KINDS)} |", f"|---|{'---:|' * (len(KINDS) + 1)}"]
    for name, own in rows:
        cells = " | ".join(f"{own[kind]:,}" for kind in KINDS)
        lines.append(f"| {name} | {own.total():,} | {cells} |")
    return "\n".join(lines)


def by_kind(counts: Counts) -> Counts:
    """The counts without the readers."""
    found: Counts = {}
    for name, own in counts.items():
        found.setdefault(name.partition(",")[0], Counter()).update(own)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--commands", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    began, failures = time.process_time(), list[str]()
    with tempfile.TemporaryDirectory() as folder:
        records = run_records(asked.records, asked.seed, Path(folder), failures)
        commands = run_commands(asked.commands, asked.seed, Path(folder), failures)
    text = "\n\n".join(
        [
            f"Seed {asked.seed}. A mutation is of the manifest, of a table or a part, of a "
            "file or a folder, or of a checkpoint's content.",
            table(by_kind(records), "mutated record"),
            table(commands, "command line"),
        ]
    )
    print(text)
    print(f"\n{time.process_time() - began:.0f} CPU seconds")
    for said, n in Counter(one.partition(" <- ")[0] for one in failures).most_common():
        example = next(one for one in failures if one.startswith(said))
        print(f"{n} x {example}", file=sys.stderr)
    if asked.write:
        page = asked.write.read_text(encoding="utf-8")
        block = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
        asked.write.write_text(block.sub(lambda _: f"{BEGIN}\n\n{text}\n\n{END}", page))
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
