"""Claims of the MLP studies about the nets: depth and width, 100 layers, the input's encoding."""

from typing import Any

from search_spaces.mlp_training_claims import ACC, ACC_REASON, DIGIT, DIGIT_REASON
from sweepbook import Claim


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
    return _nets(shape, *(other for other in shapes if other != shape))


def _accuracy(name: str, statement: str, kind: Any, metric: str, **rest: Any) -> Claim:
    return Claim(
        name=name,
        statement=statement,
        kind=kind,
        metric=metric,
        smallest=ACC if kind == "direction" else DIGIT,
        reason=ACC_REASON if kind == "direction" else DIGIT_REASON,
        **rest,
    )


ARCHITECTURE_CLAIMS = (
    _accuracy(
        "best-net",
        "best by validation accuracy: 6x64",
        "winner",
        "val_acc",
        **_first((6, 64), _SHAPES),
    ),
    _accuracy(
        "worst-net",
        "worst: 1x16, which underfits",
        "winner",
        "val_acc",
        reading="lowest validation accuracy",
        direction="lower",
        **_first((1, 16), _SHAPES),
    ),
    _accuracy(
        "worst-net-underfits",
        "worst: 1x16, which underfits",
        "winner",
        "train_acc",
        reading="it underfits: lowest training accuracy",
        direction="lower",
        **_first((1, 16), _SHAPES),
    ),
    Claim(
        name="train-below-validation",
        statement="training accuracy is below validation accuracy",
        kind="direction",
        metric="train_acc",
        against_metric="val_acc",
        direction="lower",
        smallest=ACC,
        reason=ACC_REASON,
        **_nets(*_SHAPES),
    ),
    _accuracy(
        "depth-training",
        _DEPTHS,
        "ranking",
        "train_acc",
        reading="training accuracy",
        **_nets(*_BY_DEPTH),
    ),
    _accuracy(
        "depth-validation",
        _DEPTHS,
        "winner",
        "val_acc",
        reading="validation best at depth 6",
        **_first((6, 16), _BY_DEPTH),
    ),
    _accuracy(
        "depth-test",
        _DEPTHS,
        "winner",
        "test_acc",
        reading="test best at depth 6",
        fidelity="last",
        over="rows",
        **_first((6, 16), _BY_DEPTH),
    ),
    _accuracy(
        "width-training",
        "more neurons: better training accuracy",
        "ranking",
        "train_acc",
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
        statement="the net does not learn",
        kind="mixture",
        metric="val_acc",
        smallest=0.05,
        reason="5 points above the largest class's share is the least that we call learning",
        **_PUBLISHED_DEEP_NET,
    ),
)

IMPLICIT_CLAIMS = (
    _accuracy(
        "sines-higher",
        "the sine encoding reaches a higher validation accuracy",
        "direction",
        "val_acc",
        arms=({"encoding": "sines"}, {"encoding": "raw"}),
        labels=("sine encoding", "raw input"),
    ),
)
