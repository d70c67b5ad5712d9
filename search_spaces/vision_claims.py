"""Claims of the image studies: the published statements, and the questions that they leave.

The smallest differences were set before any result was seen. Of each model, validation accuracy
chooses the learning rate, for each seed over the other seeds; test accuracies are compared on the
same images, with intervals over images and seeds. What starts from ImageNet weights and what
starts from the pretext task are different models, with claims of their own.
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from sweepbook import Claim

LEARNING_RATES = (0.1, 0.01, 0.001, 0.0001, 0.00001)
CONVERGED = 10_000  # at most so many iterations: scikit-learn's solver stops long before
POINTS = 0.02
POINTS_REASON = "2 points: one standard error of an accuracy on 400 test images"
DIGIT = 0.001
DIGIT_REASON = "a tenth of a point, the last digit printed: best means best"

Settings = Mapping[str, Any]

SCRATCH: Settings = {"model": "resnet18-scratch"}
XGBOOST: Settings = {"model": "xgboost"}
SOURCES = {"imagenet": "ImageNet", "pretext": "pretext"}  # of weights, and what a reader calls it
KNOWN_FILES = {"f37072fd": "imagenet"}  # torchvision's file of ResNet18_Weights.IMAGENET1K_V1


def source_name(weights: str) -> str:
    """Returns what a reader calls a source of weights: a file by its name."""
    return SOURCES.get(weights, PurePath(weights).name)


def finetuned(weights: str) -> Settings:
    """Returns the settings of the fine-tuned nets from these weights."""
    return {"model": "resnet18-finetune", "weights": weights}


def probe(weights: str) -> Settings:
    """Returns the settings of the nets of which the last layer alone is trained."""
    return {"model": "resnet18-probe", "weights": weights}


def logistic(weights: str, max_iter: int) -> Settings:
    """Returns the settings of scikit-learn's logistic regression on the body's features."""
    return {"model": "logistic-probe", "weights": weights, "max_iter": max_iter}


_NAMES = {"resnet18-scratch": "ResNet-18 from scratch", "xgboost": "XGBoost"}


def _label(arm: Settings) -> str:
    if arm["model"] in _NAMES:
        return _NAMES[arm["model"]]
    name = {
        "resnet18-finetune": "fine-tuned ResNet-18",
        "resnet18-probe": "ResNet-18 probe",
        "logistic-probe": "logistic probe",
    }[arm["model"]]
    stopped = ", 1 iteration" if arm.get("max_iter") == 1 else ""
    return f"{name} ({source_name(arm['weights'])}{stopped})"


def _on_test(name: str, reading: str, kind: Any, *arms: Settings, **rest: Any) -> Claim:
    """A claim about test accuracy of models, each chosen on validation."""
    given: dict[str, Any] = {"statement": "", "smallest": POINTS, "reason": POINTS_REASON, **rest}
    return Claim(
        name=name,
        reading=reading,
        kind=kind,
        metric="test_acc",
        fidelity="last",
        best_by="val_acc",
        over="rows",
        arms=arms,
        labels=tuple(map(_label, arms)),
        **given,
    )


_BEST = "best two: fine-tuned ResNet-18 and XGBoost"
_WORST = (
    "worst: ResNet-18 from scratch and the sklearn probe "
    "(the latter fitted with a single iteration)"
)
_DIGIT: dict[str, Any] = {"smallest": DIGIT, "reason": DIGIT_REASON}
_FINE, _PROBE, _ONE = finetuned("imagenet"), probe("imagenet"), logistic("imagenet", 1)

_PUBLISHED_ORDER = (
    _on_test(
        "best-two-finetuned",
        "fine-tuned ResNet-18 is above every other model but XGBoost",
        "winner",
        *(_FINE, _PROBE, _ONE, SCRATCH),
        statement=_BEST,
        **_DIGIT,
    ),
    _on_test(
        "best-two-xgboost",
        "XGBoost is above every other model but fine-tuned ResNet-18",
        "winner",
        *(XGBOOST, _PROBE, _ONE, SCRATCH),
        statement=_BEST,
        **_DIGIT,
    ),
    _on_test(
        "worst-scratch",
        "ResNet-18 from scratch is below every other model but the sklearn probe",
        "winner",
        *(SCRATCH, XGBOOST, _FINE, _PROBE),
        statement=_WORST,
        direction="lower",
        **_DIGIT,
    ),
    _on_test(
        "worst-sklearn",
        "the sklearn probe of one iteration is below every other model but ResNet-18 from scratch",
        "winner",
        *(_ONE, XGBOOST, _FINE, _PROBE),
        statement=_WORST,
        direction="lower",
        **_DIGIT,
    ),
)


def _best_lr(name: str, arm: Settings) -> Claim:
    """lr 0.001 has the best validation accuracy of one model's five."""
    rates = (0.001, *(lr for lr in LEARNING_RATES if lr != 0.001))
    return Claim(
        name=f"best-lr-{name}",
        statement="lr 0.001 is best for the CNNs",
        reading=f"best validation accuracy of the {_label(arm)}",
        kind="winner",
        metric="val_acc",
        fidelity="last",
        arms=tuple({**arm, "lr": lr} for lr in rates),
        labels=tuple(f"lr {lr:f}".rstrip("0") for lr in rates),
        **_DIGIT,
    )


def _of_weights(weights: str, source: str) -> tuple[Claim, ...]:
    """The questions about one source of weights; nobody published an answer to them.

    source: what the claims' names end with.
    """
    fine, last, name = finetuned(weights), probe(weights), source_name(weights)
    converged, one = logistic(weights, CONVERGED), logistic(weights, 1)
    return (
        _best_lr(f"probe-{source}", last),
        _best_lr(f"finetuned-{source}", fine),
        _on_test(
            f"finetuning-beats-probing-{source}",
            f"fine-tuning all of ResNet-18 beats training its last layer ({name})",
            "direction",
            *(fine, last),
        ),
        _on_test(
            f"pretraining-helps-{source}",
            f"ResNet-18 fine-tuned from {name} weights beats ResNet-18 from scratch",
            "direction",
            *(fine, SCRATCH),
        ),
        _on_test(
            f"one-iteration-costs-{source}",
            f"LogisticRegression stopped after 1 iteration is worse than converged ({name})",
            "direction",
            *(one, converged),
            direction="lower",
        ),
        _on_test(
            f"probes-agree-{source}",
            f"converged LogisticRegression and the last layer trained by Adam agree ({name})",
            "equivalence",
            *(converged, last),
            target=0.0,
        ),
        _on_test(
            f"finetuned-beats-xgboost-{source}",
            f"ResNet-18 fine-tuned from {name} weights beats XGBoost",
            "direction",
            *(fine, XGBOOST),
        ),
    )


BASELINES_CLAIMS = (
    *_PUBLISHED_ORDER,
    _best_lr("scratch", SCRATCH),
    *_of_weights("imagenet", "imagenet"),
    _on_test(
        "xgboost-beats-scratch",
        "XGBoost beats ResNet-18 from scratch",
        "direction",
        *(XGBOOST, SCRATCH),
    ),
)


def claims_of_weights(configs: Sequence[Settings], files: Mapping[str, str]) -> tuple[Claim, ...]:
    """Returns the same questions about every other source of weights that the configs have.

    files: path -> SHA-256; a known file is no other source.
    """
    known = [path for path, sha256 in files.items() if sha256.startswith(tuple(KNOWN_FILES))]
    sources = dict.fromkeys(c["weights"] for c in configs if c.get("weights"))
    others = [weights for weights in sources if weights not in ("imagenet", *known)]
    names = {path: f"file-{i}" for i, path in enumerate(files, start=1)}
    return tuple(
        claim for weights in others for claim in _of_weights(weights, names.get(weights, weights))
    )
