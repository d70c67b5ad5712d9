"""What the tests of the trainables share."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path, write_cities: Callable[[Path, dict[str, int]], Path]) -> Path:
    """A small folder in the exercise's format, free to be spoilt: 400, 60 and 60 cities."""
    return write_cities(tmp_path / "data", {"train": 400, "validation": 60, "test": 60})
