"""The studies of the net itself: architecture, gradients of a deep net, encoding."""

from typing import Any

from search_spaces.mlp_study import ACCURACIES, LOSSES, mlp_study

ARCHITECTURES = (  # depth, width, epochs, as published
    (1, 16, 30),
    (2, 16, 40),
    (6, 16, 50),
    (10, 16, 150),
    (6, 8, 100),
    (6, 32, 200),
    (6, 64, 200),
)
_MAPS = {  # what maps are drawn of
    "map-planes": "analysis.figures.map_data:plane_table",
    "map-points": "analysis.figures.map_data:point_table",
}

ARCHITECTURE = mlp_study(
    "architecture",
    "Which depth and width are best, and which worst?",
    points=[{"depth": d, "width": w, "epochs": e} for d, w, e in ARCHITECTURES],
    fixed={"batch_norm": True},
    artifacts=_MAPS,
    figures=(
        {
            "kind": "panels",
            "name": "architecture-loss",
            "title": "Loss of every architecture",
            "metrics": list(LOSSES),
            "by": ["depth", "width"],
        },
        {
            "kind": "panels",
            "name": "architecture-accuracy",
            "title": "Accuracy of every architecture",
            "metrics": list(ACCURACIES),
            "by": ["depth", "width"],
        },
        {
            "kind": "against",
            "name": "architecture-depth",
            "title": "Accuracy against depth, at width 16",
            "x": "depth",
            "metrics": list(ACCURACIES),
            "where": {"width": 16},
        },
        {
            "kind": "against",
            "name": "architecture-width",
            "title": "Accuracy against width, at depth 6",
            "x": "width",
            "metrics": list(ACCURACIES),
            "where": {"depth": 6},
            "log_x": True,
        },
        {
            "kind": "extremes",
            "name": "architecture-extremes",
            "title": "The best and the worst architecture",
            "metrics": list(LOSSES),
            "select": "val_acc",
        },
        {
            "kind": "analysis.figures.map_kinds:draw_map",
            "name": "architecture-maps",
            "title": "What the best and the worst architecture predict",
            "by": ["depth", "width"],
            "select": "val_acc",
        },
        {
            "kind": "analysis.figures.map_kinds:draw_error_map",
            "name": "architecture-errors",
            "title": "Where the best and the worst architecture are wrong",
            "by": ["depth", "width"],
            "select": "val_acc",
        },
        {
            "kind": "table",
            "name": "architecture-table",
            "title": "Architectures at the end",
            "metrics": [*ACCURACIES, *LOSSES],
            "by": ["depth", "width"],
            "at": ["last"],
        },
    ),
)

VARIANTS: tuple[
    tuple[str, dict[str, Any]], ...
] = (  # of the 100-layer net: a name, and the settings that make it
    ("plain", {}),
    ("batch norm", {"batch_norm": True}),
    (
        "batch norm, He init with twice the sd",  # as published
        {"batch_norm": True, "init": "he2"},
    ),
    ("residual", {"residual": True}),
    ("residual, batch norm", {"residual": True, "batch_norm": True}),
    ("orthogonal, clipped", {"init": "orthogonal", "clip_norm": 1.0}),
)
_PLAIN = {"batch_norm": False, "init": "default", "residual": False, "clip_norm": 0.0}
_ARMS = [{"label": name, "where": {**_PLAIN, **settings}} for name, settings in VARIANTS]

DEEP_GRADIENTS = mlp_study(
    "deep-gradients",
    "Do gradients vanish or explode in a net of 100 layers, and what helps?",
    points=[{**_PLAIN, **settings} for _, settings in VARIANTS],
    fixed={"depth": 100, "width": 4, "epochs": 10, "track_gradients": True},
    figures=(
        {
            "kind": "analysis.figures.gradients:draw_gradient_layers",
            "name": "deep-gradients-layers",
            "title": "Gradient magnitude against the layer, at the first and the last epoch",
            "arms": _ARMS,
            "at": ["first", "last"],
        },
        {
            "kind": "analysis.figures.gradients:draw_gradient_steps",
            "name": "deep-gradients-epochs",
            "title": "Gradient magnitude over the epochs, by layer",
            "arms": _ARMS,
            "layers": [0, 30, 60, 90, 95, 99],
        },
        {
            "kind": "curves",
            "name": "deep-gradients-accuracy",
            "title": "Validation accuracy of each variant",
            "metrics": ["val_acc"],
            "by": ["batch_norm", "init", "residual", "clip_norm"],
            "arms": _ARMS,
        },
        {
            "kind": "table",
            "name": "deep-gradients-table",
            "title": "The variants at the end",
            "metrics": [*ACCURACIES, *LOSSES],
            "by": ["batch_norm", "init", "residual", "clip_norm"],
            "at": ["last"],
        },
    ),
)

IMPLICIT = mlp_study(
    "implicit",
    "Does a sine encoding of the coordinates represent the borders better?",
    grid={"encoding": ("raw", "sines")},
    fixed={"batch_norm": True, "epochs": 50},
    artifacts=_MAPS,
    figures=(
        {
            "kind": "curves",
            "name": "implicit-curves",
            "title": "Sine encoding against raw coordinates",
            "metrics": ["val_loss", "val_acc"],
            "by": ["encoding"],
        },
        {
            "kind": "analysis.figures.map_kinds:draw_map",
            "name": "implicit-maps",
            "title": "What each encoding predicts",
            "by": ["encoding"],
        },
        {
            "kind": "analysis.figures.map_kinds:draw_error_map",
            "name": "implicit-errors",
            "title": "Where each encoding is wrong",
            "by": ["encoding"],
        },
        {
            "kind": "class_accuracy",
            "name": "implicit-countries",
            "title": "Test accuracy of each country",
            "by": ["encoding"],
        },
        {
            "kind": "table",
            "name": "implicit-table",
            "title": "Encodings at the end",
            "metrics": [*ACCURACIES, *LOSSES],
            "by": ["encoding"],
            "at": ["last"],
        },
    ),
)
