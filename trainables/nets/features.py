"""Features of a frozen ResNet-18: once per machine, images and weights; then mapped by all."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from trainables.batches import batches
from trainables.cache import cached_arrays
from trainables.nets.resnet_body import build_resnet18
from trainables.nets.state_dicts import State
from trainables.nets.weights import state_sha256
from trainables.pictures.images import Images
from trainables.vision_data import Pixels, as_input, images_sha256

FEATURE_ROWS = 32  # images per pass: a batch's activations stay in memory that is at hand
_LAYOUT = 2  # counted up where the arrays would change


def body_features(
    images: Images, body: State, device: str = "cpu"
) -> dict[str, npt.NDArray[np.float32]]:
    """Returns float32 (n, 512) per split: the body in eval mode, averaged over each image.

    The first caller on a machine computes them (others wait) and keeps them in the cache folder,
    by the hash of pixels and weights, torch's version and the number of threads, by which sums
    are rounded; later ones map the file.
    """
    kind = torch.device(device).type
    made_by = f"{kind}-{torch.__version__}-{torch.get_num_threads()}"
    key = f"{images_sha256(images)[:16]}-{state_sha256(body)[:16]}-{made_by}"

    def make(to: Path) -> None:
        for name, array in compute_features(images, body, device).items():
            np.save(to / f"{name}.npy", array)

    return cached_arrays(f"features/{_LAYOUT}-{key}", make)


def compute_features(
    images: Images, body: State, device: str = "cpu"
) -> dict[str, npt.NDArray[np.float32]]:
    """As `body_features`, without the cache."""
    net = _body(body, device)
    return {name: _through(net, part.pixels, device) for name, part in images.parts().items()}


def features_of(pixels: Pixels, body: State) -> npt.NDArray[np.float32]:
    """Returns the features (n, 512) of other images (n, H, W, 3)."""
    return _through(_body(body, "cpu"), pixels, "cpu")


def _body(body: State, device: str) -> nn.Module:
    net = build_resnet18(0, body=body)
    net.fc = nn.Identity()
    return net.eval().to(device)


def _through(net: nn.Module, pixels: Pixels, device: str) -> npt.NDArray[np.float32]:
    with torch.inference_mode():
        rows = batches(len(pixels), FEATURE_ROWS, batch_norm=False)
        passes = [net(as_input(np.array(pixels[r]), device)).cpu() for r in rows]
        features: npt.NDArray[np.float32] = torch.cat(passes).numpy()
    return features
