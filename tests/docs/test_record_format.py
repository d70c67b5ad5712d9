"""docs/record-format.md names every field and column that the door checks."""

import dataclasses
import re
from pathlib import Path

from sweepbook.record.manifest import Manifest
from sweepbook.record.planned import Trial
from sweepbook.record.schema.limits import MOST_ITEMS, MOST_LEVELS, MOST_REPLICATES, MOST_STEPS
from sweepbook.record.schema.shapes import Described
from sweepbook.record.schema.tables import MOST_CELLS, PREDICTIONS, STATUSES, TRIALS

PAGE = (Path(__file__).parents[2] / "docs" / "record-format.md").read_text(encoding="utf-8")


def test_every_field_and_column_has_its_place_on_the_page() -> None:
    fields = [f.name for kind in (Manifest, Trial, Described) for f in dataclasses.fields(kind)]
    names = {*fields, *TRIALS, *PREDICTIONS, *STATUSES} - {"further", "kept"}
    assert names <= set(re.findall(r"`([a-z0-9_]+)`", PAGE))


def test_the_limits_on_the_page_are_those_of_the_code() -> None:
    limits = (MOST_REPLICATES, MOST_STEPS, MOST_ITEMS, MOST_CELLS)
    assert all(f"{limit:,}" in PAGE for limit in limits) and f"{MOST_LEVELS} levels" in PAGE
