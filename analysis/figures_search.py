"""Kinds of searches: incumbent, rungs, isolation, importance, best trials."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import captions, style
from analysis.axes import scale_categories, scale_y
from analysis.drawn import Drawn, NothingToDraw, Spec
from analysis.labels import (
    count,
    is_share,
    listing,
    metric_name,
    number,
    quantity_name,
    setting_name,
    setting_value,
    with_half_width,
)
from analysis.load import CONFIG, Record
from analysis.search import Search, search_of
from analysis.search_importance import METHOD, importance_table, n_best
from analysis.search_marks import draw_trials, leave_room, scale_domain, spread
from analysis.search_tables import best_table, incumbent_table, isolation_table, rung_table

SELECTED = (
    "A best value was chosen and scored on the same replicates, so it flatters; "
    "sweepbook confirm trains the best anew."
)
MOST_BEST = 10  # rows per search; with several cells fewer each
EDGE = (
    "Ticks at the edge: trials that were stopped, whose values had less training and are not "
    "drawn; crosses: lost ones."
)
_GREY = "#9a9a9a"


def searched(record: Record) -> Search:
    """The record's search. Raises NothingToDraw where it is of none, or nothing was reported."""
    found = search_of(record)
    if found is None:
        raise NothingToDraw("the record is of no search, or none of its trials has reported yet")
    return found


def endings_of(search: Search) -> str:
    """How many trials there are, at full length and otherwise, as a sentence."""
    counts = search.trials["status"].value_counts()
    others = [f"{n} {status}" for status, n in counts.items() if status != "finished"]
    bad = int(((search.trials["status"] == "finished") & ~search.trials["is_full"]).sum())
    others += [f"{bad} finished with a value that is not finite"] if bad else []
    rest = f"; {listing(others)}" if others else ""
    return f"{count(len(search.trials), 'trial')}, {len(search.full)} at full length{rest}."


def drawn(spec: Spec, text: list[str], numbers: pd.DataFrame, figure: Figure | None,
          cells: pd.DataFrame | None = None) -> Drawn:  # fmt: skip
    """A Drawn with the caption made of the sentences `text`."""
    title = str(spec.get("title", spec["name"]))
    alt = f"{title}; the CSV beside it has all {len(numbers)} rows."
    caption = captions.caption(*text, name=spec["name"])
    return Drawn(spec["name"], title, caption, numbers, figure, cells, alt)


def draw_incumbent(spec: Spec, record: Record) -> Drawn:
    """The best value so far against fidelity spent and against seconds of training."""
    search = searched(record)
    table = incumbent_table(search)
    looks = _cell_looks(search)
    timed = bool(table["seconds"].notna().all())
    with style.look():
        figure = Figure(figsize=(style.WIDTH, style.PANEL_HEIGHT), layout="constrained")
        axes = figure.subplots(1, 2 if timed else 1, sharey=True, squeeze=False)[0]
        for ax, x in zip(axes, ("spent", "seconds"), strict=False):
            for cell in sorted(table["cell"].unique()):
                own, (colour, label) = table[table["cell"] == cell], looks[int(cell)]
                if len(search.cells) == 1:
                    ax.step(own[x], own["best_any"], where="post", color=_GREY, linewidth=1.2,
                            linestyle=style.DASHES[1], label="at any length",
                            zorder=4, gid="any")  # fmt: skip
                    label = "at full length"
                ax.step(own[x], own["best_full"], where="post", color=colour, label=label,
                        gid="full")  # fmt: skip
            ax.set_xlim(0, float(table[x].max()) * 1.03)
            ax.set_xlabel(
                f"{record.unit}s spent" if x == "spent" else "seconds of training, all workers"
            )
        axes[0].set_ylabel(f"best {metric_name(record.metric)}\nso far")
        shown = table[table["best_full"].notna()] if len(search.full) else table
        scale_y(list(axes), shown[["best_full", "best_any"]], log=None,
                share=is_share(record.metric))  # fmt: skip
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center",
                      ncols=min(4, max(2, len(looks))))  # fmt: skip
    several = len(search.cells) > 1
    text = [
        endings_of(search),
        "Line: the best value of a trial at full length so far"
        + (", each cell by its own budget." if several else "."),
        "" if several else "Dashed: the best value at any length; trials that had less training "
        "are in it, so that it is no fair comparison.",
        f"Reports in order of time; {record.unit}s of all trials"
        + (" of a cell" if several else "") + " are added up.",
        captions.metric_sentence(record.metric, record.mode),
        SELECTED,
    ]  # fmt: skip
    labels = table["cell"].map(lambda cell: search.cell_labels[cell])
    numbers = table.assign(cell=labels) if several else table.drop(columns="cell")
    return drawn(spec, text, numbers.rename(columns={"spent": f"{record.unit}s"}), figure)


def _cell_looks(search: Search) -> dict[int, tuple[str, str]]:
    palette = style.colours(max(1, len(search.cells)))
    labels = zip(palette, search.cell_labels, strict=True)
    return {i: (colour, label or "best") for i, (colour, label) in enumerate(labels)}


def draw_rungs(spec: Spec, record: Record) -> Drawn:
    """A table: how many trials came to each rung, were stopped there, were lost, went on."""
    search = searched(record)
    table = rung_table(search)
    if table.empty:
        raise NothingToDraw("the study had no scheduler, so there are no rungs")
    table["cell"] = table["cell"].map(lambda cell: search.cell_labels[cell])
    several = len(search.cells) > 1
    sums = table.groupby("rung")[["came", "stopped", "lost", "went_on"]].sum().reset_index()
    best = table.groupby("rung")["best"].agg("max" if record.mode == "max" else "min")
    shown = sums.assign(best=sums["rung"].map(best))
    end = int(shown["rung"].max())
    cells = pd.DataFrame(
        {
            f"rung ({record.unit})": [f"{r}{' (end)' if r == end else ''}" for r in shown["rung"]],
            "came": shown["came"].astype("str"),
            "stopped there": shown["stopped"].astype("str"),
            "ended otherwise": shown["lost"].astype("str"),
            "went on": shown["went_on"].astype("str"),
            f"best {metric_name(record.metric)} there": shown["best"].map(number),
        }
    )
    text = [
        endings_of(search),
        f"All {len(search.cells)} cells together; each has rungs of its own (CSV)."
        if several
        else "",
        "Ended otherwise: diverged, failed, interrupted or not ended yet, before the next rung. "
        "A trial that was stopped is censored, not bad: its value has less training.",
    ]
    return drawn(spec, text, table if several else table.drop(columns="cell"), None, cells)


def draw_best(spec: Spec, record: Record) -> Drawn:
    """A table of the best trials at full length, with all settings that varied."""
    search = searched(record)
    if search.full.empty:
        raise NothingToDraw("no trial has reached full length with finite values yet")
    most = MOST_BEST if len(search.cells) == 1 else max(1, MOST_BEST // len(search.cells))
    table = best_table(search, int(spec.get("most", most)))
    settings = [name for name in table if str(name).startswith(CONFIG)]
    rows = []
    for row in table.to_dict("records"):
        cells = {"rank": str(row["rank"])} if table["rank"].max() > 1 else {}
        cells |= {"trial": str(row["number"])}
        cells |= {setting_name(str(n)): setting_value(row[n]) for n in settings}
        bounds = (row["value"], row["low"], row["high"])
        rows.append({**cells, metric_name(record.metric): with_half_width(*bounds)})
    n = int(table["n"].max())
    several = "in each cell, " if len(search.cells) > 1 else ""
    text = [
        f"The best {several}of {count(len(search.full), 'trial')} at full length; mean of n = {n} "
        + ("replicates ± half the 95 % t interval." if n > 1 else "replicate."),
        "Trial: order of suggestion, from 0.",
        captions.data_sentence(record),
        SELECTED,
    ]  # fmt: skip
    table["cell"] = table["cell"].map(lambda cell: search.cell_labels[cell])
    return drawn(spec, text, table, None, pd.DataFrame(rows).astype("str"))


def draw_importance(spec: Spec, record: Record) -> Drawn:
    """Bars: how much each setting matters for being among the best."""
    search = searched(record)
    try:
        table = importance_table(search)
    except ValueError as error:
        raise NothingToDraw(str(error)) from error
    names = [setting_name(key) for key in table["setting"]]
    with style.look():
        figure = Figure(figsize=(style.WIDTH, 1.0 + 0.32 * len(table)), layout="constrained")
        ax = figure.subplots()
        places = np.arange(len(table))[::-1]
        ax.barh(places, table["importance"], color=style.PALETTE[0], height=0.62, gid="importance")
        for place, value in zip(places, table["importance"], strict=True):
            ax.annotate(f"{value:.2f}", (value, place), xytext=(4, 0), va="center",
                        textcoords="offset points")  # fmt: skip
        ax.set_yticks(places, names)
        ax.grid(False, axis="y")
        ax.set(xlabel="importance (all together 1)", xlim=(0, table["importance"].max() * 1.12))
    left = len(search.trials) - len(search.full)
    text = [
        f"Method: {METHOD} of Optuna, on {len(search.full)} trials at full length: what tells the "
        f"best {n_best(search)} of them from the rest.",
        f"{count(left, 'trial')} without a value at full length left out." if left else "",
        "A guide for where to look, not a test: trials were not drawn at random, and with few of "
        "them it is noise.",
    ]
    return drawn(spec, text, table, figure)


def draw_isolation(spec: Spec, record: Record) -> Drawn:
    """Best value for each value of a scientific setting, all else optimised away."""
    search = searched(record)
    table = isolation_table(search)
    if table.empty:
        raise NothingToDraw("the search names no scientific setting and has one cell")
    if search.full.empty:
        raise NothingToDraw("no trial has reached full length with finite values yet")
    names = list(dict.fromkeys(table["setting"]))
    with style.look():
        figure = Figure(figsize=(style.WIDTH, 3.5 * len(names)), layout="constrained")
        axes = figure.subplots(len(names), 1, squeeze=False)[:, 0]
        for ax, name in zip(axes, names, strict=True):
            _isolate(ax, search, name, table[table["setting"] == name])
        values = np.concatenate([search.full["value"], table["low"], table["high"]])
        scale_y(list(axes), values, log=None, share=is_share(record.metric))
        for ax in axes:
            leave_room(ax, record.mode)
        handles = axes[0].get_legend_handles_labels()
        unique = dict(zip(handles[1], handles[0], strict=True))
        figure.legend(unique.values(), unique.keys(), loc="outside lower center", ncols=4)
    sizes = sorted({int(n) for n in search.full["n"]})
    bar = f"bar: its 95 % t interval over n = {sizes[-1]} replicates" if sizes[-1] > 1 else (
        "n = 1 replicate, so there is no interval"
    )  # fmt: skip
    text = [
        endings_of(search),
        f"Large point: the best trial at full length for this value, all other settings free; "
        f"{bar}. Small: every trial at full length. {EDGE}",
        captions.data_sentence(record),
        SELECTED,
    ]  # fmt: skip
    return drawn(spec, text, table, figure)


def _isolate(ax: Axes, search: Search, name: str, table: pd.DataFrame) -> None:
    record = search.record
    if name == "cell":
        x = spread(search.trials["cell"])
        scale_categories(ax, [label.replace(", ", "\n") for label in table["label"]], "")
    else:
        x = scale_domain(ax, search.space[name], search.trials[CONFIG + name])
        ax.set_xlabel(setting_name(name))
    draw_trials(ax, search, x)
    best = table[table["value"].notna()]
    ax.vlines(
        best["x"], best["low"], best["high"], color=style.PALETTE[1], linewidth=1.5, zorder=4
    )
    ax.plot(best["x"], best["value"], color=style.PALETTE[1], marker="o", markersize=7,
            linestyle="none", zorder=5, label="best", gid="best")  # fmt: skip
    ax.set_ylabel(quantity_name([record.metric]))
