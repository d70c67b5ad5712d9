"""What the models of a stack are worth: their losses, accuracies and predictions on a split."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from trainables.batches import batches
from trainables.mlp_data import StackedSplit
from trainables.stacked.configs import ConfigStack, for_all
from trainables.stacked.gradient import cross_entropy
from trainables.stacked.mlp import StackedMLP

EVAL_ROWS = 512  # rows per evaluation step: the logits of a stack stay in the cache


def evaluate(
    stack: ConfigStack, split: StackedSplit, name: str, clean: Tensor | None = None
) -> dict[str, list[float]]:
    """Returns loss and accuracy of each model on a split, in eval mode, as NAME_loss, NAME_acc.

    Args:
        clean: True where a row counts for NAME_acc_clean (R, n); None: there is no such value.
    """
    device = split.y.device
    loss = torch.zeros(stack.n_models, dtype=torch.float64, device=device)
    correct = torch.empty(stack.n_models, len(split), dtype=torch.bool, device=device)
    for logits, rows in _logits(stack, split):
        labels = for_all(split.y[:, rows], stack.n_models)
        losses, correct[:, rows], *_ = cross_entropy(logits, labels)
        loss += losses.sum(1)
    loss /= len(split)
    values = finite(name, loss, correct.double().mean(1))
    if clean is not None:
        counted = for_all(clean, stack.n_models)
        share = (correct & counted).sum(1).double() / counted.sum(1)
        values[f"{name}_acc_clean"] = finite(name, loss, share)[f"{name}_acc"]
    return values


def finite(name: str, loss: Tensor, acc: Tensor) -> dict[str, list[float]]:
    """Returns loss and accuracy as lists.

    A model whose loss is not finite has no accuracy: argmax over NaN is no answer.
    """
    acc = torch.where(loss.isfinite(), acc, torch.nan)
    return {f"{name}_loss": loss.tolist(), f"{name}_acc": acc.tolist()}


def predictions(stack: ConfigStack, split: StackedSplit) -> tuple[np.ndarray, np.ndarray]:
    """Returns the label that each model predicts for each row, and its probability, (K, n)."""
    logits = torch.cat([part for part, _ in _logits(stack, split)], dim=2)
    probability, predicted = logits.softmax(1).max(1)
    return predicted.cpu().numpy(), probability.cpu().numpy()


def labels_of(model: StackedMLP, x: Tensor, replicate: int) -> np.ndarray:
    """Returns the labels (n,) that one model predicts for inputs x (K, n_inputs, n)."""
    found = [
        model.forward(x[:, :, rows])[replicate].argmax(0)
        for rows in batches(x.shape[2], EVAL_ROWS, batch_norm=False)
    ]
    return torch.cat(found).numpy()


def _logits(stack: ConfigStack, split: StackedSplit) -> Iterator[tuple[Tensor, slice]]:
    for rows in batches(len(split), EVAL_ROWS, batch_norm=False):
        yield stack.forward(split.x[:, :, rows]), rows
