"""What the exercise's report printed, and the words that answer its questions.

The numbers are those of published.json beside this file, a copy of the printed tables with their
protocol; the words are the templates in answers/, named like the studies.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sweepbook import Published, PublishedValue

_HERE = Path(__file__).parent
_SECTIONS: Mapping[str, Any] = json.loads((_HERE / "published.json").read_text(encoding="utf-8"))

_POINTS = "europe-csv"  # the exercise's own files of points; every other data set is not theirs
_ABOUT_POINTS = (
    "The published data have 106,897 training, 13,363 validation and 13,363 test points in 33 "
    "countries; 1,999 of the test points also occur in train."
)
_ABOUT_IMAGES = "The published images are real and generated faces, which this repository lacks."
_IMAGES = "the report's images"  # nobody has these: no data set is called so
_METRICS = ("train_acc", "val_acc", "test_acc", "train_loss", "val_loss", "test_loss", "minutes")
_SETTINGS = ("depth", "width", "batch_size", "lr", "encoding", "batch_norm")
_PROTOCOL: Mapping[str, Any] = {"batch_size": 256, "lr": 0.001}  # "unless said"
# What a section's text and note say about its rows' settings without a column of their own.
_IMPLIED: Mapping[str, Mapping[str, Any]] = {
    "batch-norm": {"batch_norm": True},
    "batch-size": {"batch_norm": False},
    "architecture": {},
    "deep-gradients": {"init": "he2", "residual": False, "clip_norm": 0.0},
    "implicit": {},
}
_KEPT: Mapping[str, Any] = {"lr": 0.001, "epochs": 1}  # of the image part's nets
_MODELS: Mapping[str, Mapping[str, Any]] = {
    "xgboost": {"model": "xgboost"},
    "resnet18 from scratch": {"model": "resnet18-scratch", **_KEPT},
    "resnet18 pretrained, last layer only": {
        "model": "resnet18-probe", "weights": "imagenet", **_KEPT,
    },
    "resnet18 features + sklearn logistic regression": {
        "model": "logistic-probe", "weights": "imagenet", "max_iter": 1,
    },
    "resnet18 pretrained, fine-tuned": {
        "model": "resnet18-finetune", "weights": "imagenet", **_KEPT,
    },
}  # fmt: skip


def _of_points(study: str) -> Published:
    """The printed values of one section of the MLP part, in the order of published.json."""
    section = _SECTIONS[study.replace("-", "_")]
    values = [
        PublishedValue(
            settings=_settings(section, row, _IMPLIED[study]),
            fidelity=int(row.get("epoch", row.get("epochs", section.get("epochs")))),
            metric=metric,
            value=float(row[metric]),
        )
        for row in section["rows"]
        for metric in _METRICS
        if metric in row
    ]
    source = str(_SECTIONS["source"])
    return Published(
        source=source, data=_POINTS, values=values, usual=_PROTOCOL, about=_ABOUT_POINTS
    )


def _settings(
    section: Mapping[str, Any], row: Mapping[str, Any], implied: Mapping[str, Any]
) -> dict[str, Any]:
    """The settings of a row, of its section, of the section's text, and of the protocol."""
    given = {key: row.get(key, section.get(key, _PROTOCOL.get(key))) for key in _SETTINGS}
    return {key: value for key, value in given.items() if value is not None} | dict(implied)


def _of_images() -> Published:
    """The printed test accuracies of the image part, each of one epoch."""
    values = [
        PublishedValue(
            settings=_MODELS[row["model"]],
            fidelity=1,
            metric="test_acc",
            value=float(row["test_acc"]),
        )
        for row in _SECTIONS["vision"]["rows"]
    ]
    source = str(_SECTIONS["source"])
    return Published(
        source=source, data=_IMAGES, values=values, usual=_PROTOCOL, about=_ABOUT_IMAGES
    )


PUBLISHED: Mapping[str, Published] = {
    **{study: _of_points(study) for study in _IMPLIED},
    "vision-baselines": _of_images(),
}
ANSWERS: Mapping[str, str] = {
    path.name.removesuffix(".md.j2"): path.read_text(encoding="utf-8")
    for path in sorted((_HERE / "answers").glob("*.md.j2"))
}
