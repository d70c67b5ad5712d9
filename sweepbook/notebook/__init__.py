"""What scripts and notebooks use; a notebook is kept quiet before anything else is imported."""

from sweepbook.tune.screen import hush

hush()
