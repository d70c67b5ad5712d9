"""A function of Ray Tune's that takes no time, in a file of its own as a user's would be."""

from typing import Any

from ray import tune


def reporting(config: dict[str, Any]) -> None:
    for n in range(config["rounds"]):
        tune.report({"val_loss": 1 / (n + 1 + config["cell"])})
