"""The probe trainable: scikit-learn's logistic regression on a frozen ResNet-18's features."""

import time
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from trainables.nets.body_weights import body_weights
from trainables.nets.device import check_gpu
from trainables.nets.features import body_features, features_of
from trainables.settings import as_settings
from trainables.vision_config import ProbeConfig
from trainables.vision_data import Pixels, binary_metrics, binary_predictions, square_images


def train_probe(config: ProbeConfig | Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Fits the regression; yields one dict, eval 1.

    LogisticRegression is left at its defaults but for max_iter, on the features as they are.
    With max_iter 1 its solver is stopped where it has hardly begun, as in the published run.

    Yields:
        eval 1 and epoch 1.0; train_*, val_* and test_* loss (nats) and acc of the fitted model;
        n_steps, the solver's iterations; time_s; times; `state`, the coefficients, and
        `predictions`, callables.

    Raises:
        ValueError: a setting is out of its range, data or weights cannot be used.
        OSError: ImageNet weights are not to be had.

    Randomness: none; every seed gives the same model.
    """
    start = time.perf_counter()
    config = as_settings(ProbeConfig, config)
    import torchvision  # noqa: F401  # timed here
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    imported = time.perf_counter()
    check_gpu(config.device)
    images = square_images(config.data, config.size, config.skip_corrupt)
    body = body_weights(config.weights or "imagenet", config.data, config.skip_corrupt)
    features = body_features(images, body, config.device)
    ready = time.perf_counter()
    model = LogisticRegression(max_iter=config.max_iter)
    with warnings.catch_warnings():  # n_steps says it: max_iter is a setting here
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(features["train"], images.train.label)
    fitted = time.perf_counter()
    metrics: dict[str, float] = {}
    for name, part in images.parts().items():
        logits = torch.from_numpy(model.decision_function(features[name]))
        metrics |= binary_metrics(name, logits, torch.from_numpy(part.label.copy()))
    probability = model.predict_proba(features["test"])[:, 1]
    end = time.perf_counter()
    yield {
        "eval": 1,
        "epoch": 1.0,
        **metrics,
        "n_steps": int(model.n_iter_[0]),
        "time_s": end - start,
        "times": {
            "import": imported - start,
            "data": ready - imported,
            "train": fitted - ready,
            "evaluate": end - fitted,
        },
        "state": lambda: {
            "coefficients": torch.from_numpy(model.coef_[0].copy()),
            "intercept": float(model.intercept_[0]),
        },
        "predictions": lambda: binary_predictions(probability, images),
    }


def predict_probe(
    config: ProbeConfig, state: Mapping[str, Any], pixels: Pixels
) -> npt.NDArray[np.float64]:
    """Returns the probability (n,) that each image is real; see `trainables.vision.predict`."""
    body = body_weights(config.weights or "imagenet", config.data, config.skip_corrupt)
    features = torch.from_numpy(features_of(pixels, body)).double()
    logits = features @ state["coefficients"].double() + state["intercept"]
    probability: npt.NDArray[np.float64] = logits.sigmoid().numpy()
    return probability
