"""Kind quality: confusion and calibration of the best and the worst model."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from sweepbook.aggregates.labels import number
from sweepbook.aggregates.models import Model, best_and_worst_model, chosen_sentence, models_of
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import captions, style
from sweepbook.figures.drawn import Drawn
from sweepbook.record.load import Record
from sweepbook.stats.intervals import wilson_interval

BINS = 10
REPLICATE = 0  # one seed of each, the first: rows of several seeds would not be independent


def draw_quality(spec: Spec, record: Record) -> Drawn:
    """A row for the best and one for the worst model: confusion left, calibration right."""
    models = models_of(record, spec)
    pair = dict(zip(("best", "worst"), best_and_worst_model(record, models), strict=True))
    names = dict(record.manifest.data.class_names or {"0": "0", "1": "1"})
    predictions = record.predictions()
    parts, errors = [], {}
    with style.look():
        figure = Figure(figsize=(style.WIDTH, 6.6), layout="constrained")
        axes = figure.subplots(2, 2, gridspec_kw={"width_ratios": (1, 1.5)})
        for (place, model), (left, right) in zip(pair.items(), axes, strict=True):
            own = positive_probabilities(predictions, model)
            counts, bins = confusion(own), reliability(own)
            errors[place] = calibration_error(bins)
            draw_confusion(left, counts, names)
            left.set_title(f"{place}: {model.label}", fontsize=9)
            draw_reliability(right, bins, names)
            parts += [
                counts.assign(model=model.label, place=place, table="confusion"),
                bins.assign(model=model.label, place=place, table="calibration"),
            ]
    one = names.get("1", "1")
    text = captions.caption(
        "Best and worst model by validation, the first seed of each. Left: test images by their "
        "class and the predicted one, and the share of the class. Right: how many of the images "
        f"with a predicted probability of “{one}” in a tenth really are; bar: 95 % Wilson "
        f"interval; grey columns and their numbers: images in each tenth; dashed: perfectly "
        "calibrated. Expected calibration error: "
        + ", ".join(f"{place} {number(error, 2)}" for place, error in errors.items()) + ".",
        captions.groups_sentence(record, drawn=False),
        chosen_sentence(record, models),
        captions.data_sentence(record, intervals=False),
        name=spec["name"],
    )  # fmt: skip
    title = str(spec.get("title", spec["name"]))
    alt = f"{title}: confusion matrix and reliability of {pair['best'].label} and of "
    alt += f"{pair['worst'].label}; the CSV beside it has the numbers."
    return Drawn(spec["name"], title, text, pd.concat(parts, ignore_index=True), figure, alt=alt)


def positive_probabilities(predictions: pd.DataFrame, model: Model) -> pd.DataFrame:
    """label, predicted and p (probability of class 1) of a model's first replicate on test rows.

    Raises NothingToDraw where there are more than two classes.
    """
    own = predictions[
        (predictions["trial_id"] == model.trial_id)
        & (predictions["replicate"] == REPLICATE)
        & (predictions["split"] == "test")
    ]
    if not set(own["label"]) | set(own["predicted"]) <= {0, 1}:
        raise NothingToDraw("it is of two classes, 0 and 1, only")
    p = own["probability"].where(own["predicted"] == 1, 1 - own["probability"])
    return own[["row_id", "label", "predicted"]].assign(p=p)


def confusion(own: pd.DataFrame) -> pd.DataFrame:
    """Four rows: label, predicted, n, share (of the rows with that label)."""
    rows = []
    for label in (0, 1):
        of_class = own[own["label"] == label]
        for predicted in (0, 1):
            n = int((of_class["predicted"] == predicted).sum())
            share = n / len(of_class) if len(of_class) else math.nan
            rows.append({"label": label, "predicted": predicted, "n": n, "share": share})
    return pd.DataFrame(rows)


def reliability(own: pd.DataFrame, bins: int = BINS) -> pd.DataFrame:
    """One row per bin of p that is not empty: bin_low, bin_high, n, p_mean, observed, low, high.

    Bins are equally wide, each with its lower edge and without its upper, the last with both;
    observed is the share of class 1, low and high its 95 % Wilson interval.
    """
    place = np.minimum((own["p"].to_numpy() * bins).astype(int), bins - 1)
    rows = []
    for i in sorted(set(place)):
        part = own[place == i]
        k, n = int((part["label"] == 1).sum()), len(part)
        found = wilson_interval(k, n)
        rows.append(
            {"bin_low": i / bins, "bin_high": (i + 1) / bins, "n": n,
             "p_mean": float(part["p"].mean()), "observed": k / n,
             "low": float(found.low), "high": float(found.high)}
        )  # fmt: skip
    return pd.DataFrame(rows)


def calibration_error(bins: pd.DataFrame) -> float:
    """Mean of |observed - p_mean| over the rows: the expected calibration error."""
    gaps = (bins["observed"] - bins["p_mean"]).abs()
    return float((gaps * bins["n"]).sum() / bins["n"].sum())


def draw_confusion(ax: Axes, counts: pd.DataFrame, names: dict[str, str]) -> Axes:
    """A square of four cells: rows the class, columns the prediction."""
    shares = counts.pivot(index="label", columns="predicted", values="share").to_numpy()
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row in counts.to_dict("records"):
        colour = "white" if row["share"] > 0.6 else "black"
        text = f"{row['n']}\n{100 * row['share']:.0f} %"
        ax.text(row["predicted"], row["label"], text, ha="center", va="center", color=colour)
    words = [names.get(str(i), str(i)) for i in (0, 1)]
    ax.set_xticks((0, 1), [f"“{word}”" for word in words])
    ax.set_yticks((0, 1), words)
    ax.set_xlabel("predicted")
    ax.set_ylabel("is")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return ax


def draw_reliability(ax: Axes, bins: pd.DataFrame, names: dict[str, str]) -> Axes:
    """Observed share against predicted probability, with the bins' counts as grey columns."""
    middle = (bins["bin_low"] + bins["bin_high"]) / 2
    height = 0.25 * bins["n"] / bins["n"].max()
    ax.bar(middle, height, width=0.09, color="#d5d5d5", zorder=1)
    for x, y, n in zip(middle, height, bins["n"], strict=True):
        ax.text(x, y + 0.01, str(n), ha="center", va="bottom", fontsize=7, color="#444444",
                zorder=5, path_effects=[withStroke(linewidth=2, foreground="white")])  # fmt: skip
    ax.plot([0, 1], [0, 1], color="#777777", linewidth=0.9, linestyle=(0, (4, 3)), zorder=1.5)
    ax.vlines(bins["p_mean"], bins["low"], bins["high"], color=style.PALETTE[0], linewidth=1.4)
    ax.plot(bins["p_mean"], bins["observed"], "o-", color=style.PALETTE[0], markersize=5,
            linewidth=1, gid="mean")  # fmt: skip
    ax.set_xlim(-0.01, 1.01)
    ax.set_ylim(0, 1.02)
    one = names.get("1", "1")
    ax.set_xlabel(f"predicted probability of “{one}”")
    ax.set_ylabel(f"share that is {one}")
    return ax
