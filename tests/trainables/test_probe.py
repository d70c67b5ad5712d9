"""train_probe: scikit-learn's own numbers, and features that are computed once."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from trainables.nets import features
from trainables.nets.features import body_features, compute_features
from trainables.nets.probe import train_probe
from trainables.nets.resnet import train_resnet18
from trainables.nets.resnet_body import build_resnet18
from trainables.nets.weights import load_file
from trainables.vision_data import as_input, square_images


@pytest.fixture
def settings(pictures: Path, weight_file: Path) -> dict[str, Any]:
    return {"data": str(pictures), "size": 16, "weights": str(weight_file)}


def test_the_probe_is_scikit_learns_logistic_regression(settings: dict[str, Any]) -> None:
    (step,) = train_probe(settings)
    images = square_images(settings["data"], 16, False)
    x = compute_features(images, load_file(settings["weights"]))
    model = LogisticRegression(max_iter=10_000).fit(x["train"], images.train.label)
    assert step["eval"] == 1 and step["n_steps"] == model.n_iter_[0] > 1
    for name, part in images.parts().items():
        assert step[f"{name}_acc"] == model.score(x[name], part.label)
        expected = log_loss(part.label, model.predict_proba(x[name]))
        assert step[f"{name}_loss"] == pytest.approx(expected, rel=1e-4)
    predictions = step["predictions"]()
    np.testing.assert_equal(predictions["predicted"], model.predict(x["test"]))
    shown = model.predict_proba(x["test"]).max(1)
    np.testing.assert_allclose(predictions["probability"], shown, rtol=1e-5)


def test_it_can_be_stopped_after_one_iteration_as_published(settings: dict[str, Any]) -> None:
    (stopped,), (converged,) = train_probe(settings | {"max_iter": 1}), train_probe(settings)
    assert stopped["n_steps"] == 1
    assert stopped["train_loss"] > converged["train_loss"]


def test_features_are_the_body_in_eval_mode(settings: dict[str, Any]) -> None:
    images, body = square_images(settings["data"], 16, False), load_file(settings["weights"])
    net = build_resnet18(0, body=body).eval()
    seen = []
    net.get_submodule("avgpool").register_forward_hook(lambda _m, _i, out: seen.append(out))
    with torch.no_grad():
        net(as_input(np.array(images.test.pixels), "cpu"))
    found = compute_features(images, body)
    assert {name: array.shape for name, array in found.items()} == {
        "train": (50, 512),
        "val": (12, 512),
        "test": (12, 512),
    }
    np.testing.assert_allclose(found["test"], seen[0].flatten(1).numpy(), atol=1e-5)


def test_features_are_computed_once_for_all_trials(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEPBOOK_CACHE", str(tmp_path))
    calls = []

    def counted(*args: Any) -> Any:
        calls.append(args)
        return compute_features(*args)

    monkeypatch.setattr(features, "compute_features", counted)
    list(train_probe(settings))
    list(train_probe(settings | {"max_iter": 1}))
    for lr in (0.1, 0.01):
        list(train_resnet18(settings | {"mode": "probe", "lr": lr, "evals_per_epoch": 1}))
    assert len(calls) == 1
    images, body = square_images(settings["data"], 16, False), load_file(settings["weights"])
    found = body_features(images, body)
    assert all(isinstance(array, np.memmap) for array in found.values()) and len(calls) == 1
    body_features(images, body | {"conv1.weight": body["conv1.weight"] + 1})
    body_features(square_images(settings["data"], 17, False), body)
    assert len(calls) == 3  # other weights and other pixels are another matter
