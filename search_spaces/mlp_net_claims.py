"""Claims of the MLP studies about the nets: depth and width, 100 layers, the input's encoding."""

from typing import Any

from search_spaces.mlp_training_claims import ACC, ACC_REASON, DIGIT, DIGIT_REASON
from sweepbook import Claim, best, higher, lower, worst


def _nets(*shapes: tuple[int, int]) -> dict[str, Any]:
    return {
        "arms": tuple({"depth": depth, "width": width} for depth, width in shapes),
        "labels": tuple(f"{depth}x{width}" for depth, width in shapes),
    }


_SHAPES = ((1, 16), (2, 16), (6, 16), (10, 16), (6, 8), (6, 32), (6, 64))
_BY_DEPTH = ((1, 16), (2, 16), (6, 16), (10, 16))
_BY_WIDTH = ((6, 8), (6, 16), (6, 32), (6, 64))
_DEPTHS = "more layers: better training accuracy; validation and test best at depth 6"


def _first(shape: tuple[int, int], shapes: tuple[tuple[int, int], ...]) -> dict[str, Any]:
    """The settings and the labels of a net, and of those that it is compared with."""
    nets = _nets(shape, *(other for other in shapes if other != shape))
    return {"settings": nets["arms"][0], "among": nets["arms"][1:], "labels": nets["labels"]}


_BEST: dict[str, Any] = {"by": DIGIT, "because": DIGIT_REASON}


def _ranking(name: str, statement: str, reading: str = "", **nets: Any) -> Claim:
    return Claim(
        name=name,
        statement=statement,
        kind="ranking",
        metric="train_acc",
        reading=reading,
        smallest=DIGIT,
        reason=DIGIT_REASON,
        **nets,
    )


ARCHITECTURE_CLAIMS = (
    best(
        "val_acc",
        name="best-net",
        title="6x64 is best on validation",
        statement="best by validation accuracy: 6x64",
        **_first((6, 64), _SHAPES),
        **_BEST,
    ),
    worst(
        "val_acc",
        name="worst-net",
        title="1x16 is worst on validation",
        statement="worst: 1x16, which underfits",
        reading="lowest validation accuracy",
        **_first((1, 16), _SHAPES),
        **_BEST,
    ),
    worst(
        "train_acc",
        name="worst-net-underfits",
        title="1x16 underfits",
        statement="worst: 1x16, which underfits",
        reading="it underfits: lowest training accuracy",
        **_first((1, 16), _SHAPES),
        **_BEST,
    ),
    lower(
        "train_acc",
        _nets(*_SHAPES)["arms"],
        than="val_acc",
        by=ACC,
        because=ACC_REASON,
        name="train-below-validation",
        title="Training below validation",
        statement="training accuracy is below validation accuracy",
        labels=_nets(*_SHAPES)["labels"],
    ),
    _ranking(
        "depth-training",
        _DEPTHS,
        "training accuracy",
        title="More layers train better",
        **_nets(*_BY_DEPTH),
    ),
    best(
        "val_acc",
        name="depth-validation",
        title="Depth 6 best on validation",
        statement=_DEPTHS,
        reading="validation best at depth 6",
        **_first((6, 16), _BY_DEPTH),
        **_BEST,
    ),
    best(
        "test_acc",
        name="depth-test",
        title="Depth 6 best on test",
        statement=_DEPTHS,
        reading="test best at depth 6",
        fidelity="last",
        over="rows",
        **_first((6, 16), _BY_DEPTH),
        **_BEST,
    ),
    _ranking(
        "width-training",
        "more neurons: better training accuracy",
        title="More neurons train better",
        **_nets(*_BY_WIDTH),
    ),
)

_PUBLISHED_DEEP_NET: dict[str, Any] = {
    "arms": ({"batch_norm": True, "init": "he2", "residual": False, "clip_norm": 0.0},),
    "labels": ("batch norm, He init with twice the sd",),
}

DEEP_GRADIENTS_CLAIMS = (
    Claim(
        name="deep-vanishing",
        title="Published net: gradients vanish",
        statement=("every layer but layer 0 has a gradient magnitude close to zero: vanishing"),
        kind="gradients",
        metric="grad_sq_norm",
        fidelity="last",
        expected="vanishing",
        smallest=0.02,
        reason="a factor of 100 over 100 layers, in log10 of the magnitude per layer",
        **_PUBLISHED_DEEP_NET,
    ),
    Claim(
        name="deep-does-not-learn",
        title="The published net does not learn",
        statement="the net does not learn",
        reading="at least 80 % of its seeds do not",
        kind="mixture",
        metric="val_acc",
        smallest=0.05,
        reason="5 points above the largest class's share is the least that we call learning",
        **_PUBLISHED_DEEP_NET,
    ),
)

IMPLICIT_CLAIMS = (
    higher(
        "val_acc",
        {"encoding": "sines"},
        than={"encoding": "raw"},
        by=ACC,
        because=ACC_REASON,
        name="sines-higher",
        title="Sine encoding is more accurate",
        statement="the sine encoding reaches a higher validation accuracy",
        labels=("sine encoding", "raw input"),
    ),
)
