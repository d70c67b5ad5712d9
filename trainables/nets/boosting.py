"""The XGBoost trainable: boosted trees on the pixels, one report per round."""

import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from trainables.pictures.images import Images, load_images
from trainables.settings import as_settings
from trainables.vision_config import EMBEDDED, BoostingConfig
from trainables.vision_data import Pixels, binary_metrics, binary_predictions

RESIZE, CROP = 224, 64  # pixels: the exercise's protocol for folders


def train_xgboost(
    config: BoostingConfig | Mapping[str, Any], state: Mapping[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Grows the trees one by one; yields one dict per boosting round, from eval 1.

    Settings beyond `BoostingConfig` are XGBoost's defaults: the model after the last round is
    XGBClassifier's. Each round adds its tree to the logits of the rounds before; nothing is
    trained or predicted anew.

    Args:
        config: settings as in `BoostingConfig`; missing ones take their defaults.
        state: what an earlier dict's `state()` returned: growing goes on after that round.

    Yields:
        eval and round, counted from 1; train_*, val_*, test_* loss (nats) and acc of the trees so
        far; n_steps, the rounds; time_s; times; `state` and `predictions`, callables. With
        early_stopping the last dict is that many rounds after the lowest val_loss: it saves
        rounds, and the model is that of the last one, in metrics as in predictions. A state of
        such an end gives that dict once more.

    Raises:
        ValueError: a setting is out of its range, or data cannot be used.

    Randomness: none; every seed gives the same model.
    """
    start = time.perf_counter()
    config = as_settings(BoostingConfig, config)
    import xgboost  # noqa: F401  # timed here

    imported = time.perf_counter()
    booster = _Booster(config)
    if state is not None:
        booster.load_state(state)
    times = {"import": imported - start, "data": time.perf_counter() - imported}
    for metrics in booster.rounds():
        metrics["times"] = times | metrics["times"]
        metrics["time_s"] = time.perf_counter() - start
        yield metrics
        start, times = time.perf_counter(), {}


def predict_xgboost(state: Mapping[str, Any], pixels: Pixels) -> npt.NDArray[np.float64]:
    """Returns the probability (n,) that each image is real; see `trainables.vision.predict`."""
    from xgboost import Booster, DMatrix

    booster = Booster()
    booster.load_model(bytearray(state["trees"].numpy().tobytes()))
    logits = booster.predict(DMatrix(pixels.reshape(len(pixels), -1)), output_margin=True)
    probability: npt.NDArray[np.float64] = torch.from_numpy(logits).double().sigmoid().numpy()
    return probability


def boosting_images(config: BoostingConfig) -> Images:
    """Returns the images that the trees see: of a folder Resize(224) + CenterCrop(64)."""
    if config.data == EMBEDDED:
        return load_images(config.data, skip_corrupt=config.skip_corrupt)
    return load_images(config.data, size=RESIZE, crop=CROP, skip_corrupt=config.skip_corrupt)


class _Booster:
    """The trees so far, and each split's logits, to which every round adds."""

    def __init__(self, config: BoostingConfig) -> None:
        from xgboost import Booster, QuantileDMatrix

        self.config = config
        self.images = boosting_images(config)
        self.labels = {k: torch.tensor(part.label) for k, part in self.images.parts().items()}
        rows = {k: p.pixels.reshape(len(p), -1) for k, p in self.images.parts().items()}
        self.data = {"train": QuantileDMatrix(rows["train"], label=self.images.train.label)}
        for name in ("val", "test"):
            label = self.images.parts()[name].label
            self.data[name] = QuantileDMatrix(rows[name], label=label, ref=self.data["train"])
        self.parameters = {
            "objective": "binary:logistic",
            "max_depth": config.max_depth,
            "eta": config.eta,
            "nthread": torch.get_num_threads(),
        }
        self.booster = Booster(self.parameters, cache=list(self.data.values()))
        self.round, self.best_round, self.best_loss = 0, 0, math.inf

    def rounds(self) -> Iterator[dict[str, Any]]:
        """Grows the trees that are left; of a model that has stopped, its last dict again."""
        if self.stops():
            yield self.measured(train_s=0.0)
        while self.round < self.config.rounds and not self.stops():
            start = time.perf_counter()
            self.booster.update(self.data["train"], self.round)
            self.round += 1
            yield self.measured(train_s=time.perf_counter() - start)

    def measured(self, train_s: float) -> dict[str, Any]:
        """What is yielded of the trees so far, the last of them grown in train_s seconds."""
        start = time.perf_counter()
        metrics: dict[str, float] = {}
        for name, data in self.data.items():  # XGBoost keeps the sums: only the tree is new
            logits = torch.from_numpy(self.booster.predict(data, output_margin=True))
            metrics |= binary_metrics(name, logits, self.labels[name])
        if metrics["val_loss"] < self.best_loss:
            self.best_round, self.best_loss = self.round, metrics["val_loss"]
        probability = logits.double().sigmoid().numpy()  # of test, the last of them
        return {
            "eval": self.round,
            "round": self.round,
            **metrics,
            "n_steps": self.round,
            "times": {"train": train_s, "evaluate": time.perf_counter() - start},
            "state": self.state,
            "predictions": lambda: binary_predictions(probability, self.images),
        }

    def stops(self) -> bool:
        """Whether val_loss has not fallen for as many rounds as the config allows."""
        patience = self.config.early_stopping
        return patience is not None and self.round - self.best_round >= patience

    def state(self) -> dict[str, Any]:
        return {
            "round": self.round,
            "best_round": self.best_round,
            "best_loss": self.best_loss,
            "trees": torch.frombuffer(self.booster.save_raw("ubj"), dtype=torch.uint8).clone(),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        self.booster.load_model(bytearray(state["trees"].numpy().tobytes()))
        self.booster.set_param(self.parameters)
        self.round, self.best_round = state["round"], state["best_round"]
        self.best_loss = state["best_loss"]
