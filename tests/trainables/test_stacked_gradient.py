"""The gradient that is computed layer by layer is the one that autograd finds."""

from typing import Any

import pytest
import torch
from torch import nn

from trainables.mlp_config import MLPConfig
from trainables.stacked.gradient import cross_entropy, loss_and_gradient
from trainables.stacked.mlp import StackedMLP, build_network

SEEDS = [3, 4, 5]
VARIANTS: list[dict[str, Any]] = [
    {"depth": 1},
    {"depth": 4, "batch_norm": True},
    {"depth": 4, "residual": True},
    {"depth": 3, "width": 2, "residual": True, "batch_norm": True},  # as wide as the inputs
]


@pytest.mark.parametrize("n_rows", [2, 17, 64])
@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_the_gradient_of_each_model_is_autograds(settings: dict[str, Any], n_rows: int) -> None:
    config = MLPConfig(width=settings.pop("width", 6), dtype="float64", **settings)
    stack = StackedMLP(config, 2, 5, SEEDS)
    generator = torch.Generator().manual_seed(n_rows)
    x = torch.randn(3, 2, n_rows, generator=generator, dtype=torch.float64)
    y = torch.randint(5, (3, n_rows), generator=generator)
    loss, hits = loss_and_gradient(stack, x, y)
    for k, seed in enumerate(SEEDS):
        network = build_network(config, 2, 5, seed).double()
        logits = network(x[k].T)
        expected = nn.functional.cross_entropy(logits, y[k])
        expected.backward()
        assert loss[k].item() == pytest.approx(expected.item(), rel=1e-12)
        assert hits[k].item() == (logits.argmax(1) == y[k]).sum()
        ours = [g for layer in stack.gradients for g in (*layer[:2], *(layer[2] or ()))]
        for mine, theirs in zip(ours, network.parameters(), strict=True):
            assert theirs.grad is not None
            own = mine.view(3, *theirs.shape)[k]
            assert torch.allclose(own, theirs.grad, rtol=1e-9, atol=1e-12)
        norms = [m for m in network if isinstance(m, nn.BatchNorm1d)]
        for i, norm in enumerate(norms):  # moved once, as the module's own
            assert norm.running_mean is not None
            mine = stack.running[0, i].view(3, -1)[k]
            assert torch.allclose(mine, norm.running_mean, rtol=1e-12)


def test_cross_entropy_equals_torchs() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 7, 50, generator=generator, dtype=torch.float64).mul_(20)
    labels = torch.randint(7, (3, 50), generator=generator)
    losses, hits, exps, total = cross_entropy(logits.clone(), labels)
    expected = nn.functional.cross_entropy(logits, labels, reduction="none")
    assert torch.allclose(losses, expected, rtol=1e-12)
    assert torch.equal(hits, logits.argmax(1) == labels) and 0 < hits.sum() < hits.numel()
    assert torch.allclose(exps / total, logits.softmax(1), rtol=1e-12)


def test_a_class_far_from_any_chance_leaves_no_subnormal_numbers() -> None:
    logits = torch.tensor([0.0, -70.0, -95.0, -110.0, -1e4]).view(1, 5, 1)
    far = torch.tensor([[3]])
    assert (logits.softmax(1) < torch.finfo(torch.float32).tiny).sum() == 3  # torch's own has
    losses, hits, exps, total = cross_entropy(logits.clone(), far)
    assert losses.item() == nn.functional.cross_entropy(logits, far).item() == 110.0
    assert not hits and total.item() == 1.0
    assert (exps / 256 >= torch.finfo(torch.float32).tiny).all()
    for bad in (torch.nan, torch.inf):  # what has diverged is not mended
        logits[0, 1] = bad
        assert not cross_entropy(logits.clone(), far)[0].isfinite().any()
