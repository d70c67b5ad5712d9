"""The keys of a figure's dict: which a kind requires, which it can have, and what each says.

Every kind declares its own beside the function that draws it; `sweepbook.figures.kinds.KEYS` has
them all. The checks before a training, their messages and the documentation read them there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Form = Literal[
    "text",
    "flag",  # True or False
    "number",  # a whole number of at least 1
    "steps",  # a list of steps and "last"
    "metric",  # a column of the reports
    "metrics",  # a list of these, of at least one
    "column",  # a column of the reports, or of its steps
    "mode",  # "min" or "max"
    "units",  # a dict of metric and text
    "setting",  # one setting of the study
    "settings",  # a list of these
    "where",  # a dict of setting and value, or list of values
    "arms",  # a list of dicts with label and where
    "models",  # the same, with split and names as well
]
Of = Literal["trials", "search", "confirmation"]


@dataclass(frozen=True)
class Key:
    """One key: a sentence on what it says, and the form of its value."""

    says: str
    form: Form


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The keys of one kind of figure, beside those that every kind has (COMMON).

    Args:
        shows: one sentence on what such a figure shows.
        required: without one of them nothing can be drawn.
        optional: what changes the figure where it is given.
        of: the records that the kind can be drawn of: of every study's trials, of a search
            alone, or of a search's confirmation alone.
        yields: what the trainable must yield for it, whatever the keys say.
    """

    shows: str
    required: Mapping[str, Key] = field(default_factory=dict)
    optional: Mapping[str, Key] = field(default_factory=dict)
    of: Of = "trials"
    yields: Sequence[str] = ()


NAME = Key("The name of the figure's files: figures/NAME.svg, .png and .csv.", "text")
TITLE = Key("The heading above the figure; without it the name.", "text")
NOTE = Key("A sentence of your own at the end of the caption.", "text")
REQUIRED_OF_ALL: Mapping[str, Key] = {"name": NAME}
OPTIONAL_OF_ALL: Mapping[str, Key] = {"title": TITLE, "note": NOTE}

METRICS = Key("The metrics to show: a list of columns of the reports.", "metrics")
BY = Key(
    "The settings that name each trial in the figure. More settings are added if two trials would "
    "have the same name.",
    "settings",
)
WHERE = Key(
    "Which trials are shown: a dict of setting and value, or list of values. Default: all trials.",
    "where",
)
ARMS = Key(
    'Trials with names of your own, in this order: a list of {"label": TEXT, "where": {SETTING: '
    "VALUE}}. Other trials are left out.",
    "arms",
)
LOG_X = Key("True draws a logarithmic x axis. Default: False.", "flag")
LOG_Y = Key(
    "True draws a logarithmic y axis, False a linear one. Default: logarithmic where the values "
    "span several powers of ten.",
    "flag",
)
UNITS = Key("The units of the metrics on the y axis: a dict of metric and text.", "units")
SELECT = Key(
    "The best and the worst trial are chosen by this validation metric at the end of each trial.",
    "metric",
)
MODE = Key(
    'Whether the lowest ("min") or the highest ("max") value of `select` is the best. Default: '
    "the lowest of a loss or an error, the highest of every other metric.",
    "mode",
)
MODELS = Key(
    'The models to compare: a list of {"label": TEXT, "where": {SETTING: VALUE}}. Of all trials '
    "that fit a model, the one with the best value of the study's metric is shown. With "
    '"split": SETTING, each value of that setting is a model of its own, and "names" is a dict of '
    "value and name for these.",
    "models",
)
SETTINGS = Key("The settings of each model's chosen trial to show: a list.", "settings")

OF_TRIALS: Mapping[str, Key] = {"by": BY, "where": WHERE, "arms": ARMS}
AXES: Mapping[str, Key] = {"log_x": LOG_X, "log_y": LOG_Y, "units": UNITS}
