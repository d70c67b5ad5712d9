"""Images and labels as the networks take them: normalised, channels last, in shuffled batches."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from trainables.pictures.images import Images, load_images
from trainables.seeds import ReplicateSeeds

# Of ResNet18_Weights.IMAGENET1K_V1.transforms(): of each channel, pixels scaled to 0..1.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
SHIFT = 8  # augmentation "crop" shifts an image by up to an eighth of its side

Pixels = npt.NDArray[np.uint8]


def square_images(data: str, size: int | None, skip_corrupt: bool) -> Images:
    """Returns images of size x size pixels; those of the embedded set as they are (size None)."""
    return load_images(data, size=size, crop=size, skip_corrupt=skip_corrupt)


def as_input(pixels: Pixels, device: str) -> Tensor:
    """Returns float32 (n, 3, H, W), normalised, of pixels (n, H, W, 3); channels last in memory.

    Pixels lie channels last already, so nothing is transposed.
    """
    x = torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2).float()
    mean, std = (torch.tensor(c, device=device).view(1, 3, 1, 1) for c in (MEAN, STD))
    return x.mul_(1 / (255 * std)).sub_(mean / std)


def augmented(pixels: Pixels, augment: str, seeds: Sequence[int]) -> Pixels:
    """Returns a batch changed at random: "flip" mirrors half of it, "crop" shifts each image.

    Args:
        pixels: uint8 (n, H, W, 3), left as it is.
        augment: "none", "flip", "crop" or "flip+crop".
        seeds: what the random numbers come from, and nothing else.

    A shift is by -H/8 .. H/8 pixels each way; the border is filled by reflection.
    """
    if augment == "none":
        return pixels
    random = np.random.default_rng(seeds)
    mirrored = random.random(len(pixels)) < 0.5  # drawn always: flips do not depend on crops
    result = pixels.copy()
    if "flip" in augment:
        result[mirrored] = result[mirrored, :, ::-1]
    if "crop" in augment:
        height, width = pixels.shape[1:3]
        edges = (max(height // SHIFT, 1), max(width // SHIFT, 1))
        padded = np.pad(result, ((0, 0), (edges[0],) * 2, (edges[1],) * 2, (0, 0)), "reflect")
        tops, lefts = (random.integers(0, 2 * edge + 1, len(pixels)) for edge in edges)
        for i, (top, left) in enumerate(zip(tops, lefts, strict=True)):
            result[i] = padded[i, top : top + height, left : left + width]
    return result


class PixelInputs:
    """What a network on images reads: `rows` of a split as inputs (n, 3, H, W)."""

    def __init__(self, images: Images, augment: str, seeds: ReplicateSeeds, device: str) -> None:
        self.pixels = {name: part.pixels for name, part in images.parts().items()}
        self.augment, self.seed, self.device = augment, seeds.shuffle, device

    def plain(self, split: str, rows: slice) -> Tensor:
        """The inputs as they are."""
        return as_input(np.array(self.pixels[split][rows]), self.device)

    def drawn(self, rows: npt.NDArray[np.int64], step: int) -> Tensor:
        """Training inputs of an optimizer step (0, 1, ...), augmented."""
        return as_input(
            augmented(self.pixels["train"][rows], self.augment, [self.seed, step]), self.device
        )


class FeatureInputs:
    """What a last layer on a frozen body reads: `rows` of a split as features (n, 512)."""

    def __init__(self, features: dict[str, npt.NDArray[np.float32]], device: str) -> None:
        self.features = {k: torch.from_numpy(np.array(v)).to(device) for k, v in features.items()}

    def plain(self, split: str, rows: slice) -> Tensor:
        return self.features[split][rows]

    def drawn(self, rows: npt.NDArray[np.int64], step: int) -> Tensor:
        return self.features["train"][torch.from_numpy(rows)]


def images_sha256(images: Images) -> str:
    """Returns the hash of all pixels, split by split; labels and names do not count."""
    digest = hashlib.sha256()
    for name, part in images.parts().items():
        digest.update(f"{name} {part.pixels.shape}\n".encode())
        digest.update(np.ascontiguousarray(part.pixels).data)
    return digest.hexdigest()


def binary_metrics(name: str, logits: Tensor, labels: Tensor) -> dict[str, float]:
    """Returns NAME_loss, the mean binary cross entropy in nats, and NAME_acc, 0..1.

    A logit above 0 says real (1). Where the loss is not finite the accuracy is NaN.
    """
    logits = logits.double()
    loss = float(F.binary_cross_entropy_with_logits(logits, labels.double()))
    acc = float(((logits > 0) == (labels > 0)).double().mean())
    return {f"{name}_loss": loss, f"{name}_acc": acc if np.isfinite(loss) else float("nan")}


def binary_predictions(
    probability: npt.NDArray[np.floating], images: Images
) -> dict[str, npt.NDArray[np.generic] | str]:
    """Returns arrays (n_test,) for the record, from each test image's probability of real."""
    predicted = (probability > 0.5).astype(np.int64)
    return {
        "split": "test",
        "row_id": images.test.row_id,
        "label": images.test.label,
        "predicted": predicted,
        "probability": np.where(predicted == 1, probability, 1 - probability),
    }
