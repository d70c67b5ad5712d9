"""Claims of the image studies: the published statements, and the questions that they leave.

The smallest differences were set before any result was seen. Of each model, validation accuracy
chooses the learning rate, for each seed over the other seeds; test accuracies are compared on the
same images, with intervals over images and seeds. What starts from ImageNet weights and what
starts from the pretext task are different models, with claims of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from sweepbook import Claim, best, higher, lower, same, worst

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
REMEDY = (
    "Run make report WEIGHTS=imagenet on a machine with network, or run vision-baselines with "
    "--weights imagenet."
)
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


def _on_test(*arms: Settings) -> dict[str, Any]:
    """What claims about test accuracy of models share, each model chosen on validation."""
    return {
        "fidelity": "last",
        "best_by": "val_acc",
        "over": "rows",
        "labels": tuple(map(_label, arms)),
    }


_BEST = "best two: fine-tuned ResNet-18 and XGBoost"
_WORST = (
    "worst: ResNet-18 from scratch and the sklearn probe "
    "(the latter fitted with a single iteration)"
)
_DIGIT: dict[str, Any] = {"by": DIGIT, "because": DIGIT_REASON}
_POINTS: dict[str, Any] = {"by": POINTS, "because": POINTS_REASON}
_FINE, _PROBE, _ONE = finetuned("imagenet"), probe("imagenet"), logistic("imagenet", 1)


def _extreme(
    form: Any, name: str, title: str, reading: str, statement: str, *arms: Settings
) -> Claim:
    """A published statement: the first model has the best, or the worst, test accuracy."""
    claim: Claim = form(
        "test_acc",
        arms[0],
        among=arms[1:],
        name=name,
        title=title,
        reading=reading,
        statement=statement,
        **_on_test(*arms),
        **_DIGIT,
    )
    return claim


_PUBLISHED_ORDER = (
    _extreme(
        best,
        "best-two-finetuned",
        "Fine-tuned among best two",
        "fine-tuned ResNet-18 is above every other model but XGBoost",
        _BEST,
        *(_FINE, _PROBE, _ONE, SCRATCH),
    ),
    _extreme(
        best,
        "best-two-xgboost",
        "XGBoost among best two",
        "XGBoost is above every other model but fine-tuned ResNet-18",
        _BEST,
        *(XGBOOST, _PROBE, _ONE, SCRATCH),
    ),
    _extreme(
        worst,
        "worst-scratch",
        "Scratch among worst two",
        "ResNet-18 from scratch is below every other model but the sklearn probe",
        _WORST,
        *(SCRATCH, XGBOOST, _FINE, _PROBE),
    ),
    _extreme(
        worst,
        "worst-sklearn",
        "sklearn among worst two",
        "the sklearn probe of one iteration is below every other model but ResNet-18 from scratch",
        _WORST,
        *(_ONE, XGBOOST, _FINE, _PROBE),
    ),
)


def _title(text: str, source: str) -> str:
    """A few words with the source of weights, or without one whose name is long."""
    titled = f"{text} ({source})"
    return titled if len(titled) <= 32 and " " not in source else text


def _best_lr(name: str, title: str, arm: Settings) -> Claim:
    """lr 0.001 has the best validation accuracy of one model's five."""
    rates = (0.001, *(lr for lr in LEARNING_RATES if lr != 0.001))
    first, *others = ({**arm, "lr": lr} for lr in rates)
    return best(
        "val_acc",
        first,
        among=others,
        name=f"best-lr-{name}",
        title=title,
        statement="lr 0.001 is best for the CNNs",
        reading=f"best validation accuracy of the {_label(arm)}",
        fidelity="last",
        labels=tuple(f"lr {lr:f}".rstrip("0") for lr in rates),
        **_DIGIT,
    )


def _beats(name: str, title: str, reading: str, arm: Settings, other: Settings) -> Claim:
    """The first model has the higher test accuracy."""
    options = _on_test(arm, other) | _POINTS
    return higher("test_acc", arm, than=other, name=name, title=title, reading=reading, **options)


def _of_weights(weights: str, source: str) -> tuple[Claim, ...]:
    """The questions about one source of weights; nobody published an answer to them.

    source: what the claims' names end with.
    """
    fine, last, name = finetuned(weights), probe(weights), source_name(weights)
    converged, one = logistic(weights, CONVERGED), logistic(weights, 1)
    return (
        _best_lr(f"probe-{source}", _title("Probe: lr 0.001", name), last),
        _best_lr(f"finetuned-{source}", _title("Fine-tuned: lr 0.001", name), fine),
        _beats(
            f"finetuning-beats-probing-{source}",
            _title("Fine-tuned beats probe", name),
            f"fine-tuning all of ResNet-18 beats training its last layer ({name})",
            *(fine, last),
        ),
        _beats(
            f"pretraining-helps-{source}",
            _title("Fine-tuned beats scratch", name),
            f"ResNet-18 fine-tuned from {name} weights beats ResNet-18 from scratch",
            *(fine, SCRATCH),
        ),
        lower(
            "test_acc",
            one,
            than=converged,
            name=f"one-iteration-costs-{source}",
            title=_title("1 iteration costs", name),
            reading="LogisticRegression stopped after 1 iteration is worse than converged "
            f"({name})",
            **_on_test(one, converged),
            **_POINTS,
        ),
        same(
            "test_acc",
            converged,
            last,
            within=POINTS,
            because=POINTS_REASON,
            name=f"probes-agree-{source}",
            title=_title("Both probes agree", name),
            reading="converged LogisticRegression and the last layer trained by Adam agree "
            f"({name})",
            **_on_test(converged, last),
        ),
        _beats(
            f"finetuned-beats-xgboost-{source}",
            _title("Fine-tuned beats XGBoost", name),
            f"ResNet-18 fine-tuned from {name} weights beats XGBoost",
            *(fine, XGBOOST),
        ),
    )


BASELINES_CLAIMS = tuple(
    replace(claim, remedy=REMEDY)
    if any(arm.get("weights") == "imagenet" for arm in claim.arms)
    else claim
    for claim in (
        *_PUBLISHED_ORDER,
        _best_lr("scratch", "Scratch: lr 0.001", SCRATCH),
        *_of_weights("imagenet", "imagenet"),
        _beats(
            "xgboost-beats-scratch",
            "XGBoost beats scratch",
            "XGBoost beats ResNet-18 from scratch",
            *(XGBOOST, SCRATCH),
        ),
    )
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
