"""The text of docs/figures.md: what sweepbook declares of each kind, and one example of each."""

import json

from sweepbook.figures.keys import (
    ARMS,
    AXES,
    BY,
    METRICS,
    MODELS,
    OPTIONAL_OF_ALL,
    REQUIRED_OF_ALL,
    WHERE,
)
from sweepbook.figures.kinds import KEYS

GROUPS = {
    "Trials": "These kinds compare the trials of any study.",
    "Cost": "These kinds show what the training cost. `steps` needs the metrics `n_steps`, the "
    "optimizer steps so far, and `time_s`, the seconds of one step of fidelity (such as an "
    "epoch). `per_batch` needs `batch_losses`, a list with the loss of each batch. `ledger` shows "
    "the phases that the trainable yields as `times`; every report draws it.",
    "Models": "These kinds compare classifiers by their test predictions. Several trials may fit "
    "a model, such as one for each learning rate. Validation data choose among them, for each "
    "seed by the other seeds, so that no seed chooses what it scores. The trainable must yield "
    "`predictions`, and the metrics `val_acc` and `test_acc`.",
    "Searches": "The report of a search draws these by itself. Declare one only to change its "
    "keys. ([Words](words.md) explains rung, cell and incumbent.)",
    "Confirmations": "The report of a confirmation (`sweepbook confirm`) draws these by itself.",
}
WIDTH = 99  # columns of a line of code
ONE_LR, ONE_WIDTH = {"where": {"lr": 0.3}}, {"where": {"width": 16}}
SHARED = {"metrics": METRICS, "by": BY, "where": WHERE, "arms": ARMS, "models": MODELS, **AXES}
NETS = [
    {"label": "no hidden layer", "where": {"width": 0}},
    {"label": "2 hidden units", "where": {"width": 2}},
    {"label": "16 hidden units", "where": {"width": 16}},
]
EXAMPLES = {
    "curves": ("moons", {"metrics": ["val_loss"], "by": ["width"], **ONE_LR}),
    "panels": ("moons", {"metrics": ["train_loss", "val_loss"], "by": ["width"], **ONE_LR}),
    "extremes": ("moons", {"metrics": ["train_loss", "val_loss"]}),
    "against": (
        "moons",
        {"metrics": ["val_loss", "test_loss"], "x": "lr", "log_x": True, **ONE_WIDTH},
    ),
    "table": ("moons", {"metrics": ["val_loss", "val_acc"], "at": [10, "last"], **ONE_LR}),
    "class_accuracy": ("moons", {"by": ["width"], **ONE_LR}),
    "components": (
        "moons-seeds",
        {"metrics": ["test_loss"], "sources": ["weights", "order"], "given": "order"},
    ),
    "steps": ("moons-batches", {"by": ["batch_size"]}),
    "per_batch": ("moons-batches", {"by": ["batch_size"]}),
    "ledger": ("moons-batches", {}),
    "models_table": ("moons", {"models": NETS, "settings": ["lr"]}),
    "models_accuracy": ("moons", {"models": NETS}),
    "models_setting": ("moons", {"models": NETS, "x": "lr", "log_x": True}),
    "models_curves": ("moons", {"models": NETS, "metrics": ["val_acc"], "x": "n_steps"}),
    "models_time": ("moons", {"models": NETS}),
    "quality": ("moons", {"models": NETS}),
    "incumbent": ("moons-search", {}),
    "rungs": ("moons-search", {}),
    "best_trials": ("moons-search", {"most": 2}),
    "isolation": ("moons-search", {}),
    "importance": ("moons-search", {}),
    "slices": ("moons-search", {}),
    "contour": ("moons-search", {"settings": ["lr", "batch_size"]}),
    "parallel": ("moons-search", {}),
    "order": ("moons-search-confirm", {}),
    "pairs": ("moons-search-confirm", {}),
}
_COST = ("steps", "per_batch", "ledger")
INTRODUCTION = """# Kinds of figures

A study declares what its report draws, as a list of dicts:

    Study(
        ...
        figures=[
            {"kind": "curves", "name": "loss", "metrics": ["val_loss"], "by": ["lr"]},
            {"kind": "table", "name": "results", "metrics": ["val_loss", "val_acc"]},
        ],
    )

From Python, `draw` takes the same keys: [Draw figures](api/draw.md). A study without `figures`
gets curves and a table of its metric; if its trainings have one step, the values against the
setting with the most values in the place of curves. Every figure has the CSV of its numbers
beside it. A step is one unit of the study's fidelity, such as an epoch; [Words](words.md)
explains the other terms.

Lines are means over replicates, and bands their 95 % t intervals ([How verdicts are
made](verdicts.md)). A report says this once; a caption is one sentence about its own figure.
What changes the meaning of a figure, such as a trial that diverged or a name that was shortened,
follows it.

In the HTML page you can look closer. Point at a line, or reach it with Tab and the arrow keys,
and the page tells its name, its replicate and its value. Click a name to hide its line. Buttons
below a figure switch its axes between linear and logarithmic. Click the header of a table to
sort it. The page needs no network for this, and is complete without JavaScript.

The pictures show small nets that tell two half moons apart ([moons.py](tools/moons.py)). A
script draws them all again ([make_figures.py](tools/make_figures.py)).

## Keys of every kind
"""
MANY = """
## Keys of many kinds
"""
OWN = """
## A kind of your own

If no kind fits, give the import path of a function of your own as the kind:
`{"kind": "my_figures:draw_spread", "name": "spread"}`. The function takes the dict and the record,
and returns what `sweepbook.figures.drawn.drawn_of` gives. The report calls it only in the project
that declares it (`sweepbook report --project DIR`). Elsewhere the report says that the figure is
the project's own.
"""


def page(tables):
    """The whole page; tables: kind -> the cells of its example, where a kind is a table."""
    parts = [INTRODUCTION, keys_table(REQUIRED_OF_ALL, OPTIONAL_OF_ALL), MANY, shared_table()]
    for group, says in GROUPS.items():
        parts.append(f"\n## {group}\n\n{says}\n")
        parts += [section(kind, tables.get(kind)) for kind in KEYS if group_of(kind) == group]
    return "\n".join([*parts, OWN.rstrip()]) + "\n"


def group_of(kind):
    """The heading that a kind stands under."""
    if kind in _COST:
        return "Cost"
    if kind.startswith("models_") or kind == "quality":
        return "Models"
    of = KEYS[kind].of
    return {"trials": "Trials", "search": "Searches", "confirmation": "Confirmations"}[of]


def section(kind, cells):
    """What a kind shows, its example, and its keys; cells: of the example, where it is a table."""
    first, last = texts(kind)
    picture = f"![{KEYS[kind].shows}](images/figures/{kind}.png)"
    shown = picture if cells is None else cells_table(cells)
    return f"{first}\n\n{shown}\n\n{last}\n"


def texts(kind):
    """What stands before the picture of a kind, and what stands below it."""
    keys, (_, spec) = KEYS[kind], EXAMPLES[kind]
    declared = written({"kind": kind, "name": "my-figure", **spec})
    own = [
        {key: says for key, says in of.items() if SHARED.get(key) != says}
        for of in (keys.required, keys.optional)
    ]
    last = [required_and_optional(keys), *([keys_table(*own)] if any(own) else [])]
    first = f"### {kind}\n\n{keys.shows}\n\n```python\n{declared}\n```"
    return first, "\n\n".join(last)


def written(value, before=""):
    """A value as ruff formats it; before: what stands in its line before it."""
    flat = str(value) if isinstance(value, bool) else json.dumps(value).replace(": true", ": True")
    if len(before + flat) < WIDTH or not isinstance(value, dict | list):
        return flat
    indent = " " * (len(before) - len(before.lstrip()) + 4)
    keyed = isinstance(value, dict)
    keys = [f"{indent}{json.dumps(key)}: " if keyed else indent for key in value]
    parts = value.values() if keyed else value
    lines = [f"{key}{written(part, key)}," for key, part in zip(keys, parts, strict=True)]
    left, right = "{}" if keyed else "[]"
    return "\n".join([left, *lines, f"{indent[4:]}{right}"])


def required_and_optional(keys):
    """Two sentences that name the keys, of which those of many kinds are explained above."""
    both = (("Required", keys.required), ("Optional", keys.optional))
    said = [f"{word}: {', '.join(f'`{key}`' for key in of)}." for word, of in both if of]
    return " ".join(said) or "It has no keys of its own."


def keys_table(required, optional):
    """A Markdown table with a row for each key."""
    rows = [(key, "required", says) for key, says in required.items()]
    rows += [(key, "optional", says) for key, says in optional.items()]
    lines = [f"| `{key}` | {must} | {cell(says.says)} |" for key, must, says in rows]
    return "\n".join(["| key | | what it says |", "|---|---|---|", *lines])


def shared_table():
    """The keys that many kinds have, with what they say unless the kind says otherwise."""
    lines = [f"| `{key}` | {cell(says.says)} |" for key, says in SHARED.items()]
    return "\n".join(["| key | what it says |", "|---|---|", *lines])


def cells_table(cells):
    """A frame of texts as a Markdown table."""
    rows = [list(cells.columns), ["---"] * len(cells.columns), *cells.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(cell(str(value)) for value in row)} |" for row in rows)


def cell(text):
    """A text within a cell of a table."""
    return text.replace("|", "\\|")
