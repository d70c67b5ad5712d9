"""What is raised where there is nothing to show."""

from __future__ import annotations

from typing import Any

Spec = dict[str, Any]


class NothingToDraw(ValueError):
    """A spec that fits no trial or no report of its record; the text says why."""


class FigureFailed(NothingToDraw):
    """A figure of a project's own raised an error, which is its cause."""
